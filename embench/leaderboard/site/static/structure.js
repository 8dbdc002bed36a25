"use strict";
// The atoms around a hop, what bonds them and which polyhedra they form, from the record of an entry. Lengths are in Å.
// Nothing here touches the page: tests run it without a browser.
window.embenchStructure = (() => {
  const REACH = 5; // atoms are drawn up to this distance from the path, and beyond it those that complete a polyhedron
  // Atoms are bonded when nearer than this multiple of the sum of their covalent radii; metals lie not far behind the
  // anions around the centre of a polyanion, so that pairs without an anion must be nearer.
  const BOND = { anion: 1.2, other: 1.05 };
  const LONGEST_BOND = 3.6;
  const FEWEST_FOR_POLYHEDRON = 4;

  const add = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
  const subtract = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
  const scale = (a, factor) => [a[0] * factor, a[1] * factor, a[2] * factor];
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const length = (a) => Math.sqrt(dot(a, a));
  const unit = (a) => scale(a, 1 / (length(a) || 1));
  const cartesian = (frac, lattice) => [0, 1, 2].map((axis) => frac[0] * lattice[0][axis] + frac[1] * lattice[1][axis] + frac[2] * lattice[2][axis]);

  /** Return a record with its numbers unpacked: elements by site, fractional coordinates, ends and path in Å. */
  const unpacked = (record) => {
    const elements = record.elements.flatMap(([element, count]) => Array(count).fill(element));
    const frac = elements.map((_, n) => [0, 1, 2].map((axis) => record.frac[3 * n + axis] / 1e4));
    const path = Array.from({ length: record.path.length / 3 }, (_, n) => [0, 1, 2].map((axis) => record.path[3 * n + axis] / 100));
    const start = cartesian(frac[0], record.lattice);
    const end = cartesian(record.end, record.lattice);
    return { ...record, elements, frac, path, start, end };
  };
  /** Return `n` points of the straight line between the ends, both included. */
  const straight = ({ start, end }, n) => Array.from({ length: n }, (_, i) => add(start, scale(subtract(end, start), i / (n - 1))));

  const toSegment = (point, a, b) => {
    const along = subtract(b, a);
    const share = Math.max(0, Math.min(1, dot(subtract(point, a), along) / (dot(along, along) || 1)));
    return length(subtract(point, add(a, scale(along, share))));
  };
  /** Return the distance of a point from a path of straight pieces. */
  const fromPath = (point, path) => {
    let least = Infinity;
    for (let n = 1; n < path.length; n += 1) least = Math.min(least, toSegment(point, path[n - 1], path[n]));
    return least;
  };

  /** Return all periodic images of the sites within `reach` of the middle of the path. */
  const around = (entry, points, reach) => {
    const middle = scale(points.reduce(add, [0, 0, 0]), 1 / points.length);
    const radius = Math.max(...points.map((point) => length(subtract(point, middle)))) + reach;
    // The planes of the cell stand 1 / |row of the inverse| apart.
    const [a, b, c] = entry.lattice;
    const volume = Math.abs(dot(a, cross(b, c)));
    const heights = [cross(b, c), cross(c, a), cross(a, b)].map((normal) => volume / length(normal));
    const found = [];
    entry.frac.forEach((frac, site) => {
      const home = cartesian(frac, entry.lattice);
      // Fractional coordinates of the middle relative to the site.
      const off = subtract(middle, home);
      const centre = [dot(off, cross(b, c)), dot(off, cross(c, a)), dot(off, cross(a, b))].map((value) => value / dot(a, cross(b, c)));
      const ends = [0, 1, 2].map((axis) => [Math.ceil(centre[axis] - radius / heights[axis]), Math.floor(centre[axis] + radius / heights[axis])]);
      for (let i = ends[0][0]; i <= ends[0][1]; i += 1) {
        for (let j = ends[1][0]; j <= ends[1][1]; j += 1) {
          for (let k = ends[2][0]; k <= ends[2][1]; k += 1) {
            if (site === 0 && !i && !j && !k) continue; // the migrating ion itself is drawn on its path
            const at = add(home, cartesian([i, j, k], entry.lattice));
            if (length(subtract(at, middle)) <= radius) found.push({ site, at, element: entry.elements[site] });
          }
        }
      }
    });
    return found;
  };

  const bondsOf = (atoms, roles, radii) => {
    const found = [];
    for (let i = 0; i < atoms.length; i += 1) {
      for (let j = i + 1; j < atoms.length; j += 1) {
        const [p, q] = [roles[atoms[i].element], roles[atoms[j].element]];
        // Two anions touch, but are bonded only in rare peroxides; two metals, and the migrating element, are not.
        if (p === "migrating" || q === "migrating" || (p === q && (p === "anion" || p === "metal"))) continue;
        const away = length(subtract(atoms[i].at, atoms[j].at));
        const factor = p === "anion" || q === "anion" ? BOND.anion : BOND.other;
        if (away < LONGEST_BOND && away < factor * (radii[atoms[i].element] + radii[atoms[j].element])) found.push([i, j]);
      }
    }
    return found;
  };
  /** Return the triangles of the convex hull of a few points, as triples of their numbers; none where they are flat. */
  const hull = (points) => {
    const faces = [];
    let deep = false;
    const n = points.length;
    for (let i = 0; i < n; i += 1) {
      for (let j = i + 1; j < n; j += 1) {
        for (let k = j + 1; k < n; k += 1) {
          const normal = cross(subtract(points[j], points[i]), subtract(points[k], points[i]));
          if (length(normal) < 1e-6) continue;
          const sides = points.map((point) => dot(unit(normal), subtract(point, points[i])));
          if (sides.some((side) => Math.abs(side) > 0.3)) deep = true;
          if (sides.every((side) => side <= 0.02) || sides.every((side) => side >= -0.02)) faces.push([i, j, k]);
        }
      }
    }
    return deep ? faces : [];
  };

  /**
   * Return what surrounds the hop of an unpacked entry: atoms with `at`, `site`, `element`, `role` and `distance` from
   * the path, `bonds` as pairs of atoms, and `polyhedra` as centre and triangles. `radii` are covalent, by element.
   */
  const surroundings = (entry, radii) => {
    const paths = [straight(entry, 5), entry.path];
    const near = around(entry, paths.flat(), REACH + LONGEST_BOND);
    for (const atom of near) {
      atom.distance = Math.min(...paths.map((path) => fromPath(atom.at, path)));
      atom.role = entry.roles[atom.element];
    }
    const candidates = near.filter((atom) => atom.distance <= REACH + LONGEST_BOND);
    const all = bondsOf(candidates, entry.roles, radii);
    const centred = (atom) => (atom.role === "metal" || atom.role === "centre") && atom.distance <= REACH;
    const kept = new Set(candidates.filter((atom) => atom.distance <= REACH));
    for (const [i, j] of all) {
      if (centred(candidates[i])) kept.add(candidates[j]);
      if (centred(candidates[j])) kept.add(candidates[i]);
    }
    const atoms = candidates.filter((atom) => kept.has(atom));
    const number = new Map(atoms.map((atom, n) => [atom, n]));
    const bonds = all.filter(([i, j]) => kept.has(candidates[i]) && kept.has(candidates[j])).map(([i, j]) => [number.get(candidates[i]), number.get(candidates[j])]);
    const corners = new Map();
    for (const [i, j] of bonds) {
      for (const [centre, corner] of [[i, j], [j, i]]) {
        if (centred(atoms[centre])) corners.set(centre, [...(corners.get(centre) ?? []), corner]);
      }
    }
    const polyhedra = [...corners].filter(([, members]) => members.length >= FEWEST_FOR_POLYHEDRON && members.length <= 14)
      .map(([centre, members]) => ({ centre, triangles: hull(members.map((m) => atoms[m].at)).map((face) => face.map((m) => members[m])) }))
      .filter(({ triangles }) => triangles.length);
    return { atoms, bonds, polyhedra };
  };

  /** Return the distance from each point of a path to the nearest atom of some roles; null beyond REACH. */
  const nearest = (points, atoms, roles) => {
    // Images of the migrating ion move with it: they do not count.
    const chosen = atoms.filter((atom) => roles.includes(atom.role) && atom.site !== 0);
    return points.map((point) => {
      const least = Math.min(Infinity, ...chosen.map((atom) => length(subtract(atom.at, point))));
      return least <= REACH ? least : null;
    });
  };

  return { REACH, add, cartesian, cross, dot, fromPath, hull, length, nearest, scale, straight, subtract, surroundings, unit, unpacked };
})();
