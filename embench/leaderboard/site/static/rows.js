"use strict";
// Which rows of a table are shown, and in which order. Nothing here touches the page: tests run it without a browser.
window.embenchRows = (() => {
  /** Return what a cell sorts by: a number where its text is one, null where it says that there is no value. */
  const keyOf = (text) => {
    if (text === "" || text === "–") return null;
    return Number.isNaN(Number(text)) ? text : Number(text);
  };
  /** Compare two keys of a column: numbers by size, texts by the alphabet; null last, whatever the direction. */
  const compare = (a, b, direction) => {
    if (a === null || b === null) return (a === null) - (b === null);
    const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en");
    return direction * order;
  };
  /** Return `rows` ordered by `key`, "ascending" or "descending"; of equal rows, the one with the lower `tie` comes first. */
  const ordered = (rows, order, key, tie = () => 0) => {
    const direction = order === "ascending" ? 1 : -1;
    return [...rows].sort((a, b) => compare(key(a), key(b), direction) || compare(tie(a), tie(b), 1));
  };
  /** Return the order after a click: `first` where the column has another one or none, and the opposite after `first`. */
  const nextOrder = (first, now) => {
    if (now !== first) return first;
    return first === "ascending" ? "descending" : "ascending";
  };

  /** Tell whether the board shows a row: `row` holds its data attributes, `state` the chosen kinds and the query. */
  const boardShows = (row, state) => state.kinds.has(row.kind) && row.search.includes(state.query);

  const plain = (text) => text.toLowerCase().replaceAll(/\s+/g, " ");
  const EXACT = ["ion", "class", "functional", "split"];
  /** Return what the filters of the table of entries compare, from the data attributes of a row. */
  const entryFacts = (row) => ({
    ...Object.fromEntries(EXACT.map((name) => [name, row[name]])),
    search: plain(row.search),
    flags: new Set(row.flags.split(" ").filter(Boolean)),
  });
  /**
   * Tell whether an entry fits all filters; an empty filter fits any. The flag "none" asks for entries without flags, and
   * every word of the search must be found.
   */
  const entryShows = (facts, wanted) => {
    if (wanted.flag === "none" && facts.flags.size) return false;
    if (wanted.flag && wanted.flag !== "none" && !facts.flags.has(wanted.flag)) return false;
    if (EXACT.some((name) => wanted[name] && facts[name] !== wanted[name])) return false;
    return plain(wanted.search).trim().split(" ").every((word) => facts.search.includes(word));
  };
  /**
   * Return the entries that share a group with entry `at`, each once under its closest relation, as [number, relation];
   * the closest relation first, then the most similar hop.
   */
  const neighbours = ({ groups, hop }, at) => {
    const found = new Map();
    for (const [relation, members] of Object.entries(groups)) {
      members.forEach((group, other) => {
        if (other !== at && group === members[at] && !found.has(other)) found.set(other, relation);
      });
    }
    const rank = Object.keys(groups);
    const nearness = ([other, relation]) => [rank.indexOf(relation), Math.abs(hop[other] - hop[at]), other];
    return [...found].sort((a, b) => {
      const [x, y] = [nearness(a), nearness(b)];
      return x[0] - y[0] || x[1] - y[1] || x[2] - y[2];
    });
  };

  return { boardShows, compare, entryFacts, entryShows, keyOf, neighbours, nextOrder, ordered };
})();
