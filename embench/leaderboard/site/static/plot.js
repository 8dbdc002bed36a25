"use strict";
// Charts as SVG from plain figures: {data: traces, layout}. A trace is a scatter, a bar or a box, an axis linear or
// logarithmic; colours are names of CSS variables, so that a chart follows light and dark colours by itself. That is
// the part of plotly's format that the pages use, in a hundredth of its size.
window.embenchPlot = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== undefined && value !== null) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const html = (tag, properties = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  };
  const colour = (value, otherwise = "--text") => {
    const found = value ?? otherwise;
    return found.startsWith("--") ? `var(${found})` : found;
  };
  const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&#x27;": "'", "&#39;": "'", "&quot;": '"', "&#34;": '"' };
  /** Return a text without its markup; figures are made with <b>, <sub> and <br> in them. */
  const plain = (text) => text.replace(/<[^>]*>/g, "").replace(/&(#x?\d+|\w+);/g, (entity) => ENTITIES[entity] ?? entity);
  const linesOf = (text) => String(text).split("<br>").map(plain);
  /** Return the nodes of a text in which <sub> stands for a subscript. */
  const spans = (text) =>
    text.split(/<sub>(.*?)<\/sub>/).flatMap((part, i) => {
      if (i % 2 === 0) return part ? [make("tspan", i ? { dy: "-0.3em" } : {}, plain(part))] : [];
      return [make("tspan", { dy: "0.3em", "font-size": "0.8em" }, plain(part))];
    });

  // --- Axes ---------------------------------------------------------------------------------------------------------
  const niceStep = (span, most) => {
    const power = 10 ** Math.floor(Math.log10(span / most));
    return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((step) => span / step <= most);
  };
  const numbers = (values) => values.filter((value) => typeof value === "number" && Number.isFinite(value));
  const extent = (traces, key) => {
    const found = traces.flatMap((trace) => {
      const error = trace[`error_${key}`];
      const values = numbers(trace[key] ?? []);
      return error ? values.flatMap((value, i) => [value - error.arrayminus[i], value + error.array[i]]) : values;
    });
    return found.length ? [Math.min(...found), Math.max(...found)] : [0, 1];
  };
  /** Return the ends of an axis, in the values of the data. */
  const rangeOf = (axis, traces, key) => {
    if (axis.range) return axis.type === "log" ? axis.range.map((value) => 10 ** value) : axis.range;
    let [low, high] = extent(traces, key);
    if (key === "x") {
      for (const trace of traces.filter((each) => each.type === "bar")) {
        low = Math.min(low, ...trace.x.map((x, i) => x - trace.width[i] / 2));
        high = Math.max(high, ...trace.x.map((x, i) => x + trace.width[i] / 2));
      }
    }
    if (axis.type === "log") return [low / 1.1, high * 1.1];
    if (axis.rangemode === "tozero" || traces.some((trace) => trace.type === "bar")) low = Math.min(0, low);
    const spare = 0.05 * (high - low || 1);
    return [low === 0 ? 0 : low - spare, high + spare];
  };
  const scaleOf = (axis, traces, key, start, end, most) => {
    const [low, high] = rangeOf(axis, traces, key);
    const log = axis.type === "log";
    const at = log ? (value) => Math.log10(Math.max(value, 1e-12)) : (value) => value;
    const place = (value) => start + ((at(value) - at(low)) / (at(high) - at(low))) * (end - start);
    const step = axis.dtick ?? niceStep(high - low, most);
    const count = (value) => Math.round(value / step);
    const own = Array.from({ length: Math.max(0, count(Math.floor(high / step + 1e-9) * step) - count(Math.ceil(low / step - 1e-9) * step) + 1) },
      (_, i) => (Math.ceil(low / step - 1e-9) + i) * step);
    const values = axis.tickvals ?? own;
    const decimals = Math.max(0, Math.min(6, -Math.floor(Math.log10(step) + 1e-9)));
    const text = (value) => (axis.tickformat === ".0%" ? `${Math.round(100 * value)} %` : value.toFixed(decimals).replace("-", "−"));
    const texts = axis.ticktext ?? values.map(text);
    const ticks = values.map((value, i) => ({ value, text: texts[i] })).filter(({ value }) => value >= low - 1e-9 && value <= high + 1e-9);
    return { low, high, place, ticks };
  };

  // --- Marks --------------------------------------------------------------------------------------------------------
  const SHAPES = {
    "triangle-up": [[0, -1.15], [1.1, 0.85], [-1.1, 0.85]], "triangle-down": [[0, 1.15], [1.1, -0.85], [-1.1, -0.85]],
    diamond: [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]], square: [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]],
    pentagon: [0, 1, 2, 3, 4].map((k) => [Math.sin((2 * Math.PI * k) / 5) * 1.15, -Math.cos((2 * Math.PI * k) / 5) * 1.15]),
    star: Array.from({ length: 10 }, (_, k) => [Math.sin((Math.PI * k) / 5) * (k % 2 ? 0.55 : 1.35), -Math.cos((Math.PI * k) / 5) * (k % 2 ? 0.55 : 1.35)]),
    cross: [[-0.35, -1.1], [0.35, -1.1], [0.35, -0.35], [1.1, -0.35], [1.1, 0.35], [0.35, 0.35], [0.35, 1.1], [-0.35, 1.1], [-0.35, 0.35], [-1.1, 0.35], [-1.1, -0.35], [-0.35, -0.35]],
  };
  const mark = (symbol, x, y, size, style) => {
    const open = symbol.endsWith("-open");
    const shape = SHAPES[symbol.replace("-open", "")];
    const look = open ? { ...style, fill: "none", stroke: style.fill, "stroke-width": 1.6 } : style;
    const half = size / 2;
    if (!shape) return make("circle", { class: "point", cx: x.toFixed(1), cy: y.toFixed(1), r: half, ...look });
    return make("polygon", { class: "point", points: shape.map(([dx, dy]) => `${(x + half * dx).toFixed(1)},${(y + half * dy).toFixed(1)}`).join(" "), ...look });
  };
  const pick = (value, i) => (Array.isArray(value) ? value[i] : value);
  const DASHES = { dash: "6 4", dot: "2 3" };

  const drawScatter = (trace, x, y, hits) => {
    const group = make("g");
    const points = trace.x.map((value, i) => [x.place(value), y.place(trace.y[i])]);
    const line = trace.line ?? {};
    for (const [key, other] of [["error_x", x], ["error_y", y]]) {
      const error = trace[key];
      if (!error) continue;
      points.forEach(([px, py], i) => {
        const value = key === "error_x" ? trace.x[i] : trace.y[i];
        const [from, to] = [other.place(value - error.arrayminus[i]), other.place(value + error.array[i])];
        const ends = key === "error_x" ? { x1: from, x2: to, y1: py, y2: py } : { x1: px, x2: px, y1: from, y2: to };
        group.append(make("line", { ...ends, stroke: colour(error.color), "stroke-width": error.thickness, opacity: 0.6 }));
      });
    }
    if (trace.mode.includes("lines")) {
      const d = points.map(([px, py], i) => `${i ? "L" : "M"}${px.toFixed(1)} ${py.toFixed(1)}`).join("");
      group.append(make("path", { d, fill: "none", style: `stroke: ${colour(line.color)}`, "stroke-width": line.width ?? 2, "stroke-dasharray": DASHES[line.dash] }));
    }
    if (trace.mode.includes("markers")) {
      const { marker } = trace;
      points.forEach(([px, py], i) => {
        const style = { fill: colour(pick(marker.color, i)), "fill-opacity": marker.opacity ?? 1, stroke: marker.line ? colour(marker.line.color) : "none", "stroke-width": marker.line?.width ?? 0 };
        group.append(mark(pick(marker.symbol, i) ?? "circle", px, py, pick(marker.size, i) ?? 8, style));
        if (trace.hovertext) hits.push({ x: px, y: py, text: trace.hovertext[i] });
      });
    }
    return group;
  };
  const drawBars = (trace, x, y, hits) => {
    const group = make("g");
    trace.x.forEach((value, i) => {
      const [left, right] = [x.place(value - trace.width[i] / 2), x.place(value + trace.width[i] / 2)];
      const [top, bottom] = [y.place(trace.y[i]), y.place(0)];
      group.append(make("rect", { class: "point", x: left, y: top, width: Math.max(1, right - left), height: bottom - top, fill: colour(trace.marker.color) }));
      hits.push({ x: (left + right) / 2, y: (top + bottom) / 2, reach: Math.max(24, (bottom - top) / 2), text: trace.hovertext[i] });
    });
    return group;
  };
  const quantile = (sorted, share) => {
    const at = share * (sorted.length - 1);
    const low = Math.floor(at);
    return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
  };
  /** A row of points with a box over them; points of one row are spread so that they can be told apart. */
  const drawBox = (trace, row, x, height, hits) => {
    const group = make("g");
    const spread = 0.3 * height;
    trace.x.forEach((value, i) => {
      const py = row + spread * (((i * 0.618034) % 1) * 2 - 1);
      const px = x.place(value);
      group.append(mark("circle", px, py, trace.marker.size, { fill: colour(trace.marker.color), "fill-opacity": trace.marker.opacity }));
      if (trace.hovertext) hits.push({ x: px, y: py, text: trace.hovertext[i] });
    });
    if (trace.line.width) {
      const sorted = [...trace.x].sort((a, b) => a - b);
      const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => x.place(quantile(sorted, share)));
      const style = { fill: "none", stroke: colour(trace.line.color), "stroke-width": trace.line.width };
      group.append(make("rect", { x: low, y: row - 0.36 * height, width: high - low, height: 0.72 * height, ...style }));
      group.append(make("line", { x1: middle, x2: middle, y1: row - 0.36 * height, y2: row + 0.36 * height, ...style, "stroke-width": 2 }));
    }
    return group;
  };

  // --- The frame ----------------------------------------------------------------------------------------------------
  const textWidth = (text, size) => Math.max(...linesOf(text).map((line) => line.length)) * size * 0.58;
  const frame = (x, y, area, layout, boxes) => {
    const group = make("g");
    for (const { value, text } of x.ticks) {
      const at = x.place(value);
      if (layout.xaxis.showgrid !== false) group.append(make("line", { class: "grid", x1: at, x2: at, y1: area.top, y2: area.bottom }));
      const label = make("text", { class: "tick", x: at, y: area.bottom + 17, "text-anchor": "middle" });
      label.append(...linesOf(text).map((line, i) => make("tspan", { x: at, dy: i ? "1.15em" : 0 }, line)));
      group.append(label);
    }
    if (boxes.length) {
      boxes.forEach((trace, i) => {
        const at = area.bottom - ((i + 0.5) * (area.bottom - area.top)) / boxes.length;
        group.append(make("text", { class: "tick", x: area.left - 8, y: at + 4, "text-anchor": "end" }, plain(trace.name)));
      });
    } else {
      for (const { value, text } of y.ticks) {
        const at = y.place(value);
        if (layout.yaxis.showgrid !== false) group.append(make("line", { class: "grid", x1: area.left, x2: area.right, y1: at, y2: at }));
        group.append(make("text", { class: "tick", x: area.left - 8, y: at + 4, "text-anchor": "end" }, plain(text)));
      }
    }
    if (layout.xaxis.zeroline && x.low < 0 && x.high > 0) group.append(make("line", { class: "axis-line", x1: x.place(0), x2: x.place(0), y1: area.top, y2: area.bottom, "stroke-width": 2 }));
    group.append(make("line", { class: "axis-line", x1: area.left, x2: area.right, y1: area.bottom, y2: area.bottom }), make("line", { class: "axis-line", x1: area.left, x2: area.left, y1: area.top, y2: area.bottom }));
    const middle = { x: (area.left + area.right) / 2, y: (area.top + area.bottom) / 2 };
    const [across, up] = [layout.xaxis.title?.text ?? "", layout.yaxis.title?.text ?? ""];
    if (across) group.append(make("text", { class: "x-title", x: middle.x, y: area.height - 6, "text-anchor": "middle" }, ...spans(across)));
    if (up) group.append(make("text", { class: "y-title", transform: `translate(13 ${middle.y}) rotate(-90)`, "text-anchor": "middle" }, ...spans(up)));
    return group;
  };
  const drawShapes = (shapes, x, y, area) =>
    (shapes ?? []).map((shape) => {
      const [x0, x1] = [shape.x0, shape.x1].map((v) => (shape.xref === "paper" ? area.left + v * (area.right - area.left) : x.place(v)));
      const [y0, y1] = [shape.y0, shape.y1].map((v) => (shape.yref === "paper" ? area.bottom - v * (area.bottom - area.top) : y.place(v)));
      if (shape.type === "line") return make("line", { x1: x0, x2: x1, y1: y0, y2: y1, style: `stroke: ${colour(shape.line.color)}`, "stroke-width": shape.line.width, "stroke-dasharray": DASHES[shape.line.dash] });
      return make("rect", { x: Math.min(x0, x1), y: Math.min(y0, y1), width: Math.abs(x1 - x0), height: Math.abs(y1 - y0), style: `fill: ${colour(shape.fillcolor)}` });
    });
  const drawNotes = (notes, x, y, area) =>
    (notes ?? []).map((note) => {
      const inPart = String(note.xref ?? "").includes("domain") || note.xref === "paper";
      const px = inPart ? area.left + note.x * (area.right - area.left) : x.place(note.x);
      const py = inPart ? area.bottom - note.y * (area.bottom - area.top) : y.place(note.y);
      const anchor = { left: "start", right: "end" }[note.xanchor] ?? "middle";
      const shift = { top: 12, bottom: -3 }[note.yanchor] ?? 4;
      return make("text", { class: "note-text", x: px, y: py + shift, "text-anchor": anchor, style: `fill: ${colour(note.font?.color)}` }, ...spans(note.text));
    });

  const tip = html("div", { className: "plot-tip", hidden: true });
  tip.setAttribute("aria-hidden", "true");
  const showTip = (hit, box) => {
    tip.replaceChildren(...linesOf(hit.text).map((line, i) => html(i ? "span" : "b", { textContent: line })));
    tip.hidden = false;
    const left = box.left + hit.x * (box.width / hit.width);
    tip.style.left = `${Math.max(8, Math.min(left + 12, innerWidth - tip.offsetWidth - 12))}px`;
    tip.style.top = `${Math.max(8, Math.min(box.top + hit.y * (box.width / hit.width) - tip.offsetHeight - 10, innerHeight - tip.offsetHeight - 8))}px`;
  };
  const listen = (svg, hits, width) => {
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const scale = width / box.width;
      const [px, py] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
      let best = null;
      for (const hit of hits) {
        const away = Math.hypot(hit.x - px, hit.y - py);
        if (away < (hit.reach ?? 24) && (!best || away < best.away)) best = { ...hit, away, width };
      }
      if (best) showTip(best, box);
      else tip.hidden = true;
    });
    svg.addEventListener("pointerleave", () => {
      tip.hidden = true;
    });
  };

  const legendOf = (figure, hidden, again) => {
    const named = figure.data.filter((trace) => trace.name && trace.showlegend !== false && trace.type !== "box");
    if (figure.layout.showlegend === false || named.length < 2) return null;
    const list = html("ul", { className: "plot-legend" });
    list.setAttribute("aria-label", "Show or hide");
    for (const trace of named) {
      const key = make("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" });
      const paint = colour(trace.marker ? pick(trace.marker.color, 0) : trace.line.color);
      if (trace.mode === "lines") key.append(make("line", { x1: 0, x2: 16, y1: 8, y2: 8, style: `stroke: ${paint}`, "stroke-width": 2, "stroke-dasharray": DASHES[trace.line?.dash] }));
      else key.append(mark((pick(trace.marker?.symbol, 0) ?? "circle").replace("-open", ""), 8, 8, 11, { fill: paint }));
      const button = html("button", { type: "button" }, key, plain(trace.name));
      button.setAttribute("aria-pressed", String(!hidden.has(trace.name)));
      button.addEventListener("click", () => {
        if (hidden.has(trace.name)) hidden.delete(trace.name);
        else hidden.add(trace.name);
        again();
      });
      button.addEventListener("dblclick", () => {
        const others = named.filter((each) => each !== trace).map((each) => each.name);
        const alone = others.every((name) => hidden.has(name));
        hidden.clear();
        if (!alone) for (const name of others) hidden.add(name);
        again();
      });
      list.append(html("li", {}, button));
    }
    return list;
  };

  /** Return what is shown of a figure at the width of its element, and the room for it: its height follows from that. */
  const layOut = (element, figure, hidden) => {
    const { layout } = figure;
    const traces = figure.data.filter((trace) => !hidden.has(trace.name));
    const boxes = traces.filter((trace) => trace.type === "box");
    const width = Math.max(260, element.clientWidth);
    const square = layout.yaxis.scaleanchor !== undefined;
    const labels = boxes.length ? boxes.map((trace) => trace.name) : (layout.yaxis.ticktext ?? []);
    const wide = labels.length ? Math.min(0.55 * width, Math.max(...labels.map((text) => textWidth(text, 12))) + 14) : 46;
    const left = wide + (layout.yaxis.title?.text ? 18 : 0);
    const under = Math.max(1, ...(layout.xaxis.ticktext ?? []).map((text) => linesOf(text).length));
    const foot = 22 + 14 * (under - 1) + (layout.xaxis.title?.text ? 24 : 0);
    const height = square ? Math.min(width, 620) - left + foot + 20 : (layout.height ?? 320);
    const area = { left, right: width - 14, top: 12, bottom: height - foot, height };
    if (square) area.right = Math.min(area.right, area.left + (area.bottom - area.top));
    return { layout, traces, boxes, width, height, area };
  };
  const canvas = ({ width, height }) => make("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", "aria-hidden": "true", focusable: "false" });
  /** Put a chart and its legend in an element; whoever has the focus in the legend keeps it. */
  const place = (element, svg, legend) => {
    const focused = element.contains(document.activeElement) ? document.activeElement.textContent : null;
    element.replaceChildren(...(legend ? [legend, svg] : [svg]));
    element.style.minHeight = "";
    if (focused !== null) [...element.querySelectorAll("button")].find((button) => button.textContent === focused)?.focus();
  };

  /** Draw a figure in an element; `hidden` holds the names of traces that the reader has put away. */
  const render = (element, figure, hidden) => {
    const { layout, traces, boxes, width, height, area } = layOut(element, figure, hidden);
    const x = scaleOf(layout.xaxis, traces.length ? traces : figure.data, "x", area.left, area.right, width < 420 ? 5 : 8);
    const y = boxes.length ? { place: () => 0, ticks: [] } : scaleOf(layout.yaxis, traces.length ? traces : figure.data, "y", area.bottom, area.top, 6);
    const hits = [];
    const svg = canvas({ width, height });
    svg.append(...drawShapes(layout.shapes, x, y, area), frame(x, y, area, layout, boxes));
    for (const trace of traces) {
      if (trace.type === "bar") svg.append(drawBars(trace, x, y, hits));
      else if (trace.type === "box") {
        const row = (area.bottom - area.top) / boxes.length;
        svg.append(drawBox(trace, area.bottom - (boxes.indexOf(trace) + 0.5) * row, x, row, hits));
      } else svg.append(drawScatter(trace, x, y, hits));
    }
    svg.append(...drawNotes(layout.annotations, x, y, area));
    listen(svg, hits, width);
    place(element, svg, legendOf(figure, hidden, () => render(element, figure, hidden)));
    if (!tip.isConnected) document.body.append(tip);
    element.dataset.drawn = "true";
  };

  const shown = new Map(); // element → the width that it was drawn for, and how to draw it again
  const sizes = new ResizeObserver((changes) => {
    for (const { target } of changes) {
      const found = shown.get(target);
      if (found && Math.abs(target.clientWidth - found.width) > 1) {
        found.width = target.clientWidth;
        if (found.width) found.again();
      }
    }
  });
  const keep = (element, again) => {
    shown.set(element, { width: element.clientWidth, again });
    again();
    sizes.observe(element);
  };
  /** Draw `figure` in `element`, and again whenever its width changes. */
  const draw = (element, figure, hidden = new Set()) => keep(element, () => render(element, figure, hidden));
  /** Take the room that `figure` needs in `element`, with its legend, until it is drawn: nothing below moves then. */
  const reserve = (element, figure) => {
    const hidden = new Set();
    const legend = () => legendOf(figure, hidden, () => draw(element, figure, hidden));
    keep(element, () => place(element, canvas(layOut(element, figure, hidden)), legend()));
  };
  const clear = (element) => {
    shown.delete(element);
    sizes.unobserve(element);
    element.replaceChildren();
    delete element.dataset.drawn;
  };
  return { clear, draw, reserve };
})();
