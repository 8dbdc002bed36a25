// What the search of the entries understands, without a browser. Run by `make js`, or `node --test` on this file.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { runInThisContext } from "node:vm";

const SCRIPT = new URL("../../embench/leaderboard/site/static/search.js", import.meta.url);
const page = {};
runInThisContext(`(window) => {${readFileSync(SCRIPT, "utf8")}\n}`)(page);
const { amounts, facts, query, within } = page.embenchSearch;

const IONS = ["Li", "Na", "Mg"];
const entry = (changes) => facts({ id: "O-LiFePO4", composition: "LiFePO4", formula: "Li15Fe16P16O64", ion: "Li", structure_class: "OLIVINE", functional: "GGA", words: "Orthorhombic Pnma", ...changes });
const OLIVINE = entry({});
const NASICON = entry({ id: "Na3V2P3O12", composition: "Na3V2P3O12", formula: "Na17V12P18O72", ion: "Na", structure_class: "NASICON", words: "R-3c" });
const THIO = entry({ id: "MgTi2S4", composition: "MgTi2S4", formula: "MgTi32S64", ion: "Mg", structure_class: "SPINEL SULFIDE", words: "" });
const finds = (text, found) => query(text, IONS)(found);

test("brackets are multiplied out, whatever their kind", () => {
  // Counted by hand: Na3V2(PO4)3 has 3 P and 12 O.
  assert.deepEqual(amounts("Na3V2(PO4)3"), { Na: 3, V: 2, P: 3, O: 12 });
  assert.deepEqual(amounts("K[Fe(CN)6]0.5"), { K: 1, Fe: 0.5, C: 3, N: 3 });
  assert.deepEqual(amounts("LiFePO₄"), { Li: 1, Fe: 1, P: 1, O: 4 });
  assert.equal(amounts("spinel"), null);
  assert.equal(amounts("(PO4"), null);
});

test("a symbol of a migrating ion means the ion, with and without its charge", () => {
  for (const text of ["Li", "Li+", "Li⁺", "Li1+"]) assert.equal(finds(text, OLIVINE), true, text);
  assert.equal(finds("Li", NASICON), false);
  assert.equal(finds("Mg2+", THIO), true);
  assert.equal(finds("Mg²⁺", THIO), true);
  assert.equal(finds("Na+", OLIVINE), false);
});

test("a compound is found however its formula is written", () => {
  for (const text of ["LiFePO4", "LiFePO₄", "FeLiPO4", "Li2Fe2P2O8", "Li15Fe16P16O64"]) assert.equal(finds(text, OLIVINE), true, text);
  assert.equal(finds("Na3V2(PO4)3", NASICON), true);
  assert.equal(finds("Na3V2(PO4)3", OLIVINE), false);
  assert.equal(finds("NaFePO4", OLIVINE), false);
});

test("every word must hold, in any order and case, in British and American spelling", () => {
  assert.equal(finds("pnma olivine", OLIVINE), true);
  assert.equal(finds("olivine r-3c", OLIVINE), false);
  assert.equal(finds("sulphide", THIO), true);
  assert.equal(finds("sulfide Mg", THIO), true);
  assert.equal(finds("", THIO), true);
});

test("a range holds its ends, and either of them may be open", () => {
  assert.equal(within(0.3, 0.3, 0.5), true);
  assert.equal(within(0.5, 0.3, 0.5), true);
  assert.equal(within(0.51, 0.3, 0.5), false);
  assert.equal(within(9, null, null), true);
  assert.equal(within(0.2, 0.3, null), false);
});
