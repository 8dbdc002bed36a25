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

  /** Tell whether the board shows a row: `row` holds its data attributes, `state` the chosen kinds, level of theory and query. */
  const boardShows = (row, state) => state.kinds.has(row.kind) && (!state.level || row.level === state.level) && row.search.includes(state.query);

  return { boardShows, compare, keyOf, nextOrder, ordered };
})();
