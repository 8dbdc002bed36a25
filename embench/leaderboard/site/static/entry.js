"use strict";
// The page of one entry: the pathway in 3D, the tables and charts that are made from its record.
(async () => {
  const $ = (id) => document.getElementById(id);
  const shared = embench.value("entry-data");
  const packed = JSON.parse(await embench.unpack(document.getElementById("record").textContent, shared.start));
  // What is the same on all these pages stands in one file; it is markup of ours, without data.
  for (const [place, markup] of Object.entries(shared.frame)) $(place).innerHTML = markup;
  embench.prepare(document);
  const entry = embenchStructure.unpacked(packed);
  const columns = new Map(shared.columns.map(([name], n) => [name, n]));
  const value = (name) => packed.values[columns.get(name)];
  const label = value("migration_barrier");
  const root = document.documentElement.dataset.root;
  const covalent = Object.fromEntries(Object.entries(shared.elements).map(([element, [, radius]]) => [element, radius]));
  const jmol = Object.fromEntries(Object.entries(shared.elements).map(([element, [colour]]) => [element, colour]));

  /** Make an element; texts become text nodes, so that nothing in the data is read as markup. */
  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, given] of Object.entries(attributes)) {
      if (name === "class") node.className = given;
      else if (name === "style") Object.assign(node.style, given);
      else node.setAttribute(name, given);
    }
    node.append(...children.flat().filter((child) => child !== null));
    return node;
  };
  const number = (given, decimals = 3, sign = false) => {
    if (given === null || given === undefined) return "–";
    const rounded = Number(given.toFixed(decimals)) + 0;
    return (sign && rounded > 0 ? "+" : "") + rounded.toFixed(decimals).replace("-", "−");
  };
  const range = (low, high) => Array.from({ length: high - low }, (_, n) => low + n);

  // --- Dots on a common scale ---------------------------------------------------------------------------------------
  const niceStep = (span) => {
    const power = 10 ** Math.floor(Math.log10(span / 4));
    return [1, 2, 5, 10].map((factor) => factor * power).find((step) => span / step <= 5);
  };
  /** Return a scale (eV) on which most of `values` lie; what is far beyond is drawn at its edge. */
  const scaleFor = (values) => {
    const sorted = [...values].sort((a, b) => a - b);
    const usual = sorted[Math.floor(0.75 * (sorted.length - 1))] ?? label;
    const limit = 2.2 * Math.max(label, usual, 0.1);
    const shown = [label, ...values].filter((each) => each <= limit);
    const low = Math.min(0, ...shown);
    const high = Math.max(...shown) * 1.06;
    const step = niceStep(high - low);
    const ticks = range(Math.ceil(low / step), Math.floor(high / step) + 1).map((n) => n * step);
    return { low, high, ticks, decimals: Math.max(0, -Math.floor(Math.log10(step))), place: (each) => (100 * (Math.min(high, Math.max(low, each)) - low)) / (high - low) };
  };
  const percent = (given) => `${given.toFixed(2)}%`;
  const track = (scale, { predicted, sigma, kind, filled }) => {
    const box = make("span", { class: "track", "aria-hidden": "true" });
    for (const tick of scale.ticks) box.append(make("i", { class: "grid", style: { left: percent(scale.place(tick)) } }));
    box.append(make("i", { class: "label-line", style: { left: percent(scale.place(label)) } }));
    if (sigma !== null) {
      const [from, to] = [scale.place(predicted - 1.96 * sigma), scale.place(predicted + 1.96 * sigma)];
      box.append(make("i", { class: "whisker", style: { left: percent(from), right: percent(100 - to) } }));
    }
    const beyond = predicted > scale.high ? " beyond-high" : predicted < scale.low ? " beyond-low" : "";
    box.append(make("i", { class: `dot ${kind}${filled ? " filled-in" : ""}${beyond}`, style: { left: percent(scale.place(predicted)) } }));
    return box;
  };
  const axisRow = (scale) => {
    const box = make("span", { class: "track scale", "aria-hidden": "true" });
    for (const tick of scale.ticks) box.append(make("b", { style: { left: percent(scale.place(tick)) } }, tick.toFixed(scale.decimals).replace("-", "−")));
    box.append(make("i", { class: "label-line", style: { left: percent(scale.place(label)) } }));
    return box;
  };

  // --- What the systems predict -------------------------------------------------------------------------------------
  const protocolChoice = $("protocol");
  const scored = shared.protocols.filter((found) => packed.predictions[found.name]);
  const rowsOf = (protocol) =>
    packed.predictions[protocol.name].systems
      .map((found, n) => {
        const [predicted, sigma, filled] = Array.isArray(found) ? found : [found, null, 0];
        return { ...protocol.systems[n], predicted: predicted === null ? null : predicted / 1000, sigma: sigma === null ? null : sigma / 1000, filled };
      })
      .filter((row) => row.predicted !== null);
  const showPredictions = () => {
    const protocol = scored.find((found) => found.name === protocolChoice.value);
    const about = packed.predictions[protocol.name];
    $("prediction-note").textContent = `${protocol.title}: ${protocol.description}. This entry is in fold ${about.fold}; its host framework was ${about.seen_host ? "" : "not "}among the training entries.`;
    const rows = rowsOf(protocol);
    if (document.querySelector("input[name=order]:checked").value === "error") rows.sort((a, b) => Math.abs(a.predicted - label) - Math.abs(b.predicted - label));
    const scale = scaleFor(rows.map((row) => row.predicted));
    $("prediction-axis").replaceChildren(axisRow(scale));
    $("prediction-label").textContent = `${number(label)} eV`;
    $("prediction-rows").replaceChildren(...rows.map((row) => make("tr", {},
      make("td", { class: "rank" }, String(row.rank ?? "–")),
      make("th", { scope: "row" }, make("a", { href: `${root}submissions/${encodeURIComponent(row.slug)}.html` }, row.name), make("small", {}, row.filled ? "no prediction: worst reference" : shared.kinds[row.kind] ?? row.kind)),
      make("td", { class: "dots" }, track(scale, row)),
      make("td", {}, number(row.predicted), row.sigma === null ? null : make("small", {}, `± ${number(row.sigma)}`)),
      make("td", {}, number(row.predicted - label, 3, true)))));
  };
  if (scored.length) {
    protocolChoice.append(...scored.map((found) => make("option", { value: found.name }, found.title)));
    $("prediction-fields").hidden = false;
    $("prediction-table").hidden = false;
    protocolChoice.addEventListener("change", showPredictions);
    $("order").addEventListener("change", showPredictions);
    showPredictions();
  } else $("prediction-note").textContent = "This entry is scored in no protocol on the board: its released structure is damaged.";

  // --- Raw labels, values -------------------------------------------------------------------------------------------
  $("citation").textContent = value("citation") ?? "not named in the public release";
  const RAW = { structure_class: ["raw_class", "raw_structure_file_class"], composition: ["raw_composition"], functional: ["raw_functional"],
    crystal_system: ["raw_crystal_system"], space_group: ["raw_space_group"], pathway: ["raw_pathway"], formula: ["raw_formula"] };
  const words = (name) => name.replaceAll("_", " ").replace(/^./, (letter) => letter.toUpperCase());
  const cell = (given, unit) => {
    if (given === null) return "–";
    if (typeof given === "boolean") return given ? "yes" : "no";
    const text = typeof given === "number" ? String(given).replace("-", "−") : given;
    return unit ? `${text} ${unit}` : text;
  };
  document.querySelector("#source details").addEventListener("toggle", () => {
    $("provenance-rows").replaceChildren(...Object.entries(RAW).map(([name, raw]) => {
      const given = [...new Set(raw.map(value))];
      const same = given.length === 1 && given[0] === value(name);
      return make("tr", { class: same ? "" : "changed" }, make("th", { scope: "row" }, words(name)), make("td", {}, cell(value(name))), make("td", {}, given.join("; ")));
    }));
    const sections = [...new Set(shared.columns.map(([, section]) => section))];
    $("value-tables").replaceChildren(...sections.map((section) => make("table", { class: "values" }, make("caption", {}, section), make("tbody", {},
      shared.columns.flatMap(([name, own, unit, description], n) => (own === section
        ? [make("tr", {}, make("th", { scope: "row" }, make("code", {}, name), make("small", {}, description)), make("td", {}, cell(packed.values[n], unit)))] : []))))));
  }, { once: true });

  // --- Charts -------------------------------------------------------------------------------------------------------
  const scene = { entry, ...embenchStructure.surroundings(entry, covalent), colours: jmol, radii: covalent };
  const straightLength = embenchStructure.length(embenchStructure.subtract(entry.end, entry.start));
  const chart = (parts, title, limits) => ({
    data: parts.map(({ name, values, relaxed, color, symbol }) => {
      const total = relaxed ? packed.length : straightLength;
      const x = values.map((_, n) => (total * n) / (values.length - 1));
      const kept = values.flatMap((each, n) => (each === null ? [] : [n]));
      return { type: "scatter", mode: "lines+markers", name, x: kept.map((n) => x[n]), y: kept.map((n) => values[n]), line: { color, width: relaxed ? 2.4 : 1.6, dash: relaxed ? "solid" : "dash" },
        marker: { color, size: 5, symbol }, hovertext: kept.map((n) => `${name}<br>${number(values[n], 2)} at ${number(x[n], 2)} Å`) };
    }),
    layout: { xaxis: { title: { text: "Distance along the path (Å)" }, rangemode: "tozero" }, yaxis: { title: { text: title }, ...limits }, height: 320 },
  });
  const drawCharts = () => {
    const line = embenchStructure.straight(entry, entry.path.length);
    const near = (points, ...roles) => embenchStructure.nearest(points, scene.atoms, roles);
    const cations = ["metal", "centre", "migrating"];
    const parts = [
      { name: "nearest anion, relaxed", values: near(entry.path, "anion"), relaxed: true, color: "--vermilion", symbol: "circle" },
      { name: "nearest anion, straight", values: near(line, "anion"), relaxed: false, color: "--vermilion", symbol: "circle-open" },
      { name: "nearest cation, relaxed", values: near(entry.path, ...cations), relaxed: true, color: "--green", symbol: "square" },
      { name: "nearest cation, straight", values: near(line, ...cations), relaxed: false, color: "--green", symbol: "square-open" },
    ];
    embench.draw($("plot-distances"), chart(parts.filter((part) => part.values.some((each) => each !== null)), "Distance to the atom (Å)", { rangemode: "tozero" }));
    const [relaxed, straight] = [packed.energy, packed.straight_energy].map((list) => list.map((each) => each / 1000));
    const top = Math.max(...relaxed, 0.2);
    const low = Math.min(...relaxed, ...straight, 0);
    const high = Math.min(Math.max(...straight, top), 2.5 * top);
    const energies = [
      { name: "relaxed path", values: relaxed, relaxed: true, color: "--blue", symbol: "circle" },
      { name: "straight line", values: straight.map((each) => Math.min(each, high * 1.02)), relaxed: false, color: "--muted", symbol: "circle-open" },
    ];
    embench.draw($("plot-energy"), chart(energies, "Site energy − start (eV)", { range: [low - 0.06 * (high - low), high * 1.04] }));
  };
  const MARKS = ["circle", "square", "diamond", "triangle-up", "pentagon"];
  const COLOURS = ["--vermilion", "--blue", "--green", "--purple", "--orange"];
  const drawProfiles = () => {
    if (!packed.profiles.length) return;
    $("neb").hidden = false;
    const data = packed.profiles.map(({ potential, energies, flags }, n) => {
      const known = energies.flatMap((each, i) => (each === null ? [] : [i]));
      return {
        type: "scatter", mode: "lines+markers", name: potential, x: known.map((i) => i / (energies.length - 1)), y: known.map((i) => energies[i] / 1000),
        line: { color: COLOURS[n % COLOURS.length], width: 2 }, marker: { color: COLOURS[n % COLOURS.length], size: 8, symbol: `${MARKS[n % MARKS.length]}${flags.length ? "-open" : ""}` },
        hovertext: known.map((i) => `${potential}<br>image ${i + 1}: ${number(energies[i] / 1000)} eV${flags.length ? `<br>${flags.join(", ").replaceAll("_", " ")}` : ""}`),
      };
    });
    const line = { type: "line", xref: "paper", x0: 0, x1: 1, y0: label, y1: label, line: { color: "--text", width: 1.5, dash: "dash" } };
    const levels = data.flatMap((trace) => trace.y);
    const [low, high] = [Math.min(0, ...levels), Math.max(label, ...levels)];
    embench.draw($("plot-neb"), { data, layout: { height: 260, shapes: [line], xaxis: { title: { text: "start to end" }, range: [-0.03, 1.03], tickvals: [0, 0.5, 1], ticktext: ["0", "0.5", "1"] },
      yaxis: { title: { text: "E − start (eV)" }, range: [low - 0.05 * (high - low), high + 0.08 * (high - low)] } } });
  };

  // --- The pathway in 3D --------------------------------------------------------------------------------------------
  const canvas = $("structure");
  const viewer = embenchViewer.show(canvas, scene, (text) => {
    $("pointed").textContent = text;
  });
  const reaches = [...$("reach").options].map((option) => Number(option.value));
  const legend = () => {
    const counts = viewer.counts();
    const item = (mark, name, text) => make("li", {}, mark, make("span", {}, make("b", {}, name), ` ${text}`));
    const swatch = (colour) => make("i", { class: "swatch ball", style: { background: colour } });
    const blocked = packed.reason ? `; still blocked: ${packed.reason}` : "";
    $("legend").replaceChildren(
      item(swatch(viewer.ionColour()), entry.elements[0], `migrating; its relaxed path, ${number(packed.length, 2)} Å, passes ${number(packed.clearance, 2)} Å from the nearest atom${blocked}`),
      item(make("i", { class: "swatch dashed" }), "straight line", `of the released band, ${number(straightLength, 2)} Å`),
      ...Object.entries(counts).map(([element, count]) => item(swatch(viewer.colourOf(element)), element, `${entry.roles[element] === "migrating" ? "other ions of the migrating element" : shared.roles[entry.roles[element]]}, ${count} drawn`)));
  };
  const showChoices = () => {
    const boxes = Object.fromEntries([...$("structure-controls").querySelectorAll("input[type=checkbox]")].map((box) => [box.value, box.checked]));
    viewer.set({ reach: Number($("reach").value), ...boxes });
    legend();
  };
  $("reach").value = String(embenchViewer.reachFor(scene, reaches));
  $("structure-controls").addEventListener("change", showChoices);
  $("structure-controls").addEventListener("click", (event) => {
    const view = event.target.closest("[data-view]")?.dataset.view;
    if (view) viewer.view(view);
  });
  showChoices();
  drawProfiles();
  drawCharts();

  // --- Saving -------------------------------------------------------------------------------------------------------
  const files = {
    cif: () => ["cif", "chemical/x-cif", embenchExports.cif(entry)],
    poscar: () => ["poscar", "text/plain", embenchExports.poscarBand(entry)],
    extxyz: () => ["extxyz", "text/plain", embenchExports.extxyz(entry, embenchStructure.cartesian)],
    json: () => ["json", "application/json", JSON.stringify({ entry_id: packed.id, ...Object.fromEntries(shared.columns.map(([name], n) => [name, packed.values[n]])), lattice: packed.lattice,
      species: entry.elements, frac_coords: entry.frac, path_end: packed.end })],
  };
  const python = `import embench\n\nentry = embench.load()["${packed.id}"]\nstructure = entry.structure()  # pymatgen; site 0 migrates\nband = entry.images(5)`;
  embench.copies($("copy-python"), () => python);
  embench.copies($("copy-link"), () => document.querySelector('link[rel="canonical"]').href);
  $("saves").addEventListener("click", (event) => {
    const wanted = files[event.target.dataset.save];
    if (!wanted) return;
    const [ending, type, text] = wanted();
    const link = make("a", { href: URL.createObjectURL(new Blob([text], { type })), download: `${packed.id}.${ending}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  window.embenchEntry = { entry, scene, viewer }; // for who wants to look at it in the console, and for tests
  document.documentElement.dataset.ready = "true";
})();
