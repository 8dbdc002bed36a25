// Prints what the script of the pages draws of entries: node surroundings.mjs STRUCTURE.js RECORDS.json
import { readFileSync } from "node:fs";
import vm from "node:vm";

const [, , script, data] = process.argv;
const window = {};
vm.runInThisContext(`(window) => {${readFileSync(script, "utf8")}}`)(window);
const { radii, records } = JSON.parse(readFileSync(data, "utf8"));
const { nearest, surroundings, unpacked } = window.embenchStructure;
const found = records.map((record) => {
  const entry = unpacked(record);
  const drawn = surroundings(entry, radii);
  return { ...drawn, path: entry.path, anion: nearest(entry.path, drawn.atoms, ["anion"]) };
});
console.log(JSON.stringify(found));
