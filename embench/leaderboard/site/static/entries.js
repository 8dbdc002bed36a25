"use strict";
// The table of entries with its filters, and which entry the address asks for.
//   entries.html#Na2MnO3_2               that entry
//   entries.html#?ion=Na&flag=duplicate  the table, filtered
(() => {
  const $ = (id) => document.getElementById(id);
  const { address, fill, legend, make, predictions, profiles, showNeighbours } = window.entryView;
  const settings = embench.read("entries-settings");
  const FIELDS = ["search", "ion", "class", "functional", "flag", "split"];
  const fields = Object.fromEntries(FIELDS.map((name) => [name, $(`filter-${name}`)]));
  const table = $("entries");
  const rows = [...table.tBodies[0].rows];
  const title = document.title;

  // --- The table --------------------------------------------------------------------------------------------------
  const facts = new Map(rows.map((row) => [row, embenchRows.entryFacts(row.dataset)]));
  const chosen = () => Object.fromEntries(FIELDS.map((name) => [name, fields[name].value]));
  const shownRows = () => [...table.tBodies[0].rows].filter((row) => !row.hidden);
  const filter = () => {
    const wanted = chosen();
    let count = 0;
    for (const row of rows) {
      row.hidden = !embenchRows.entryShows(facts.get(row), wanted);
      count += !row.hidden;
    }
    $("filter-count").textContent = count === rows.length ? `All ${rows.length} entries` : `${count} of ${rows.length} entries`;
    $("filter-none").hidden = count > 0;
    table.hidden = count === 0;
    $("filter-reset").disabled = FIELDS.every((name) => !wanted[name]);
  };
  const filterAddress = () => {
    const wanted = Object.entries(chosen()).filter(([, value]) => value);
    return wanted.length ? `#?${new URLSearchParams(wanted)}` : "#";
  };
  for (const name of FIELDS) {
    fields[name].addEventListener("input", () => {
      filter();
      history.replaceState(null, "", filterAddress());
    });
  }
  $("filter-reset").addEventListener("click", () => {
    for (const name of FIELDS) fields[name].value = "";
    filter();
    history.replaceState(null, "", filterAddress());
    fields.search.focus();
  });
  // The whole row leads to its entry, for a mouse; the keyboard has the link in it.
  table.tBodies[0].addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (row && !event.target.closest("a") && !String(getSelection())) location.hash = row.querySelector("a").getAttribute("href");
  });

  table.addEventListener("pointerenter", () => embench.load("assets/plotly.min.js"), { once: true }); // soon needed

  // --- One entry --------------------------------------------------------------------------------------------------
  let context = null;
  const plot = $("structure");
  const controls = $("structure-controls");
  const shown = () => ({
    reach: Number($("reach").value),
    ...Object.fromEntries([...controls.querySelectorAll("input[type=checkbox]")].map((box) => [box.value, box.checked])),
  });
  const drawStructure = () => {
    const ion = context.value("mobile_ion");
    legend(context, Number($("reach").value));
    return embench.draw(plot, entryStructure.figure(context.record, ion, shown())).catch((error) => {
      $("structure-trouble").hidden = false;
      $("structure-trouble").textContent = `The 3D view could not be drawn: ${error.message}`;
    });
  };
  const look = (view) => embench.relayout(plot, { "scene.camera": entryStructure.camera(context.record, view) });
  let reachChosen = false; // by the reader, for all entries
  $("reach").addEventListener("change", () => {
    reachChosen = true;
  });
  controls.addEventListener("change", drawStructure);
  controls.addEventListener("click", (event) => event.target.dataset.view && look(event.target.dataset.view));
  plot.addEventListener("keydown", (event) => {
    const scene = plot._fullLayout?.scene?._scene;
    const turn = { ArrowLeft: [-0.15, 0], ArrowRight: [0.15, 0], ArrowUp: [0, 0.15], ArrowDown: [0, -0.15] }[event.key];
    const zoom = { "+": 0.85, "=": 0.85, "-": 1 / 0.85 }[event.key];
    if (!scene || (!turn && !zoom)) return;
    event.preventDefault();
    embench.relayout(plot, { "scene.camera": entryStructure.turned(scene.getCamera(), turn ?? [0, 0], zoom ?? 1) });
  });

  const protocolChoice = $("protocol");
  const order = () => document.querySelector("input[name=order]:checked").value;
  const showPredictions = () => predictions(context, protocolChoice.value, order());
  protocolChoice.addEventListener("change", showPredictions);
  $("order").addEventListener("change", showPredictions);
  $("neighbours-all").addEventListener("click", () => showNeighbours(context, true));
  // The address names the entry, so links within the view are made here.
  $("entry").addEventListener("click", (event) => {
    const link = event.target.closest("[data-jump]");
    if (!link) return;
    event.preventDefault();
    $(link.dataset.jump).scrollIntoView({ block: "center" });
    $(link.dataset.jump).focus({ preventScroll: true });
  });

  const fillProtocols = (record, protocols) => {
    const before = protocolChoice.value || protocols[0]?.name;
    const scored = protocols.filter((found) => record.predictions[found.name]);
    protocolChoice.replaceChildren(...scored.map((found) => make("option", { value: found.name }, found.title)));
    protocolChoice.value = scored.some((found) => found.name === before) ? before : scored[0]?.name ?? "";
    $("prediction-fields").hidden = !scored.length;
  };
  const neighboursInTable = (id) => {
    const ids = shownRows().map((row) => row.dataset.id);
    const place = ids.indexOf(id);
    for (const [link, other] of [["entry-previous", ids[place - 1]], ["entry-next", ids[place + 1]]]) {
      $(link).hidden = place < 0 || other === undefined;
      if (other !== undefined) $(link).setAttribute("href", address(other));
    }
    $("entry-place").textContent = place < 0 ? "" : `${place + 1} of ${ids.length}`;
  };
  let asked = null;
  const showEntry = async (id) => {
    asked = id;
    const index = await embench.load("entries/index.js", "entries");
    const at = index.id.indexOf(id);
    if (at < 0) return showList(`There is no entry called “${id}”.`);
    const chunk = `entries/part-${String(Math.floor(at / settings.chunk)).padStart(2, "0")}`;
    const record = (await embench.load(`${chunk}.js`, chunk))[at % settings.chunk];
    if (asked !== id) return undefined; // another entry was asked for meanwhile
    const columns = new Map(index.columns.map((column, n) => [column.name, n]));
    context = { index, record, at, protocols: settings.protocols, value: (name) => record.values[columns.get(name)] };
    delete plot.dataset.drawn;
    if (!reachChosen) {
      const reaches = [...$("reach").options].map((option) => Number(option.value));
      $("reach").value = String(entryStructure.reachFor(record, reaches));
    }
    fill(context);
    fillProtocols(record, settings.protocols);
    showPredictions();
    neighboursInTable(id);
    $("list").hidden = true;
    $("entry").hidden = false;
    $("structure-trouble").hidden = true;
    document.title = `${id} – embench`;
    document.documentElement.dataset.entry = id;
    scrollTo(0, 0);
    $("entry-title").focus({ preventScroll: true });
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))); // the text first
    if (asked !== id) return undefined;
    await drawStructure();
    profiles(context);
    return undefined;
  };
  const showList = (trouble = "") => {
    asked = null;
    $("entry").hidden = true;
    $("list").hidden = false;
    $("list-trouble").hidden = !trouble;
    $("list-trouble").textContent = trouble;
    document.title = title;
    delete document.documentElement.dataset.entry;
    filter();
  };

  let place = 0; // how far the table was scrolled when an entry was opened
  const route = () => {
    const asks = location.hash.slice(1);
    if (asks === "" || asks.startsWith("?")) {
      const wanted = new URLSearchParams(asks.slice(1));
      for (const name of FIELDS) {
        fields[name].value = wanted.get(name) ?? "";
        if (fields[name].selectedIndex === -1) fields[name].value = "";
      }
      showList();
      scrollTo({ top: place, behavior: "instant" });
      return;
    }
    if (!$("list").hidden) place = scrollY;
    $("to-list").setAttribute("href", filterAddress());
    let id = asks;
    try {
      id = decodeURIComponent(asks);
    } catch {
      // Not an encoded name: taken as it is, and found or not.
    }
    showEntry(id).catch((error) => showList(`This entry cannot be shown: ${error.message}.`));
  };
  addEventListener("hashchange", route);
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("filters").hidden = false;
  route();
})();
