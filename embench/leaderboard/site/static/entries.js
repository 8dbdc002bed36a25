"use strict";
// The list of entries: filters, order and pages, made from the lists of the index; the state stands in the address.
//   entries.html?ion=Na&flag=duplicate&barrier-high=0.3
//   entries.html#Na2MnO3_2               an address of the first version: leads to that entry
(async () => {
  const $ = (id) => document.getElementById(id);
  const index = JSON.parse(await embench.unpack(embench.value("entries")));
  const old = decodeURIComponent(location.hash.slice(1));
  if (index.id.includes(old)) {
    location.replace(`entries/${encodeURIComponent(old)}/index.html`);
    return;
  }
  const PAGE = 50; // as in page.py, which writes the first page
  let asWritten = true;
  const SELECTS = ["ion", "class", "functional", "flag", "split"];
  const RANGES = ["barrier", "hop"];
  const FIELDS = ["search", ...SELECTS, ...RANGES.flatMap((name) => [`${name}-low`, `${name}-high`])];
  const form = $("filters");
  const table = $("entries");
  const field = (name) => $(`filter-${name}`);
  const entries = index.id.map((id, n) => ({
    n, id, composition: index.composition[n], formula: index.formula[n], ion: index.ion[n], structure_class: index.structure_class[n], functional: index.functional[n],
    split: index.split[n], barrier: index.barrier[n], hop: index.hop[n], error: index.error[n], flags: index.flags[n].map((flag) => index.flag_names[flag]), words: index.words[n],
  }));
  const facts = entries.map(embenchSearch.facts);
  const ions = [...new Set(index.ion)];
  const state = { column: "", order: "", page: 0 };

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const number = (value, decimals, sign = false) => {
    if (value === null) return "–";
    const text = Math.abs(value).toFixed(decimals);
    return `${value < 0 && Number(text) ? "−" : sign && Number(text) ? "+" : ""}${text}`;
  };
  const formula = (text) => text.split(/(\d+(?:\.\d+)?)/).map((part, i) => (i % 2 ? make("sub", { textContent: part }) : part));
  const rowOf = (entry) =>
    make("tr", {},
      Object.assign(make("th", { scope: "row" }, make("a", { href: `entries/${encodeURIComponent(entry.id)}/index.html`, textContent: entry.id }))),
      make("td", { className: "text" }, ...formula(entry.composition)), make("td", { className: "text", textContent: entry.ion }), make("td", { className: "text", textContent: entry.structure_class }),
      make("td", { className: "text", textContent: entry.functional }), make("td", { textContent: number(entry.barrier, 3) }), make("td", { textContent: number(entry.hop, 2) }),
      make("td", { textContent: number(entry.error, 3, true) }),
      make("td", { className: "text flags" }, ...entry.flags.map((flag) => make("span", { className: "flag-chip", textContent: flag.replaceAll("_", " ") }))));

  const chosen = () => Object.fromEntries(FIELDS.map((name) => [name, field(name).value]));
  const limit = (text) => (text === "" || Number.isNaN(Number(text)) ? null : Number(text));
  const found = () => {
    const wanted = chosen();
    const fits = embenchSearch.query(wanted.search, ions);
    const kept = entries.filter((entry, n) =>
      fits(facts[n]) && (!wanted.ion || entry.ion === wanted.ion) && (!wanted.class || entry.structure_class === wanted.class) && (!wanted.functional || entry.functional === wanted.functional)
      && (!wanted.split || entry.split === wanted.split) && (!wanted.flag || (wanted.flag === "none" ? !entry.flags.length : entry.flags.includes(wanted.flag)))
      && RANGES.every((name) => embenchSearch.within(entry[name], limit(wanted[`${name}-low`]), limit(wanted[`${name}-high`]))));
    if (!state.column) return kept;
    const keys = { flags: (entry) => entry.flags.length, error: (entry) => (entry.error === null ? null : Math.abs(entry.error)) };
    return embenchRows.ordered(kept, state.order, keys[state.column] ?? ((entry) => entry[state.column]), (entry) => entry.n);
  };
  const show = () => {
    const kept = found();
    const pages = Math.max(1, Math.ceil(kept.length / PAGE));
    state.page = Math.min(state.page, pages - 1);
    asWritten = asWritten && !state.column && !state.page && kept.length === entries.length;
    if (!asWritten) table.tBodies[0].replaceChildren(...kept.slice(state.page * PAGE, (state.page + 1) * PAGE).map(rowOf));
    $("filter-count").textContent = kept.length === entries.length ? `All ${entries.length} entries` : `${kept.length} of ${entries.length} entries`;
    $("filter-none").hidden = kept.length > 0;
    $("listed").hidden = kept.length === 0;
    $("filter-reset").disabled = FIELDS.every((name) => !field(name).value);
    $("pages").hidden = pages === 1;
    $("page-place").textContent = `page ${state.page + 1} of ${pages}`;
    $("page-back").disabled = state.page === 0;
    $("page-on").disabled = state.page === pages - 1;
    for (const head of table.tHead.rows[0].cells) {
      if (head.dataset.column === state.column) head.setAttribute("aria-sort", state.order);
      else head.removeAttribute("aria-sort");
    }
    document.documentElement.dataset.found = String(kept.length);
  };
  const toAddress = (replace) => {
    const parts = new URLSearchParams(Object.entries(chosen()).filter(([, value]) => value));
    if (state.column) parts.set("sort", `${state.column} ${state.order}`);
    if (state.page) parts.set("page", String(state.page + 1));
    embench.address.push(parts, { replace });
  };
  const fromAddress = () => {
    const parts = embench.address.read();
    for (const name of FIELDS) {
      field(name).value = parts.get(name) ?? "";
      if (field(name).selectedIndex === -1) field(name).value = "";
    }
    const [column, order] = (parts.get("sort") ?? "").split(" ");
    const known = [...table.tHead.rows[0].cells].some((head) => head.dataset.column === column);
    Object.assign(state, known && ["ascending", "descending"].includes(order) ? { column, order } : { column: "", order: "" });
    state.page = Math.max(0, (Number(parts.get("page")) || 1) - 1);
  };
  form.addEventListener("input", (event) => {
    state.page = 0;
    show();
    toAddress(event.target.type === "search" || event.target.type === "number"); // Back must not step through letters
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  $("filter-reset").addEventListener("click", () => {
    for (const name of FIELDS) field(name).value = "";
    state.page = 0;
    show();
    toAddress();
    field("search").focus();
  });
  const turn = (step) => {
    state.page += step;
    show();
    toAddress();
    table.scrollIntoView({ block: "start" });
  };
  $("page-back").addEventListener("click", () => turn(-1));
  $("page-on").addEventListener("click", () => turn(1));
  table.tHead.addEventListener("click", (event) => {
    const button = event.target.closest("button.sort");
    if (!button) return;
    const { column } = button.closest("th").dataset;
    Object.assign(state, { order: embenchRows.nextOrder(button.dataset.first ?? "ascending", state.column === column ? state.order : null), column, page: 0 });
    show();
    toAddress();
  });
  // The whole row leads to its entry, for a mouse; the keyboard has the link in it.
  table.tBodies[0].addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (row && !event.target.closest("a") && !String(getSelection())) row.querySelector("a").click();
  });
  embench.address.onChange(() => {
    fromAddress();
    show();
  });
  fromAddress();
  show();
  document.documentElement.dataset.ready = "true";
})();
