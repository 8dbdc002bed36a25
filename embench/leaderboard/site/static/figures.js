"use strict";
// The charts of a submission's page, as figures for plot.js, from its predictions. Energies are in eV. Nothing here
// touches the page: tests run it without a browser.
window.embenchFigures = (() => {
  const AXIS = { gridcolor: "--grid" };
  const HIGHEST_TICKS = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100];
  const EDGE = 2.5; // errors beyond this many times the 95th percentile are drawn at the edge: a few would flatten the rest
  const FEWEST_FOR_BOX = 5;
  const ROW = 30; // px

  /** Return the ends of both axes of the parity plot: on logarithmic axes they are set by the targets. */
  const parityRange = (points, scale) => {
    const targets = points.map((p) => p.target);
    const all = [...targets, ...points.map((p) => p.prediction)];
    const high = Math.max(...all);
    if (scale === "log") return [0.7 * Math.min(...targets.filter((value) => value > 0)), 1.3 * high];
    const low = Math.min(0, ...all);
    const margin = 0.04 * (high - low);
    return [low - margin, high + margin];
  };
  const barrierAxis = (title, scale, low, high) => {
    if (scale !== "log") return { ...AXIS, title: { text: title }, range: [low, high], zeroline: low < 0 };
    const ticks = HIGHEST_TICKS.filter((value) => value >= low && value <= high);
    return { ...AXIS, title: { text: title }, type: "log", range: [Math.log10(low), Math.log10(high)], tickvals: ticks, ticktext: ticks.map(String) };
  };
  const note = (x, y, text, side) => ({ x, y, xref: "x domain", yref: "y domain", xanchor: side, yanchor: y < 0.5 ? "bottom" : "top", text, font: { color: "--muted" } });
  /** Return the members of each group, the largest group first. */
  const grouped = (points, key) => {
    const found = new Map();
    for (const point of points) found.set(point[key], [...(found.get(point[key]) ?? []), point]);
    return [...found].sort((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1));
  };
  const symbolOf = (symbol, point, low) => (point.prediction < low ? "triangle-down" : point.filled ? `${symbol}-open` : symbol);

  /** Return predictions over targets, one trace for each ion; `markers` are colour and symbol by ion. */
  const parity = (points, { threshold, scale, markers }) => {
    const [low, high] = parityRange(points, scale);
    const diagonal = { type: "scatter", mode: "lines", x: [low, high], y: [low, high], line: { color: "--axis", width: 1.5 }, showlegend: false };
    const traces = grouped(points, "ion").map(([ion, members]) => ({
      type: "scatter",
      mode: "markers",
      name: `${ion} (${members.length})`,
      x: members.map((p) => p.target),
      // Drawn at the lower edge where they are below it; the text tells the true value.
      y: members.map((p) => Math.max(p.prediction, low)),
      hovertext: members.map((p) => p.text),
      marker: { color: markers[ion][0], symbol: members.map((p) => symbolOf(markers[ion][1], p, low)), size: members.length < 100 ? 9 : 7, opacity: 0.85, line: { width: 0.8, color: "--surface" } },
    }));
    const area = (x0, x1, y0, y1, fillcolor) => ({ type: "rect", x0, x1, y0, y1, fillcolor });
    const line = { color: "--axis", width: 1, dash: "dot" };
    const count = (below, predictedBelow) => points.filter((p) => p.target < threshold === below && p.prediction < threshold === predictedBelow).length;
    return {
      data: [diagonal, ...traces],
      layout: {
        xaxis: barrierAxis("Target E<sub>m</sub> from DFT-NEB (eV)", scale, low, high),
        yaxis: { ...barrierAxis("Predicted E<sub>m</sub> (eV)", scale, low, high), scaleanchor: "x" },
        shapes: [
          area(low, threshold, low, threshold, "--right"), area(threshold, high, threshold, high, "--right"),
          area(low, threshold, threshold, high, "--wrong"), area(threshold, high, low, threshold, "--wrong"),
          { type: "line", x0: threshold, x1: threshold, y0: low, y1: high, line }, { type: "line", x0: low, x1: high, y0: threshold, y1: threshold, line },
        ],
        annotations: [note(0.02, 0.02, `rightly low: ${count(true, true)}`, "left"), note(0.02, 0.98, `wrongly high: ${count(true, false)}`, "left"),
          note(0.98, 0.02, `wrongly low: ${count(false, true)}`, "right"), note(0.98, 0.98, `rightly high: ${count(false, false)}`, "right")],
      },
    };
  };

  /** Return the largest absolute error that the plots of errors show in its place. */
  const errorLimit = (points) => {
    const sizes = points.map((p) => Math.abs(p.prediction - p.target)).sort((a, b) => a - b);
    return Math.min(sizes.at(-1), EDGE * sizes[Math.floor(0.95 * (sizes.length - 1))]) || 1;
  };
  /** Return the errors, one row for each value of `key`: every entry as a point, a box over them. */
  const errorsBy = (points, key) => {
    const limit = errorLimit(points);
    const mae = points.reduce((sum, p) => sum + Math.abs(p.prediction - p.target), 0) / points.length;
    const rows = grouped(points, key).reverse();
    return {
      data: rows.map(([value, members]) => ({
        type: "box",
        name: `${value} (${members.length})`,
        x: members.map((p) => Math.max(-limit, Math.min(limit, p.prediction - p.target))),
        hovertext: members.map((p) => p.text),
        marker: { color: "--blue", size: 6, opacity: 0.6 },
        line: { color: "--muted", width: members.length >= FEWEST_FOR_BOX ? 1.2 : 0 },
      })),
      layout: {
        xaxis: { ...AXIS, title: { text: "Error: prediction − target (eV)" }, zeroline: true, range: [-1.06 * limit, 1.06 * limit] },
        yaxis: {},
        height: ROW * rows.length + 70,
        shapes: [{ type: "rect", yref: "paper", x0: -mae, x1: mae, y0: 0, y1: 1, fillcolor: "--right" }],
      },
    };
  };

  /** Return the observed coverage of central intervals over the expected one, given as pairs. */
  const calibration = (pairs) => {
    const share = { ...AXIS, range: [-0.02, 1.02], tickformat: ".0%" };
    return {
      data: [
        { type: "scatter", mode: "lines", x: [0, 1], y: [0, 1], line: { color: "--axis", width: 1.5, dash: "dash" }, showlegend: false },
        { type: "scatter", mode: "lines+markers", x: [0, ...pairs.map(([expected]) => expected)], y: [0, ...pairs.map(([, observed]) => observed)], line: { color: "--blue", width: 2 },
          marker: { color: "--blue", size: 7 }, hovertext: [[0, 0], ...pairs].map(([a, b]) => `expected ${Math.round(100 * a)} %, observed ${Math.round(100 * b)} %`), showlegend: false },
      ],
      layout: {
        xaxis: { ...share, title: { text: "Probability of the central interval" } },
        yaxis: { ...share, title: { text: "Share of targets inside" }, scaleanchor: "x" },
        annotations: [note(0.04, 0.96, "intervals too wide", "left"), note(0.96, 0.04, "intervals too narrow", "right")],
      },
    };
  };
  /** Return |error| over the predicted standard deviation, with the lines of one and two of them. */
  const errorAndSigma = (points) => {
    const known = points.filter((p) => p.sigma !== null);
    const top = 1.05 * Math.max(...known.map((p) => p.sigma));
    const line = (factor, dash, name) => ({ type: "scatter", mode: "lines", x: [0, top], y: [0, factor * top], line: { color: "--axis", width: 1.5, dash }, name });
    return {
      data: [line(1, "dash", "|error| = σ"), line(2, "dot", "|error| = 2σ"), {
        type: "scatter", mode: "markers", x: known.map((p) => p.sigma), y: known.map((p) => Math.abs(p.prediction - p.target)), hovertext: known.map((p) => p.text),
        marker: { color: "--blue", size: 7, opacity: 0.7 }, showlegend: false,
      }],
      layout: { xaxis: { ...AXIS, title: { text: "Predicted σ (eV)" }, rangemode: "tozero" }, yaxis: { ...AXIS, title: { text: "|Error| (eV)" }, rangemode: "tozero" }, height: 400 },
    };
  };
  return { calibration, errorAndSigma, errorLimit, errorsBy, parity, parityRange };
})();
