"use strict";
// The evaluator in the browser: the same scores and intervals as embench.evaluate gives, from the same random numbers.
// Nothing here touches the page: tests run it without a browser, against the evaluator in Python.
window.embenchEvaluator = (() => {
  const MASK64 = (1n << 64n) - 1n;
  const MASK128 = (1n << 128n) - 1n;
  const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n; // of PCG64: O'Neill, HMC-CS-2014-0905 (2014)
  const MINIMUM_CLUSTERS = 5;
  const MINIMUM_CLUSTERS_BCA = 10;
  const LARGEST_ACCELERATION = 0.25;
  const MINIMUM_BEYOND = 10;

  /** Return a function that gives the next 32 random bits of NumPy's PCG64 (XSL-RR), low half of each 64 bits first. */
  const pcg64 = ({ state, inc }) => {
    let now = BigInt(state);
    const step = BigInt(inc);
    let kept = -1;
    return () => {
      if (kept >= 0) {
        const high = kept;
        kept = -1;
        return high;
      }
      now = (now * MULTIPLIER + step) & MASK128;
      const mixed = (now >> 64n) ^ (now & MASK64);
      const turn = now >> 122n;
      const bits = ((mixed >> turn) | (mixed << ((64n - turn) & 63n))) & MASK64;
      kept = Number(bits >> 32n);
      return Number(bits & 0xffffffffn);
    };
  };
  /** Return a function that draws whole numbers below `n` (Lemire, ACM Trans. Model. Comput. Simul. 29, 3, 2019). */
  const bounded = (next, n) => {
    const threshold = (4294967296 - n) % n;
    return () => {
      for (;;) {
        const product = next() * n;
        const low = product % 4294967296;
        if (low >= n || low >= threshold) return (product - low) / 4294967296;
      }
    };
  };
  /** Return how often each of `clusters` is drawn in each of `resamples`, row by row. */
  const draws = (clusters, resamples, generator) => {
    const draw = bounded(pcg64(generator), clusters);
    const counts = new Uint8Array(resamples * clusters);
    for (let row = 0; row < resamples; row += 1) {
      for (let n = 0; n < clusters; n += 1) counts[row * clusters + draw()] += 1;
    }
    return counts;
  };

  // --- The normal distribution --------------------------------------------------------------------------------------
  /** erf by its series near zero and by the continued fraction of erfc beyond; Abramowitz and Stegun 7.1.6 and 7.1.14. */
  const erf = (x) => {
    const size = Math.abs(x);
    if (size > 6) return Math.sign(x);
    if (size < 2.5) {
      let term = size;
      let sum = size;
      for (let n = 1; Math.abs(term) > 1e-18; n += 1) {
        term *= (2 * size * size) / (2 * n + 1);
        sum += term;
      }
      return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * Math.exp(-size * size) * sum;
    }
    let fraction = 0;
    for (let n = 80; n > 0; n -= 1) fraction = n / 2 / (size + fraction);
    return Math.sign(x) * (1 - Math.exp(-size * size) / Math.sqrt(Math.PI) / (size + fraction));
  };
  const normalCdf = (x) => 0.5 * (1 + erf(x / Math.SQRT2));
  /** The quantile of the normal distribution, by Newton's method on its distribution function. */
  const normalQuantile = (share) => {
    let x = 0;
    for (let round = 0; round < 100; round += 1) {
      const step = (normalCdf(x) - share) / (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI));
      x -= Math.max(-1, Math.min(1, step));
      if (Math.abs(step) < 1e-15) break;
    }
    return x;
  };

  // --- Intervals ----------------------------------------------------------------------------------------------------
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const count = (sorted, limit, including) => sorted.filter((value) => (including ? value <= limit : value < limit)).length;
  /** Return the corrected levels of the limits (Efron, J. Am. Stat. Assoc. 82, 171, 1987), null where they are not stable. */
  const bcaLevels = (value, sorted, jackknife) => {
    const rounding = 1e-12 * Math.max(1, Math.abs(value));
    const share = (count(sorted, value - rounding, false) + count(sorted, value + rounding, true)) / (2 * sorted.length);
    const mean = sum(jackknife) / jackknife.length;
    const influence = jackknife.map((each) => mean - each);
    const spread = sum(influence.map((each) => each ** 2));
    if (!(share > 0 && share < 1) || spread <= 1e-24 * Math.max(1, value ** 2)) return null;
    const acceleration = sum(influence.map((each) => each ** 3)) / (6 * spread ** 1.5);
    if (Math.abs(acceleration) > LARGEST_ACCELERATION) return null;
    const bias = normalQuantile(share);
    const levels = [];
    for (const tail of [0.025, 0.975]) {
      const shifted = bias + normalQuantile(tail);
      const scale = 1 - acceleration * shifted;
      if (scale <= 0) return null;
      levels.push(normalCdf(bias + shifted / scale));
    }
    const [low, high] = levels;
    return Math.min(low, 1 - high) * sorted.length < MINIMUM_BEYOND * (1 - 1e-12) || low >= high ? null : levels;
  };
  const quantile = (sorted, level) => {
    const place = level * (sorted.length - 1);
    const low = Math.min(Math.floor(place), sorted.length - 2);
    return sorted[low] + (place - low) * (sorted[low + 1] - sorted[low]);
  };
  const known = new Map(); // clusters → draws: every system gets the same
  /** Return the 95 % interval of the mean of `losses` whose clusters are `cluster`; null from too few of them. */
  const interval = (losses, cluster, { resamples, generator }) => {
    const clusters = Math.max(...cluster) + 1;
    if (clusters < MINIMUM_CLUSTERS) return null;
    const [totals, sizes] = [new Float64Array(clusters), new Float64Array(clusters)];
    losses.forEach((loss, n) => {
      totals[cluster[n]] += loss;
      sizes[cluster[n]] += 1;
    });
    if (!known.has(clusters)) known.set(clusters, draws(clusters, resamples, generator));
    const counts = known.get(clusters);
    const replicates = new Float64Array(resamples);
    for (let row = 0; row < resamples; row += 1) {
      let [total, size] = [0, 0];
      for (let n = 0; n < clusters; n += 1) {
        const times = counts[row * clusters + n];
        total += times * totals[n];
        size += times * sizes[n];
      }
      replicates[row] = total / size;
    }
    const sorted = replicates.sort();
    const [all, n] = [sum([...totals]), losses.length];
    const value = all / n;
    const jackknife = [...totals].map((total, own) => (all - total) / (n - sizes[own]));
    const levels = (clusters >= MINIMUM_CLUSTERS_BCA ? bcaLevels(value, sorted, jackknife) : null) ?? [0.025, 0.975];
    return levels.map((level) => quantile(sorted, level));
  };

  // --- Files and scores ---------------------------------------------------------------------------------------------
  /** Return the predictions of a CSV by entry; throws an Error that names the line. */
  const parse = (text) => {
    const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
    const separator = lines[0].includes(";") ? ";" : lines[0].includes("\t") ? "\t" : ",";
    const cells = (line) => line.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
    const head = cells(lines[0]);
    const [at, value] = [head.indexOf("entry_id"), head.indexOf("prediction")];
    if (at < 0 || value < 0) throw new Error("The first line must name the columns entry_id and prediction.");
    const found = new Map();
    lines.slice(1).forEach((line, n) => {
      if (!line.trim()) return;
      const row = cells(line);
      const id = row[at];
      const given = (row[value] ?? "").replace(separator === ";" ? "," : "", separator === ";" ? "." : "");
      if (given === "") return; // no prediction
      if (!id) throw new Error(`Line ${n + 2} names no entry.`);
      if (!Number.isFinite(Number(given))) throw new Error(`Line ${n + 2}: “${given}” is no number.`);
      if (found.has(id)) throw new Error(`Line ${n + 2}: ${id} stands in the file twice.`);
      found.set(id, Number(given));
    });
    if (!found.size) throw new Error("The file holds no predictions.");
    return found;
  };

  /**
   * Return the scores of predictions (by entry, eV) on a protocol: MAE with interval, RMSE, R², bias, accuracy, rank on
   * the board, and all entries, the worst first. Entries without a prediction are scored with `fill` of the protocol.
   */
  const evaluate = (predictions, protocol, settings) => {
    const { ids, target, fill, cluster, flags } = protocol;
    const entries = ids.map((id, n) => {
      const filled = !predictions.has(id);
      const prediction = filled ? fill[n] : predictions.get(id);
      return { id, target: target[n], prediction, error: prediction - target[n], filled, flags: flags[n] };
    });
    const n = entries.length;
    const losses = entries.map((entry) => Math.abs(entry.error));
    const mean = sum(target) / n;
    const squares = sum(entries.map((entry) => entry.error ** 2));
    const right = entries.filter((entry) => entry.target < settings.threshold === entry.prediction < settings.threshold);
    const mae = sum(losses) / n;
    const known = new Set(ids);
    return {
      n,
      mae,
      interval: interval(losses, cluster, settings),
      rmse: Math.sqrt(squares / n),
      r2: 1 - squares / sum(target.map((each) => (each - mean) ** 2)),
      bias: sum(entries.map((entry) => entry.error)) / n,
      accuracy: right.length / n,
      filled: entries.filter((entry) => entry.filled).length,
      unknown: [...predictions.keys()].filter((id) => !known.has(id)),
      rank: 1 + protocol.board.filter(([, other]) => other < mae).length,
      systems: protocol.board.length + 1,
      entries: [...entries].sort((a, b) => Math.abs(b.error) - Math.abs(a.error)),
    };
  };
  return { draws, erf, evaluate, interval, normalQuantile, parse };
})();
