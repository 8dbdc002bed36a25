"use strict";
// One entry of the dataset: everything that the page says of it, made from its record.
window.entryView = (() => {
  const $ = (id) => document.getElementById(id);
  const settings = embench.read("entries-settings");
  const SUPERSCRIPTS = ["", "⁺", "²⁺", "³⁺", "⁴⁺"];

  /** Make an element; texts become text nodes, so that nothing in the data is read as markup. */
  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "class") node.className = value;
      else if (name === "style") Object.assign(node.style, value);
      else node.setAttribute(name, value);
    }
    node.append(...children.flat().filter((child) => child !== null));
    return node;
  };
  const number = (value, decimals = 3, sign = false) => {
    if (value === null || value === undefined) return "–";
    const rounded = Number(value.toFixed(decimals)) + 0;
    return (sign && rounded > 0 ? "+" : "") + rounded.toFixed(decimals).replace("-", "−");
  };
  const range = (low, high) => Array.from({ length: high - low }, (_, n) => low + n);

  /** Return a formula as chemists write it, amounts as subscripts: "Ca7 Mn1 F48" is Ca₇MnF₄₈. */
  const formula = (text) => {
    const parts = text.split(" ").flatMap((part) => {
      const [, element, amount] = part.match(/^([A-Za-z]+)([0-9.]*)$/) ?? [null, part, ""];
      return amount && amount !== "1" ? [element, make("sub", {}, amount)] : [element];
    });
    return make("span", { class: "formula" }, parts);
  };
  const address = (id) => `#${encodeURIComponent(id)}`;

  // --- Dots on a common scale -------------------------------------------------------------------------------------
  const niceStep = (span) => {
    const power = 10 ** Math.floor(Math.log10(span / 4));
    return [1, 2, 5, 10].map((factor) => factor * power).find((step) => span / step <= 5);
  };
  /** Return a scale (eV) on which most of `values` lie; what is far beyond is drawn at its edge. */
  const scaleFor = (values, label) => {
    const sorted = [...values].sort((a, b) => a - b);
    const usual = sorted[Math.floor(0.75 * (sorted.length - 1))] ?? label;
    const limit = 2.2 * Math.max(label, usual, 0.1);
    const shown = [label, ...values].filter((value) => value <= limit);
    const low = Math.min(0, ...shown);
    const high = Math.max(...shown) * 1.06;
    const step = niceStep(high - low);
    const ticks = range(Math.ceil(low / step), Math.floor(high / step) + 1).map((n) => n * step);
    const decimals = Math.max(0, -Math.floor(Math.log10(step)));
    return { low, high, ticks, decimals, place: (value) => (100 * (Math.min(high, Math.max(low, value)) - low)) / (high - low) };
  };
  const percent = (value) => `${value.toFixed(2)}%`;
  const track = (scale, label, { value = null, sigma = null, kind = "", filled = false } = {}) => {
    const box = make("span", { class: "track", "aria-hidden": "true" });
    for (const tick of scale.ticks) box.append(make("i", { class: "grid", style: { left: percent(scale.place(tick)) } }));
    box.append(make("i", { class: "label-line", style: { left: percent(scale.place(label)) } }));
    if (value === null) return box;
    if (sigma !== null) {
      const [from, to] = [scale.place(value - 1.96 * sigma), scale.place(value + 1.96 * sigma)];
      box.append(make("i", { class: "whisker", style: { left: percent(from), right: percent(100 - to) } }));
    }
    const beyond = value > scale.high ? " beyond-high" : value < scale.low ? " beyond-low" : "";
    box.append(make("i", { class: `dot ${kind}${filled ? " filled-in" : ""}${beyond}`, style: { left: percent(scale.place(value)) } }));
    return box;
  };
  const axisRow = (scale, label) => {
    const box = make("span", { class: "track scale", "aria-hidden": "true" });
    for (const tick of scale.ticks) {
      box.append(make("b", { style: { left: percent(scale.place(tick)) } }, tick.toFixed(scale.decimals).replace("-", "−")));
    }
    box.append(make("i", { class: "label-line", style: { left: percent(scale.place(label)) } }));
    return box;
  };

  // --- Sections ---------------------------------------------------------------------------------------------------
  const waitingTime = (barrier) => {
    const seconds = 1e-13 * Math.exp(barrier / (settings.boltzmann * settings.temperature));
    const units = [[1e-9, "ps", 1e-12], [1e-6, "ns", 1e-9], [1e-3, "µs", 1e-6], [1, "ms", 1e-3], [100, "s", 1], [1e4, "minutes", 60],
      [2e5, "hours", 3600], [3e7, "days", 86400], [3e10, "years", 3.156e7]];
    const found = units.find(([limit]) => seconds < limit);
    if (found) return [`${(seconds / found[2]).toPrecision(2).replace(/e\+?(\d+)/, "")} ${found[1]}`];
    return ["10", make("sup", {}, String(Math.round(Math.log10(seconds / 3.156e7)))), " years"];
  };

  const head = (context) => {
    const { record, value, at, index } = context;
    const place = [value("structure_class"), value("space_group"), value("functional"), `published ${value("published_split")} part`];
    $("entry-kicker").textContent = place.join(" · ");
    $("entry-title").textContent = record.id;
    const ion = `${value("mobile_ion")}${SUPERSCRIPTS[record.charge] ?? ""}`;
    const limit = value("concentration_limit") === "dilute" ? "alone of its kind in the cell" : "into a vacancy among others of its kind";
    $("entry-lead").replaceChildren(
      `${ion} hops ${number(value("hop_distance"), 2)} Å in `, formula(index.formula[at]), `, ${limit}. In the literature it climbs `,
      make("strong", {}, `E`, make("sub", {}, "m"), ` = ${number(value("migration_barrier"))} eV`),
      ` on the way (${value("functional")}, nudged elastic band). At ${settings.temperature} K, with 10`, make("sup", {}, "13"),
      " attempts a second, it then waits about ", make("span", { class: "nowrap" }, waitingTime(value("migration_barrier"))), " for a hop.",
    );
    $("entry-flags").replaceChildren(...record.flags.map((flag) =>
      make("li", {}, make("a", { class: "flag-chip", href: "#", "data-jump": `flag-${flag}` }, flag.replaceAll("_", " ")))));
  };

  const flags = ({ record, index }) => {
    $("flags-section").hidden = !record.flags.length;
    const found = index.flags.filter((flag) => record.flags.includes(flag.name));
    $("flag-list").replaceChildren(...found.flatMap((flag) => [
      make("dt", { id: `flag-${flag.name}`, tabindex: "-1" }, flag.name.replaceAll("_", " ")),
      make("dd", {}, `${flag.description} `, make("span", { class: "rule" }, `Set where ${flag.rule}.`), " ",
        make("a", { href: `#?flag=${encodeURIComponent(flag.name)}` }, "All entries with this flag")),
    ]));
  };

  const legend = ({ record, value }, reach) => {
    const ion = value("mobile_ion");
    const swatch = (colour, shape) => make("i", { class: `swatch ${shape}`, style: { background: `var(${colour})` } });
    const item = (mark, name, text) => make("li", {}, mark, make("span", {}, make("b", {}, name), ` ${text}`));
    const blocked = record.relaxed.reason ? `; still blocked: ${record.relaxed.reason}` : "";
    $("legend").replaceChildren(
      item(swatch(entryStructure.ION, "ball"), ion, `migrating; its relaxed path, ${number(record.relaxed.length, 2)} Å long, passes ${number(record.relaxed.clearance, 2)} Å from the nearest atom${blocked}`),
      item(make("i", { class: "swatch dashed" }), "straight line", `with the five released images, ${number(value("hop_distance"), 2)} Å long`),
      ...entryStructure.legend(record, ion, reach).filter((found) => found.count)
        .map((found) => item(swatch(found.colour, "ball"), found.name, `${found.role}, ${found.count} drawn, radius ${number(found.radius, 2)} Å`)),
    );
  };

  const profileFigure = (record, parts, yTitle, limits) => {
    const x = (length, count) => range(0, count).map((n) => Number(((length * n) / (count - 1)).toFixed(3)));
    const data = parts.map(({ name, values, path, color, symbol }) => ({
      type: "scatter",
      mode: "lines+markers",
      name,
      x: x(path === "relaxed" ? record.relaxed.length : record.straight.length, values.length),
      y: values,
      line: { color, width: path === "relaxed" ? 2.4 : 1.6, dash: path === "relaxed" ? "solid" : "dash" },
      marker: { color, size: 5, symbol },
      hovertemplate: `%{y:.2f} at %{x:.2f} Å<extra>${name}</extra>`,
    }));
    const axis = (text, extra) => ({ title: { text, standoff: 8 }, gridcolor: "--grid", zerolinecolor: "--axis", linecolor: "--axis", ticks: "outside",
      tickcolor: "--axis", automargin: true, ...extra });
    return {
      data,
      layout: {
        paper_bgcolor: "rgba(0,0,0,0)",
        plot_bgcolor: "rgba(0,0,0,0)",
        font: { family: "system-ui, sans-serif", size: 13, color: "--text" },
        margin: { l: 52, r: 10, t: 8, b: 44 },
        hovermode: "closest",
        hoverlabel: { bgcolor: "--surface", bordercolor: "--axis", font: { color: "--text", size: 13 } },
        legend: { orientation: "h", x: 0, y: 1.0, yanchor: "bottom" },
        xaxis: axis("Distance along the path (Å)", { rangemode: "tozero", zeroline: false }),
        yaxis: axis(yTitle, limits),
      },
    };
  };
  const profiles = ({ record }) => {
    const { straight, relaxed } = record;
    const distances = [
      { name: "nearest anion, relaxed", values: relaxed.anion, path: "relaxed", color: "--vermilion", symbol: "circle" },
      { name: "nearest anion, straight", values: straight.anion, path: "straight", color: "--vermilion", symbol: "circle-open" },
      { name: "nearest cation, relaxed", values: relaxed.cation, path: "relaxed", color: "--green", symbol: "square" },
      { name: "nearest cation, straight", values: straight.cation, path: "straight", color: "--green", symbol: "square-open" },
    ].filter((part) => part.values.some((value) => value !== null));
    embench.draw($("plot-distances"), profileFigure(record, distances, "Distance to the atom (Å)", { rangemode: "tozero" }));
    const top = Math.max(...relaxed.energy, 0.2);
    const low = Math.min(...relaxed.energy, ...straight.energy, 0);
    const energies = [
      { name: "relaxed path", values: relaxed.energy, path: "relaxed", color: "--blue", symbol: "circle" },
      { name: "straight line", values: straight.energy, path: "straight", color: "--muted", symbol: "circle-open" },
    ];
    const high = Math.min(Math.max(...straight.energy, top), 2.5 * top);
    const margin = 0.06 * (high - low);
    embench.draw($("plot-energy"), profileFigure(record, energies, "Site energy − start (eV)", { range: [low - margin, high + margin] }));
  };

  // --- What the systems predict -----------------------------------------------------------------------------------
  const predictionRows = (context, protocol, order) => {
    const found = context.record.predictions[protocol.name];
    const label = context.index.barrier[context.at];
    const rows = found.systems.map((prediction, n) => ({ ...protocol.systems[n], prediction })).filter((row) => row.prediction);
    if (order === "error") rows.sort((a, b) => Math.abs(a.prediction[0] - label) - Math.abs(b.prediction[0] - label));
    return rows;
  };
  const predictions = (context, protocolName, order) => {
    const label = context.index.barrier[context.at];
    const protocol = context.protocols.find((found) => found.name === protocolName);
    const scored = protocol && context.record.predictions[protocol.name];
    $("prediction-table").hidden = !scored;
    $("prediction-note").textContent = scored
      ? `${protocol.title}: ${protocol.description}. This entry is in fold ${scored.fold}; its host framework was ${scored.seen_host ? "" : "not "}among the training entries.`
      : "This entry is scored in no protocol on the board: its released structure is damaged.";
    if (!scored) return;
    const rows = predictionRows(context, protocol, order);
    const scale = scaleFor(rows.map((row) => row.prediction[0]), label);
    $("prediction-axis").replaceChildren(axisRow(scale, label));
    $("prediction-label").textContent = `${number(label)} eV`;
    $("prediction-rows").replaceChildren(...rows.map((row) => {
      const [value, sigma, filled] = row.prediction;
      const name = make("a", { href: `submissions/${encodeURIComponent(row.slug)}.html` }, row.name);
      const note = make("small", {}, filled ? "no prediction: worst reference" : settings.kinds[row.kind] ?? row.kind);
      const spread = sigma === null ? null : make("small", {}, `± ${number(sigma)}`);
      return make("tr", {},
        make("td", { class: "rank" }, String(row.rank ?? "–")),
        make("th", { scope: "row" }, name, note),
        make("td", { class: "dots" }, track(scale, label, { value, sigma, kind: row.kind, filled })),
        make("td", {}, number(value), spread),
        make("td", {}, number(value - label, 3, true)));
    }));
  };

  // --- Neighbours -------------------------------------------------------------------------------------------------
  const RELATIONS = {
    duplicate: "same hop under another name",
    structure: "another hop in the same structure",
    compound: "same compound",
    "host and ion": "same host framework and ion",
    host: "same host framework",
    prototype: "same structure prototype",
  };
  const FEW = 12;
  const showNeighbours = (context, all) => {
    const { index, at } = context;
    const found = embenchRows.neighbours(index, at);
    const shown = all ? found : found.slice(0, FEW);
    $("neighbours-none").hidden = found.length > 0;
    $("neighbours-table").hidden = !found.length;
    $("neighbours-all").hidden = found.length <= FEW || all;
    $("neighbours-all").textContent = `Show all ${found.length} relatives`;
    const label = index.barrier[at];
    const scale = scaleFor(shown.map(([other]) => index.barrier[other]), label);
    $("neighbours-axis").replaceChildren(axisRow(scale, label));
    $("neighbours-rows").replaceChildren(...shown.map(([other, relation]) => make("tr", {},
      make("th", { scope: "row" }, make("a", { href: address(index.id[other]) }, index.id[other]), make("small", {}, index.ion[other], " in ", formula(index.formula[other]))),
      make("td", { class: "relation" }, RELATIONS[relation] ?? relation),
      make("td", {}, number(index.hop[other], 2)),
      make("td", { class: "dots" }, track(scale, label, { value: index.barrier[other], kind: "entry" })),
      make("td", {}, number(index.barrier[other])))));
  };

  // --- Provenance and all values ----------------------------------------------------------------------------------
  const RAW = { structure_class: ["raw_class", "raw_structure_file_class"], composition: ["raw_composition"], functional: ["raw_functional"],
    crystal_system: ["raw_crystal_system"], space_group: ["raw_space_group"], pathway: ["raw_pathway"], formula: ["raw_formula"] };
  const words = (name) => name.replaceAll("_", " ").replace(/^./, (letter) => letter.toUpperCase());
  const cell = (value, unit) => {
    if (value === null) return "–";
    if (typeof value === "boolean") return value ? "yes" : "no";
    const text = typeof value === "number" ? String(value).replace("-", "−") : value;
    return unit ? `${text} ${unit}` : text;
  };
  const provenance = ({ value }) => {
    $("provenance-rows").replaceChildren(...Object.entries(RAW).map(([name, raw]) => {
      const given = [...new Set(raw.map(value))];
      const same = given.length === 1 && given[0] === value(name);
      return make("tr", { class: same ? "" : "changed" }, make("th", { scope: "row" }, words(name)), make("td", {}, cell(value(name))), make("td", {}, given.join("; ")));
    }));
    $("citation").textContent = value("citation") ?? "not named in the public release";
  };
  const values = ({ index, record }) => {
    const sections = [...new Set(index.columns.map((column) => column.section))];
    $("value-tables").replaceChildren(...sections.map((section) => {
      const rows = index.columns.flatMap((column, n) => (column.section === section ? [make("tr", {},
        make("th", { scope: "row" }, make("code", {}, column.name), make("small", {}, column.description)),
        make("td", {}, cell(record.values[n], column.unit)))] : []));
      return make("table", { class: "values" }, make("caption", {}, section), make("tbody", {}, rows));
    }));
  };

  /** Fill the view with an entry. */
  const fill = (context) => {
    head(context);
    flags(context);
    showNeighbours(context, false);
    provenance(context);
    values(context);
  };

  return { address, fill, legend, make, number, predictions, profiles, showNeighbours };
})();
