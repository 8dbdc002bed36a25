// Scores files with the evaluator of the site: node evaluate.mjs SCRIPT DATA.json → one JSON line for each file.
import { readFileSync } from "node:fs";
import vm from "node:vm";

const [, , script, data] = process.argv;
const window = {};
vm.runInThisContext(`(window) => {${readFileSync(script, "utf8")}}`)(window);
const { settings, files } = JSON.parse(readFileSync(data, "utf8"));
for (const { protocol, path } of files) {
  const predictions = window.embenchEvaluator.parse(readFileSync(path, "utf8"));
  const { entries, ...found } = window.embenchEvaluator.evaluate(predictions, settings.protocols[protocol], settings);
  console.log(JSON.stringify({ ...found, worst: entries[0].id }));
}
