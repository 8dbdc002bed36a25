"use strict";
// The page that scores a file: reads it, scores it with evaluator.js, shows what came out.
(() => {
  const $ = (id) => document.getElementById(id);
  const form = $("score-form");
  let text = null;
  let name = "";
  const loading = embench.load("assets/score-data.js", "score-data").then(embench.unpack).then(JSON.parse);

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const number = (value, sign = false) => {
    const shown = Math.abs(value).toFixed(3);
    return `${value < 0 && Number(shown) ? "−" : sign && Number(shown) ? "+" : ""}${shown}`;
  };
  const tile = (value, label, note) => make("li", {}, make("b", { textContent: value }), make("span", { textContent: label }), make("small", { textContent: note }));
  const trouble = (message) => {
    $("trouble").textContent = message;
    $("trouble").hidden = !message;
    $("result").hidden = Boolean(message);
  };
  const show = (found, protocol) => {
    const { board } = protocol;
    const next = board.find(([, mae]) => mae >= found.mae);
    const filled = found.filled ? ` ${found.filled} entries have no prediction: the worst of the reference predictions stands in, as on the board.` : "";
    const unknown = found.unknown.length ? ` ${found.unknown.length} lines belong to no scored entry (first: ${found.unknown[0]}).` : "";
    const few = protocol.ids.length - found.filled < protocol.enough;
    const place = few
      ? `${name} would have no rank on “${protocol.title.toLowerCase()}”, which needs ${protocol.enough} predictions.`
      : `${name} would stand ${found.rank} of ${found.systems} on “${protocol.title.toLowerCase()}”${next ? `, just before ${next[0]} (${number(next[1])} eV)` : ", last"}.`;
    $("sentence").textContent = `${place}${filled}${unknown}`;
    $("tiles").replaceChildren(
      tile(`${number(found.mae)} eV`, "mean absolute error", found.interval ? `95 % interval ${number(found.interval[0])} to ${number(found.interval[1])}` : ""),
      tile(number(found.r2), "R²", "0 is no better than the mean"), tile(`${number(found.rmse)} eV`, "root mean square error", ""),
      tile(`${number(found.bias, true)} eV`, "mean error", ""), tile(`${Math.round(100 * found.accuracy)} %`, "on the right side of the threshold", ""));
    $("worst").tBodies[0].replaceChildren(...found.entries.slice(0, 10).map((entry) => make("tr", {},
      make("th", { scope: "row" }, make("a", { href: `entries/${encodeURIComponent(entry.id)}/index.html`, textContent: entry.id })),
      make("td", { textContent: number(entry.target) }), make("td", { textContent: number(entry.prediction) }), make("td", { textContent: number(entry.error, true) }),
      make("td", { className: "text", textContent: entry.flags.join(", ").replaceAll("_", " ") || "–" }))));
    trouble("");
    $("result-title").focus();
    document.documentElement.dataset.scored = String(found.mae);
  };
  const score = async () => {
    if (text === null) return;
    $("working").textContent = "Scoring …";
    delete document.documentElement.dataset.scored;
    await new Promise((resolve) => setTimeout(resolve, 20)); // the word above is seen first
    try {
      const data = await loading;
      const protocol = data.protocols[form.protocol.value];
      const predictions = embenchEvaluator.parse(text);
      if (!protocol.ids.some((id) => predictions.has(id))) throw new Error("No line of the file belongs to an entry that this protocol scores.");
      show(embenchEvaluator.evaluate(predictions, protocol, data), protocol);
    } catch (error) {
      trouble(error.message);
    }
    $("working").textContent = "";
  };
  const take = async (file) => {
    if (!file) return;
    name = file.name;
    text = await file.text();
    score();
  };
  $("file").addEventListener("change", () => take($("file").files[0]));
  form.protocol.addEventListener("change", score);
  form.addEventListener("submit", (event) => event.preventDefault());
  const drop = $("drop");
  for (const type of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", type === "dragover");
      if (type === "drop") take(event.dataTransfer.files[0]);
    });
  }
  document.documentElement.dataset.ready = "true";
})();
