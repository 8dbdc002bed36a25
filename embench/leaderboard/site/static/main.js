"use strict";
// The tables are in the page as they are read; this script chooses, sorts and filters their rows and redraws one
// column. That is less than a table library would be told, and the page does without half a megabyte of it.
(() => {
  // What the script knows of the other metrics; the page as it is read holds the first, so that this is loaded when asked.
  const loadBoard = async () => JSON.parse(await embench.unpack(await embench.load("assets/board.js", "board")));
  let board = null;
  const form = document.getElementById("choices");
  const panels = [...document.querySelectorAll(".panel")];
  const kinds = [...form.querySelectorAll("input[name=kind]")].map((box) => box.value);
  const defaults = { protocol: panels[0].dataset.protocol, metric: form.metric.value, column: "rank", order: "ascending" };
  const state = { ...defaults, labels: "all", kinds: new Set(kinds), query: "", level: "" };
  const levels = form.level ? [...form.level.options].map((option) => option.value) : [""];
  // What the MAE without contradicted labels was called when it was a metric of its own, in addresses of then.
  const OLD_CLEAN = "mae_clean";

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
  const tick = (place, textContent) => {
    const found = make("i", { textContent });
    found.style.left = `${place}%`;
    return found;
  };
  const bar = (score, reference) => {
    const found = make("i", { className: "bar" });
    const place = (name, value) => found.style.setProperty(name, String(value));
    if (reference !== null) place("--m", reference);
    if (!score) return found;
    place("--v", score.place);
    if (score.range) {
      place("--a", score.range[0]);
      place("--b", score.range[1]);
      found.classList.toggle("cut-low", score.cut[0]);
      found.classList.toggle("cut-high", score.cut[1]);
    }
    if (score.off) found.classList.add(`off-${score.off}`);
    return found;
  };
  // The cells of a row beside the chosen metric: with other labels, they are other figures.
  const showRow = (row, system) => {
    row.className = system.mark;
    const place = row.querySelector(".mark-place");
    place.replaceChildren(...(system.mark ? [document.getElementById(`mark-${system.mark}`).content.cloneNode(true)] : []));
    const rank = row.querySelector("td.rank");
    rank.dataset.key = system.place;
    const interval = system.rank_interval === system.rank ? "" : system.rank_interval;
    rank.replaceChildren(make("b", { textContent: system.rank }), " ", make("small", { textContent: interval }));
    for (const cell of row.querySelectorAll("td.more[data-column]")) {
      const { column } = cell.dataset;
      if (column === "share") {
        cell.dataset.key = system.share;
        cell.replaceChildren(make("span", { textContent: system.predicted, title: system.predicted_of }));
        if (system.mae_predicted) cell.append(" ", make("small", { textContent: system.mae_predicted }));
      } else if (board.metrics[column]) {
        const score = system.scores[column] ?? null;
        const support = system.support[column];
        cell.dataset.key = score?.order ?? "";
        cell.classList.toggle("few-pairs", Boolean(support));
        cell.replaceChildren(score ? score.text : "–");
        if (support) cell.append(" ", make("small", { textContent: `(${support})` }));
      }
    }
  };
  const showMetric = (panel) => {
    const metric = board.metrics[state.metric];
    const found = board.protocols[panel.dataset.protocol];
    const { axes, rows, sentence } = state.labels === "clean" ? found.clean : found;
    const axis = axes[state.metric] ?? { ticks: [], reference: null, text: "" };
    const table = tableOf(panel);
    table.dataset.metric = state.metric;
    table.dataset.labels = state.labels;
    const head = headOf(panel, "score");
    head.querySelector("button.sort").textContent = named(metric);
    head.querySelector("button.sort").dataset.first = metric.first;
    head.querySelector("[role=tooltip]").textContent =
      `${metric.title}. ${metric.explanation} With its 95 % interval.`;
    panel.querySelector(".axis").replaceChildren(
      ...axis.ticks.map(([place, text]) => tick(place, text)),
    );
    panel.querySelector(".reference").textContent = axis.reference === null ? "" : axis.text;
    panel.querySelector(".sentence").textContent = sentence;
    panel.querySelector(".detectable").hidden = state.labels === "clean";
    for (const row of rowsOf(panel)) {
      showRow(row, rows[row.dataset.slug]);
      const score = rows[row.dataset.slug].scores[state.metric] ?? null;
      const cell = row.querySelector("td.score");
      cell.dataset.key = score ? score.order : "";
      cell.replaceChildren(
        make("b", { textContent: score ? score.text : "–" }),
        " ",
        make("small", { textContent: score ? score.interval : "" }),
      );
      row.querySelector("td.drawn").replaceChildren(bar(score, axis.reference));
    }
    for (const cell of table.querySelectorAll(".more[data-column]")) cell.hidden = cell.dataset.column === state.metric;
    const off = rowsOf(panel).some((row) => row.querySelector(".off-low, .off-high"));
    panel.querySelector(".key-off").hidden = !off;
  };

  // The charts and tables below the board: those of all entries are in the page, the others come with the scores.
  const parts = [...document.querySelectorAll("[data-part]")];
  const first = new Map(parts.map((part) => [part.dataset.part, part.innerHTML]));
  let partsShown = "all";
  const showParts = () => {
    if (partsShown === state.labels) return;
    partsShown = state.labels;
    for (const part of parts) part.innerHTML = state.labels === "clean" ? board.parts[part.dataset.part] : first.get(part.dataset.part);
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

  // The state stands in the address, so that what is seen can be sent to somebody.
  const panelOf = () => panels.find((panel) => panel.dataset.protocol === state.protocol);
  const toAddress = () => {
    const parts = new URLSearchParams();
    for (const name of ["protocol", "metric", "column", "order"]) {
      if (state[name] !== defaults[name]) parts.set(name, state[name]);
    }
    if (state.labels !== "all") parts.set("labels", state.labels);
    if (state.query) parts.set("find", state.query);
    if (state.level) parts.set("level", state.level);
    if (state.kinds.size < kinds.length) parts.set("kinds", [...state.kinds].join(","));
    embench.address.push(parts);
  };
  const fromAddress = () => {
    const parts = embench.address.read();
    const among = (name, choices) => (choices.includes(parts.get(name)) ? parts.get(name) : defaults[name]);
    state.protocol = among("protocol", panels.map((panel) => panel.dataset.protocol));
    state.metric = among("metric", [...form.metric.options].map((option) => option.value));
    state.column = among("column", [...panelOf().querySelectorAll("th[data-column]")].map((head) => head.dataset.column));
    state.order = among("order", ["ascending", "descending"]);
    state.labels = parts.get("labels") === "clean" || parts.get("metric") === OLD_CLEAN ? "clean" : "all";
    state.level = levels.includes(parts.get("level")) ? parts.get("level") : "";
    state.query = (parts.get("find") ?? "").toLowerCase();
    const wanted = kinds.filter((kind) => (parts.get("kinds") ?? kinds.join(",")).split(",").includes(kind));
    state.kinds = new Set(wanted);
  };
  const show = () => {
    form.protocol.value = state.protocol;
    form.metric.value = state.metric;
    if (form.q.value.trim().toLowerCase() !== state.query) form.q.value = state.query;
    for (const box of form.querySelectorAll("input[name=kind]")) box.checked = state.kinds.has(box.value);
    if (form.level) form.level.value = state.level;
    form.labels.value = state.labels;
    for (const note of document.querySelectorAll(".clean-note")) note.hidden = state.labels !== "clean";
    for (const panel of panels) panel.classList.toggle("chosen", panel.dataset.protocol === state.protocol);
    const panel = panelOf();
    const { metric, labels } = tableOf(panel).dataset;
    if (metric !== state.metric || labels !== state.labels) {
      if (!board) {
        loadBoard().then((found) => {
          board = found;
          show();
        });
        return;
      }
      showMetric(panel);
    }
    showParts();
    sortRows(panel);
    filterRows(panel);
    const rows = rowsOf(panel);
    document.getElementById("shown").textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} systems`;
    document.documentElement.dataset.shown = [state.protocol, state.metric, ...(state.labels === "all" ? [] : [state.labels])].join(" ");
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
    if (name === "labels") change({ labels: value });
    if (name === "metric") {
      if (value === defaults.metric) change({ metric: value, column: "rank", order: "ascending" });
      else {
        loadBoard().then((found) => {
          board = found;
          change({ metric: value, column: "score", order: board.metrics[value].first });
        });
      }
    }
    if (name === "level") change({ level: value });
    if (name === "q") change({ query: value.trim().toLowerCase() });
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
  embench.address.onChange(() => {
    fromAddress();
    show();
  });
  fromAddress();
  show();
  document.documentElement.dataset.ready = "true";
})();
