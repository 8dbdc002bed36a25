"use strict";
// What the search of the entries understands: an ion ("Li", "Li+", "Mg2+"), a compound however it is written
// ("LiFePO₄", "LiFePO4", "Na3V2(PO4)3", its elements in any order), a part of a name, a word in British or American
// spelling. Nothing here touches the page: tests run it without a browser.
window.embenchSearch = (() => {
  const SPELLINGS = [[/sulph/g, "sulf"], [/aluminium/g, "aluminum"], [/caesium/g, "cesium"], [/ll(?=ed|ing)/g, "l"], [/our\b/g, "or"], [/centre/g, "center"], [/fibre/g, "fiber"]];
  const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";
  const SUPERSCRIPTS = { "⁺": "+", "⁰": "0", "¹": "1", "²": "2", "³": "3", "⁴": "4" };
  /** Return a text with plain digits and signs. */
  const ascii = (text) => text.replace(/[₀-₉]/g, (digit) => SUBSCRIPTS.indexOf(digit)).replace(/[⁺⁰¹²³⁴]/g, (sign) => SUPERSCRIPTS[sign]);
  /** Return a word as it is compared: lower case, one spelling. */
  const plain = (text) => SPELLINGS.reduce((found, [one, other]) => found.replace(one, other), ascii(text).toLowerCase());

  /** Return the amounts of the elements in a formula, brackets multiplied out; null where it is none. */
  const amounts = (formula) => {
    const text = ascii(formula).replace(/[[{]/g, "(").replace(/[\]}]/g, ")");
    const stack = [{}];
    let rest = text;
    while (rest) {
      const found = /^(?:([A-Z][a-z]?)(\d*\.?\d*)|(\()|\)(\d*\.?\d*))/.exec(rest);
      if (!found) return null;
      rest = rest.slice(found[0].length);
      if (found[1]) stack.at(-1)[found[1]] = (stack.at(-1)[found[1]] ?? 0) + (found[2] ? Number(found[2]) : 1);
      else if (found[3]) stack.push({});
      else {
        if (stack.length < 2) return null;
        const group = stack.pop();
        const times = found[4] ? Number(found[4]) : 1;
        for (const [element, amount] of Object.entries(group)) stack.at(-1)[element] = (stack.at(-1)[element] ?? 0) + amount * times;
      }
    }
    return stack.length === 1 && Object.keys(stack[0]).length ? stack[0] : null;
  };
  /** Return a formula as a text that is the same however it is written: elements by the alphabet, amounts as shares. */
  const key = (formula) => {
    const found = amounts(formula);
    if (!found) return null;
    const total = Object.values(found).reduce((sum, amount) => sum + amount, 0);
    return Object.keys(found).sort().map((element) => `${element}${(found[element] / total).toFixed(4)}`).join(" ");
  };
  const ION = /^([A-Z][a-z]?)(?:(\d?)\+|\+(\d?))$/;

  /** Prepare an entry {id, ion, composition, formula, words, …} for {@link matches}. */
  const facts = (entry) => ({
    ion: entry.ion,
    keys: [key(entry.composition), key(entry.formula)],
    text: plain([entry.id, entry.composition, entry.formula, entry.structure_class, entry.functional, entry.words, entry.ion].join(" ")),
  });
  /** Return what a query asks for: a test of facts, every word of which must hold. `ions` are the migrating ions. */
  const query = (text, ions) => {
    const tests = text.trim().split(/\s+/).filter(Boolean).map((word) => {
      const charged = ION.exec(ascii(word));
      if (charged) return (found) => found.ion === charged[1];
      // The symbol of a migrating ion alone means the ion: "Li" is in nearly every second formula.
      if (ions.includes(word)) return (found) => found.ion === word;
      const compound = /\d|\(/.test(ascii(word)) || /[A-Z][a-z]?[A-Z]/.test(word) ? key(word) : null;
      const part = plain(word);
      return (found) => (compound !== null && found.keys.includes(compound)) || found.text.includes(part);
    });
    return (found) => tests.every((test) => test(found));
  };
  /** Tell whether a value lies between two ends, either of which may be missing. */
  const within = (value, low, high) => (low === null || value >= low) && (high === null || value <= high);
  return { amounts, facts, key, plain, query, within };
})();
