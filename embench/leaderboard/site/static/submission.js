"use strict";
// The tables of all protocols are in the page; this script shows those of the chosen one, draws its plots from the
// submission's data file, and compares with a second submission, whose file it loads when asked to.
(async () => {
  const pathways = JSON.parse(await embench.unpack(embench.value("pathways")));
  const { slug, threshold, names, protocols } = JSON.parse(await embench.unpack(document.getElementById("state").textContent));
  const form = document.getElementById("choices");
  const panels = [...document.querySelectorAll(".panel")];
  const first = Object.fromEntries(panels.map((panel) => [panel.dataset.section, panel.innerHTML]));
  const plots = [...document.querySelectorAll("[data-figure]")];
  const comparison = document.getElementById("plot-comparison");
  const state = { protocol: Object.keys(protocols)[0], other: null, scale: "log" };
  const SMALLEST = 0.01; // eV; smaller errors are drawn here, on logarithmic axes

  const load = async (name) => {
    const path = `submissions/${encodeURIComponent(name)}/${state.protocol}.js`;
    return JSON.parse(await embench.unpack(await embench.load(path, `${name}/${state.protocol}`)));
  };
  const number = (value, sign = "") => {
    const text = Math.abs(value).toFixed(3);
    return `${value < 0 && Number(text) ? "−" : Number(text) ? sign : ""}${text}`;
  };

  // What is shown on pointing at a pathway.
  const about = (errors, i) => {
    const place = errors.places[i];
    const sigma = errors.uncertainty?.[i] ?? null;
    const predicted = errors.prediction[i];
    const lines = [
      `prediction ${number(predicted)}${sigma === null ? "" : ` ± ${number(sigma)}`} eV`,
      `error ${number(predicted - pathways.target[place], "+")} eV`,
    ];
    if (errors.filled.includes(i)) lines.push("no prediction: worst reference");
    return `${pathways.before[place]}<br>${lines.join("<br>")}${pathways.after[place]}`;
  };
  /** Return the pathways with what is predicted for them, as the charts take them. */
  const pointsOf = (errors) => {
    const filled = new Set(errors.filled);
    return errors.places.map((place, i) => ({
      ion: pathways.ion[place],
      structure_class: pathways.structure_class[place],
      target: pathways.target[place],
      prediction: errors.prediction[i],
      sigma: errors.uncertainty?.[i] ?? null,
      filled: filled.has(i),
      text: about(errors, i),
    }));
  };
  const makers = {
    parity: (points) => embenchFigures.parity(points, { threshold, scale: state.scale, markers: pathways.markers }),
    "errors-by-ion": (points) => embenchFigures.errorsBy(points, "ion"),
    "errors-by-class": (points) => embenchFigures.errorsBy(points, "structure_class"),
    calibration: (_points, errors) => (errors.calibration.length ? embenchFigures.calibration(errors.calibration) : null),
    sigma: (points, errors) => (errors.uncertainty ? embenchFigures.errorAndSigma(points) : null),
  };
  const drawErrors = async () => {
    const { protocol, scale } = state;
    const errors = await load(slug);
    if (protocol !== state.protocol || scale !== state.scale) return;
    const points = pointsOf(errors);
    for (const plot of plots) {
      const figure = makers[plot.dataset.figure](points, errors);
      if (figure) embench.draw(plot, figure);
      else embench.clear(plot);
    }
    download(errors);
  };
  // The predictions as a file: the text of the values that the page has, because a page from file:// may not fetch.
  const link = document.getElementById("download");
  const download = (errors) => {
    const filled = new Set(errors.filled);
    const sigma = errors.uncertainty !== null;
    const lines = errors.places.flatMap((place, i) =>
      filled.has(i) ? [] : [[pathways.id[place], errors.prediction[i], ...(sigma ? [errors.uncertainty[i] ?? ""] : [])].join(",")]);
    const text = `${[sigma ? "entry_id,prediction,uncertainty" : "entry_id,prediction", ...lines].join("\n")}\n`;
    URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = `${slug}-${state.protocol}.csv`;
  };

  // The errors of two submissions.
  const axis = (title) => ({
    title: { text: title }, type: "log",
    tickvals: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30], ticktext: ["0.01", "0.03", "0.1", "0.3", "1", "3", "10", "30"],
  });
  // plotly reads a little markup in texts: names must not be taken for it.
  const escaped = (text) => text.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);
  const short = (text) => (text.length > 28 ? `${text.slice(0, 27)}…` : text);
  const size = (errors, i) => Math.abs(errors.prediction[i] - pathways.target[errors.places[i]]);
  const both = (mine, theirs) => {
    const where = new Map(theirs.places.map((place, i) => [place, i]));
    return mine.places
      .map((place, i) => ({ place, i, j: where.get(place) }))
      .filter(({ j }) => j !== undefined)
      .map((point) => ({ ...point, x: size(mine, point.i), y: size(theirs, point.j) }));
  };
  const ionTrace = (ion, points, mine, theirs) => {
    const [color, symbol] = pathways.markers[ion];
    return {
      type: "scatter",
      mode: "markers",
      name: `${ion} (${points.length})`,
      x: points.map((p) => Math.max(SMALLEST, p.x)),
      y: points.map((p) => Math.max(SMALLEST, p.y)),
      hovertext: points.map(
        (p) =>
          `${pathways.before[p.place]}<br>${escaped(names[slug])}: ${number(mine.prediction[p.i])} eV` +
          `<br>${escaped(names[state.other])}: ${number(theirs.prediction[p.j])} eV${pathways.after[p.place]}`,
      ),
      marker: { color, symbol, size: points.length < 100 ? 9 : 7, opacity: 0.8, line: { width: 0.8, color: "--surface" } },
    };
  };
  const comparisonFigure = (mine, theirs) => {
    const points = both(mine, theirs);
    const high = 1.25 * Math.max(1, ...points.map((p) => Math.max(p.x, p.y)));
    const range = [Math.log10(SMALLEST * 0.85), Math.log10(high)];
    const ions = [...new Set(points.map((p) => pathways.ion[p.place]))];
    const members = new Map(ions.map((ion) => [ion, points.filter((p) => pathways.ion[p.place] === ion)]));
    ions.sort((a, b) => members.get(b).length - members.get(a).length);
    const diagonal = { type: "scatter", mode: "lines", x: [SMALLEST * 0.85, high], y: [SMALLEST * 0.85, high], line: { color: "--axis", width: 1.5 }, hoverinfo: "skip", showlegend: false };
    const better = points.filter((p) => p.x < p.y).length;
    const worse = points.filter((p) => p.x > p.y).length;
    const note = (x, y, text, xanchor) => ({ x, y, xref: "x domain", yref: "y domain", xanchor, yanchor: y > 0.5 ? "top" : "bottom", text, showarrow: false, font: { size: 12, color: "--muted" } });
    return {
      data: [diagonal, ...ions.map((ion) => ionTrace(ion, members.get(ion), mine, theirs))],
      layout: {
        xaxis: { ...axis(`|Error| of ${escaped(short(names[slug]))} (eV)`), range },
        yaxis: { ...axis(`|Error| of ${escaped(short(names[state.other]))} (eV)`), range, scaleanchor: "x" },
        annotations: [note(0.02, 0.98, `here smaller: ${better}`, "left"), note(0.98, 0.02, `here larger: ${worse}`, "right")],
      },
    };
  };
  const drawComparison = async () => {
    const { protocol, other } = state;
    const verdict = document.getElementById("verdict");
    const pair = protocols[protocol].find((found) => found.slug === other);
    document.getElementById("comparison").hidden = !pair;
    if (!pair) return;
    verdict.textContent = pair.verdict;
    verdict.classList.toggle("better", pair.outcome === "lower");
    verdict.classList.toggle("worse", pair.outcome === "higher");
    for (const place of document.querySelectorAll(".other-name")) place.textContent = names[other];
    const [mine, theirs] = await Promise.all([load(slug), load(other)]);
    if (protocol === state.protocol && other === state.other) embench.draw(comparison, comparisonFigure(mine, theirs));
  };

  // The choices stand in the address.
  const others = () => protocols[state.protocol].map((pair) => pair.slug);
  const fromAddress = () => {
    const parts = embench.address.read();
    state.protocol = protocols[parts.get("protocol")] ? parts.get("protocol") : Object.keys(protocols)[0];
    state.other = others().includes(parts.get("with")) ? parts.get("with") : (others()[0] ?? null);
  };
  const toAddress = () => {
    const parts = new URLSearchParams({ protocol: state.protocol });
    if (state.other !== null) parts.set("with", state.other);
    embench.address.push(parts);
  };
  // The page holds the tables of its first protocol; those of the others are loaded when asked for.
  const sectionsOf = async (protocol) => {
    if (protocol === Object.keys(protocols)[0]) return first;
    const panels = await embench.load(`submissions/${encodeURIComponent(slug)}/panels.js`, `${slug}/panels`);
    const bySection = Object.entries(JSON.parse(await embench.unpack(panels)));
    return Object.fromEntries(bySection.map(([section, found]) => [section, found[protocol]]));
  };
  let shown = Object.keys(protocols)[0];
  const showPanels = async () => {
    const { protocol } = state;
    if (protocol === shown) return;
    const sections = await sectionsOf(protocol);
    if (protocol !== state.protocol) return;
    for (const panel of panels) {
      panel.innerHTML = sections[panel.dataset.section];
      embench.prepare(panel);
    }
    shown = protocol;
    document.documentElement.dataset.protocol = protocol;
  };
  const show = () => {
    form.protocol.value = state.protocol;
    form.other.replaceChildren(...others().map((other) => new Option(names[other], other)));
    if (state.other !== null) form.other.value = state.other;
    const panelsShown = showPanels();
    for (const each of document.querySelectorAll("#strip a[data-protocol]")) each.toggleAttribute("aria-current", each.dataset.protocol === state.protocol);
    return Promise.all([panelsShown, drawErrors(), drawComparison()]);
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.protocol.addEventListener("change", () => {
    state.protocol = form.protocol.value;
    if (!others().includes(state.other)) state.other = others()[0] ?? null;
    toAddress();
    show();
  });
  form.other.addEventListener("change", () => {
    state.other = form.other.value;
    toAddress();
    drawComparison();
  });
  const scale = document.getElementById("scale");
  scale.addEventListener("change", (event) => {
    state.scale = event.target.value;
    drawErrors();
  });
  embench.address.onChange(() => {
    fromAddress();
    show();
  });
  // A row of the strip changes the protocol without leaving the page.
  document.getElementById("strip").addEventListener("click", (event) => {
    const wanted = event.target.closest("a[data-protocol]");
    if (!wanted || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    state.protocol = wanted.dataset.protocol;
    if (!others().includes(state.other)) state.other = others()[0] ?? null;
    toAddress();
    show();
  });
  // A link to the meaning of a flag leads into a folded list.
  addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#flag-"]');
    if (link) document.getElementById(link.hash.slice(1))?.closest("details")?.setAttribute("open", "");
  });
  fromAddress();
  show().finally(() => {
    document.documentElement.dataset.ready = "true";
  });
})();
