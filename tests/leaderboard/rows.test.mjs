// The rules by which the site's tables sort and filter, without a browser. Run by `make js`, or `node --test` on this file.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { runInThisContext } from "node:vm";

// The script is one for pages, which from file:// cannot load modules: it is given the `window` that it expects.
const SCRIPT = new URL("../../embench/leaderboard/site/static/rows.js", import.meta.url);
const page = {};
runInThisContext(`(window) => {${readFileSync(SCRIPT, "utf8")}\n}`)(page);
const { boardShows, compare, keyOf, nextOrder, ordered } = page.embenchRows;

const sortedBy = (keys, order) => ordered(keys, order, (key) => key);

test("a cell sorts by its number, by its text, or as one without a value", () => {
  assert.deepEqual(["0.25", "-1e-3", "10", "0"].map(keyOf), [0.25, -0.001, 10, 0]);
  assert.deepEqual(["Orb-v3", "1 h", "−0.5"].map(keyOf), ["Orb-v3", "1 h", "−0.5"]);
  assert.deepEqual(["", "–"].map(keyOf), [null, null]);
});

test("numbers are ordered by size and not as texts", () => {
  assert.deepEqual(sortedBy([10, 9, -1, 2.5], "ascending"), [-1, 2.5, 9, 10]);
  assert.deepEqual(sortedBy([10, 9, -1, 2.5], "descending"), [10, 9, 2.5, -1]);
});

test("texts are ordered by the alphabet, whatever their case", () => {
  assert.deepEqual(sortedBy(["median", "Éclair", "alignn", "MACE"], "ascending"), ["alignn", "Éclair", "MACE", "median"]);
  assert.ok(compare("a", "b", 1) < 0);
  assert.ok(compare("a", "b", -1) > 0);
});

test("what has no value comes last, in both directions", () => {
  assert.deepEqual(sortedBy([null, 1, null, 2], "ascending"), [1, 2, null, null]);
  assert.deepEqual(sortedBy([null, 1, null, 2], "descending"), [2, 1, null, null]);
  assert.equal(compare(null, null, -1), 0);
});

test("of equal rows the tie decides, always from the low end; without one they stay as they were", () => {
  const rows = [{ key: 1, rank: 3 }, { key: 2, rank: 2 }, { key: 1, rank: 1 }];
  const ranks = (order, tie) => ordered(rows, order, (row) => row.key, tie).map((row) => row.rank);
  assert.deepEqual(ranks("ascending", (row) => row.rank), [1, 3, 2]);
  assert.deepEqual(ranks("descending", (row) => row.rank), [2, 1, 3]);
  assert.deepEqual(ranks("ascending"), [3, 1, 2]);
  assert.deepEqual(rows.map((row) => row.rank), [3, 2, 1], "the rows that were given are left alone");
});

test("a click on a head begins with its first order, and then turns it round", () => {
  assert.equal(nextOrder("ascending", null), "ascending");
  assert.equal(nextOrder("ascending", "ascending"), "descending");
  assert.equal(nextOrder("ascending", "descending"), "ascending");
  assert.equal(nextOrder("descending", null), "descending");
  assert.equal(nextOrder("descending", "descending"), "ascending");
});

test("the board shows rows of the chosen kinds that hold the query", () => {
  const row = { kind: "potential-neb", search: "orb-v3 potential" };
  const shown = (query, ...kinds) => boardShows(row, { query, kinds: new Set(kinds) });
  assert.equal(shown("", "hybrid", "potential-neb"), true);
  assert.equal(shown("b-v3", "potential-neb"), true);
  assert.equal(shown("mace", "potential-neb"), false);
  assert.equal(shown("", "hybrid"), false);
  assert.equal(shown(""), false);
});

test("a level of theory leaves the systems that state it", () => {
  const row = { kind: "potential-neb", search: "orb-v3", level: "PBE+U" };
  const shown = (level) => boardShows(row, { query: "", kinds: new Set(["potential-neb"]), level });
  assert.equal(shown(""), true);
  assert.equal(shown("PBE+U"), true);
  assert.equal(shown("PBE"), false);
  assert.equal(boardShows({ ...row, level: "" }, { query: "", kinds: new Set(["potential-neb"]), level: "PBE" }), false);
});
