"use strict";
// The tables are in the page as they are read; this script chooses, sorts and filters their rows and redraws one
// column. That is less than a table library would be told, and the page does without half a megabyte of it.
(() => {
  const board = embench.value("board");
  const form = document.getElementById("choices");
  const panels = [...document.querySelectorAll(".panel")];
  const kinds = [...form.querySelectorAll("input[name=kind]")].map((box) => box.value);
  const defaults = { protocol: panels[0].dataset.protocol, metric: form.metric.value, column: "rank", order: "ascending" };
  const state = { ...defaults, kinds: new Set(kinds), query: "" };

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const tableOf = (panel) => panel.querySelector("table.board");
  const rowsOf = (panel) => [...tableOf(panel).tBodies[0].rows];
  const headOf = (panel, column) => panel.querySelector(`th[data-column="${column}"]`);
  const named = (metric) => (metric.unit ? `${metric.symbol}, ${metric.unit}` : metric.symbol);

  // The chosen metric: its head, its axis, and a value and a bar in every row.
  const mark = (className, place) => {
    const element = make("i", { className });
    element.style.left = `${place}%`;
    return element;
  };
  const bar = (score, reference) => {
    const found = make("span", { className: "bar" });
    found.setAttribute("aria-hidden", "true");
    if (reference !== null) found.append(mark("mark", reference));
    if (!score) return found;
    if (score.range) {
      const range = mark(`range${score.cut[0] ? " cut-low" : ""}${score.cut[1] ? " cut-high" : ""}`, score.range[0]);
      range.style.right = `${100 - score.range[1]}%`;
      found.append(range);
    }
    found.append(mark(score.off ? `off-${score.off}` : "dot", score.place));
    return found;
  };
  const showMetric = (panel) => {
    const metric = board.metrics[state.metric];
    const { axes, rows } = board.protocols[panel.dataset.protocol];
    const axis = axes[state.metric] ?? { ticks: [], reference: null, text: "" };
    const table = tableOf(panel);
    table.dataset.metric = state.metric;
    const head = headOf(panel, "score");
    head.querySelector("button.sort").textContent = named(metric);
    head.querySelector("button.sort").dataset.first = metric.first;
    head.querySelector("[role=tooltip]").textContent =
      `${metric.title}. ${metric.explanation} With its 95 % interval.`;
    panel.querySelector(".axis").replaceChildren(
      ...axis.ticks.map(([place, text]) => Object.assign(mark("", place), { textContent: text })),
    );
    panel.querySelector(".reference").textContent = axis.reference === null ? "" : axis.text;
    for (const row of rowsOf(panel)) {
      const score = rows[row.dataset.slug].scores[state.metric] ?? null;
      const cell = row.querySelector("td.score");
      cell.dataset.key = score ? score.order : "";
      cell.replaceChildren(
        make("b", { textContent: score ? score.text : "–" }),
        make("small", { textContent: score ? score.interval : "" }),
      );
      row.querySelector("td.drawn").replaceChildren(bar(score, axis.reference));
    }
    for (const cell of table.querySelectorAll(".more[data-column]")) cell.hidden = cell.dataset.column === state.metric;
    const off = rowsOf(panel).some((row) => row.querySelector("[class^=off-]"));
    panel.querySelector(".key-off").hidden = !off;
  };

  // Order and choice of rows.
  const keyIn = (column) => (row) => embenchRows.keyOf(row.cells[column].dataset.key);
  const sortRows = (panel) => {
    const head = headOf(panel, state.column) ?? headOf(panel, "rank");
    for (const each of panel.querySelectorAll("th[aria-sort]")) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", state.order);
    const rows = embenchRows.ordered(rowsOf(panel), state.order, keyIn(head.cellIndex), keyIn(0));
    tableOf(panel).tBodies[0].append(...rows);
  };
  const filterRows = (panel) => {
    for (const row of rowsOf(panel)) row.hidden = !embenchRows.boardShows(row.dataset, state);
    panel.querySelector(".nothing").hidden = rowsOf(panel).some((row) => !row.hidden);
  };

  // Error and cost.
  const costPlot = document.getElementById("plot-cost");
  const point = (row) => row.scores[state.metric];
  // Names stand where they cover least; plotly has no rule of its own for that. Places are in pixels.
  const SIDES = { "middle right": [1, 0], "middle left": [-1, 0], "top center": [0, 1], "bottom center": [0, -1], "top right": [1, 1], "bottom right": [1, -1], "top left": [-1, 1], "bottom left": [-1, -1] };
  const overlap = (a, b) =>
    Math.max(0, Math.min(a[1], b[1]) - Math.max(a[0], b[0])) * Math.max(0, Math.min(a[3], b[3]) - Math.max(a[2], b[2]));
  const sides = (rows, range, top, reference) => {
    const [width, height] = [Math.max(200, costPlot.clientWidth - 80), 320];
    const x = (row) => ((Math.log10(row.hours) - range[0]) / (range[1] - range[0])) * width;
    const y = (value) => (value / top) * height;
    const taken = rows.flatMap((row) => {
      const { value, low, high } = point(row);
      return [[x(row) - 8, x(row) + 8, y(value) - 8, y(value) + 8], [x(row) - 5, x(row) + 5, y(low ?? value), y(high ?? value)]];
    });
    if (reference !== null) taken.push([0, width, y(reference) - 2, y(reference) + 2]);
    return rows.map((row) => {
      const long = (embench.narrow.matches ? 5.6 : 7.2) * row.name.length;
      const boxes = Object.entries(SIDES).map(([side, [right, up]]) => {
        const left = x(row) + (right > 0 ? 9 : right < 0 ? -9 - long : -long / 2);
        const low = y(point(row).value) + (up > 0 ? 6 : up < 0 ? -20 : -7);
        return { side, box: [left, left + long, low, low + 14] };
      });
      const cost = ({ box }) =>
        taken.reduce((sum, other) => sum + overlap(box, other), 0) + (box[0] < 0 || box[1] > width ? 1e4 : 0);
      const best = boxes.reduce((a, b) => (cost(b) < cost(a) ? b : a));
      taken.push(best.box);
      return best.side;
    });
  };
  const costTrace = (kind, rows, side) => {
    const { title, colour, symbol } = board.kinds[kind];
    const reach = (end) => rows.map((row) => (point(row)[end] === null ? 0 : Math.abs(point(row)[end] - point(row).value)));
    return {
      type: "scatter",
      mode: "markers+text",
      name: title,
      x: rows.map((row) => row.hours),
      y: rows.map((row) => point(row).value),
      error_y: { type: "data", symmetric: false, array: reach("high"), arrayminus: reach("low"), color: colour, thickness: 1.2, width: 4 },
      text: rows.map((row) => escaped(row.name)),
      textposition: rows.map((row) => side.get(row)),
      textfont: { size: embench.narrow.matches ? 9 : 12, color: "--text" },
      cliponaxis: false,
      marker: { color: colour, symbol, size: 11, line: { width: 1, color: "--surface" } },
      hovertext: rows.map(
        (row) => `<b>${escaped(row.name)}</b><br>${point(row).text} (${point(row).interval || "no interval"})<br>${row.cost}`,
      ),
      hovertemplate: "%{hovertext}<extra></extra>",
    };
  };
  // plotly reads a little markup in texts: names must not be taken for it.
  const escaped = (text) => text.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);
  const durations = [[1 / 3.6e6, "1 ms"], [1 / 3600, "1 s"], [1 / 60, "1 min"], [1, "1 h"], [24, "1 day"], [720, "30 days"], [8760, "1 year"]];
  const costRange = (rows) => {
    const hours = rows.map((row) => Math.log10(row.hours));
    return [Math.min(...hours) - 0.5, Math.max(...hours) + 0.9];
  };
  const costLayout = (range, reference) => {
    const metric = board.metrics[state.metric];
    const shown = durations.filter(([value]) => Math.log10(value) >= range[0] && Math.log10(value) <= range[1]);
    const line = reference === null ? [] : [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: reference, y1: reference, layer: "below", line: { color: "--muted", width: 1.5, dash: "dash" } }];
    const label = reference === null ? [] : [{ xref: "paper", x: 1, xanchor: "right", y: reference, yanchor: "bottom", text: "training median", showarrow: false, font: { size: 12, color: "--muted" } }];
    return {
      ...board.layout.frame,
      height: 420,
      xaxis: { ...board.layout.axis, title: { text: "Stated device time, all protocols together", standoff: 10 }, type: "log", range, tickvals: shown.map(([value]) => value), ticktext: shown.map(([, text]) => text) },
      yaxis: { ...board.layout.axis, title: { text: metric.unit ? `${metric.title} (${metric.unit})` : metric.title, standoff: 8 }, rangemode: metric.unit ? "tozero" : "normal" },
      shapes: line,
      annotations: label,
    };
  };
  const drawCost = () => {
    const { rows, references } = board.protocols[state.protocol];
    const shown = new Set(rowsOf(panelOf()).filter((row) => !row.hidden).map((row) => row.dataset.slug));
    const scored = Object.entries(rows).filter(([slug, row]) => shown.has(slug) && point(row)).map(([, row]) => row);
    const known = scored.filter((row) => row.hours > 0);
    const unknown = scored.filter((row) => !(row.hours > 0));
    const names = unknown.map((row) => `${row.name} ${point(row).text}`);
    document.getElementById("no-cost").textContent = names.length ? `Without a stated cost: ${names.join(", ")}.` : "";
    document.getElementById("cost-protocol").textContent = state.protocol;
    const way = { lower: "down", higher: "up" }[board.metrics[state.metric].better];
    document.getElementById("cost-better").textContent = way ? `Better is ${way} and to the left.` : "";
    costPlot.hidden = known.length === 0;
    if (!known.length) return embench.clear(costPlot);
    const range = costRange(known);
    const top = Math.max(...known.map((row) => Math.max(point(row).high ?? 0, point(row).value)));
    const placed = sides(known, range, top, references[state.metric] ?? null);
    const side = new Map(known.map((row, i) => [row, placed[i]]));
    const traces = Object.keys(board.kinds)
      .map((kind) => [kind, known.filter((row) => row.kind === kind)])
      .filter(([, members]) => members.length)
      .map(([kind, members]) => costTrace(kind, members, side));
    return embench.draw(costPlot, { data: traces, layout: costLayout(range, references[state.metric] ?? null) });
  };

  // The state stands in the address, so that what is seen can be sent to somebody.
  const panelOf = () => panels.find((panel) => panel.dataset.protocol === state.protocol);
  const toAddress = () => {
    const parts = new URLSearchParams();
    for (const name of ["protocol", "metric", "column", "order"]) {
      if (state[name] !== defaults[name]) parts.set(name, state[name]);
    }
    if (state.query) parts.set("find", state.query);
    if (state.kinds.size < kinds.length) parts.set("kinds", [...state.kinds].join(","));
    const text = parts.toString();
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  };
  const fromAddress = () => {
    const parts = new URLSearchParams(location.hash.slice(1));
    const known = ["protocol", "metric", "column", "order", "find", "kinds"];
    if (location.hash.length > 1 && !known.some((name) => parts.has(name))) return; // a place on the page
    const among = (name, choices) => (choices.includes(parts.get(name)) ? parts.get(name) : defaults[name]);
    state.protocol = among("protocol", Object.keys(board.protocols));
    state.metric = among("metric", [...form.metric.options].map((option) => option.value));
    state.column = among("column", [...panelOf().querySelectorAll("th[data-column]")].map((head) => head.dataset.column));
    state.order = among("order", ["ascending", "descending"]);
    state.query = (parts.get("find") ?? "").toLowerCase();
    const wanted = kinds.filter((kind) => (parts.get("kinds") ?? kinds.join(",")).split(",").includes(kind));
    state.kinds = new Set(wanted);
  };
  const show = () => {
    form.protocol.value = state.protocol;
    form.metric.value = state.metric;
    if (form.q.value.trim().toLowerCase() !== state.query) form.q.value = state.query;
    for (const box of form.querySelectorAll("input[name=kind]")) box.checked = state.kinds.has(box.value);
    form.order.value = state.column;
    for (const panel of panels) panel.classList.toggle("chosen", panel.dataset.protocol === state.protocol);
    const panel = panelOf();
    if (tableOf(panel).dataset.metric !== state.metric) showMetric(panel);
    sortRows(panel);
    filterRows(panel);
    const rows = rowsOf(panel);
    document.getElementById("shown").textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} systems`;
    drawCost();
  };
  const change = (changes) => {
    Object.assign(state, changes);
    toAddress();
    show();
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    const { name, value } = event.target;
    if (name === "protocol") change({ protocol: value });
    if (name === "metric") {
      const byRank = value === defaults.metric;
      change({ metric: value, column: byRank ? "rank" : "score", order: byRank ? "ascending" : board.metrics[value].first });
    }
    if (name === "q") change({ query: value.trim().toLowerCase() });
    if (name === "order") change({ column: value, order: headOf(panelOf(), value).querySelector("button").dataset.first });
    if (name === "kind") {
      const chosen = [...form.querySelectorAll("input[name=kind]:checked")].map((box) => box.value);
      change({ kinds: new Set(chosen) });
    }
  });
  for (const panel of panels) {
    panel.addEventListener("click", (event) => {
      const button = event.target.closest("button.sort");
      if (!button) return;
      const { column, first } = button.dataset;
      change({ column, order: embenchRows.nextOrder(first, state.column === column ? state.order : null) });
    });
  }
  for (const head of panels[0].querySelectorAll("th[data-column]")) {
    const text = head.dataset.column === "score" ? "chosen metric" : head.querySelector("button.sort").textContent;
    form.order.append(new Option(text, head.dataset.column));
  }
  addEventListener("hashchange", () => {
    fromAddress();
    show();
  });
  embench.narrow.addEventListener("change", drawCost);
  form.hidden = false;
  fromAddress();
  show();
  document.documentElement.dataset.ready = "true";
})();
