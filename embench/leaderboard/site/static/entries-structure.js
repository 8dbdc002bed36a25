"use strict";
// The pathway in three dimensions: a figure for plotly.js from the record of an entry.
window.entryStructure = (() => {
  const COLOURS = {
    migrating: ["--sky"],
    anion: ["--vermilion", "--orange", "--warn-edge"],
    centre: ["--purple", "--grey", "--warn-edge"],
    metal: ["--green", "--grey", "--orange", "--muted"],
  };
  const ROLES = {
    migrating: "other ions of the migrating element",
    anion: "anion",
    centre: "polyanion centre",
    metal: "framework metal",
  };
  const ION = "--blue";
  const FILL = { atoms: 3.1, cell: 2.5 }; // how much of the view is taken by the drawn atoms, or by the cell
  const ENOUGH = { polyhedra: 3, atoms: 40 };
  const N_IMAGES = 9; // drawn on the relaxed path
  const CELL_EDGES = [0, 1, 0, 2, 0, 4, 1, 3, 1, 5, 2, 3, 2, 6, 3, 7, 4, 5, 4, 6, 5, 7, 6, 7];

  const add = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
  const subtract = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
  const scale = (a, factor) => [a[0] * factor, a[1] * factor, a[2] * factor];
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const length = (a) => Math.sqrt(dot(a, a));
  const unit = (a) => scale(a, 1 / (length(a) || 1));

  // A sphere of radius one: an icosahedron, each of its faces divided twice.
  const sphere = (() => {
    const g = (1 + Math.sqrt(5)) / 2;
    const points = [
      [-1, g, 0], [1, g, 0], [-1, -g, 0], [1, -g, 0], [0, -1, g], [0, 1, g],
      [0, -1, -g], [0, 1, -g], [g, 0, -1], [g, 0, 1], [-g, 0, -1], [-g, 0, 1],
    ].map(unit);
    let faces = [
      [0, 11, 5], [0, 5, 1], [0, 1, 7], [0, 7, 10], [0, 10, 11], [1, 5, 9], [5, 11, 4], [11, 10, 2], [10, 7, 6], [7, 1, 8],
      [3, 9, 4], [3, 4, 2], [3, 2, 6], [3, 6, 8], [3, 8, 9], [4, 9, 5], [2, 4, 11], [6, 2, 10], [8, 6, 7], [9, 8, 1],
    ];
    for (let round = 0; round < 2; round += 1) {
      const between = new Map();
      const middle = (a, b) => {
        const key = a < b ? `${a} ${b}` : `${b} ${a}`;
        if (!between.has(key)) between.set(key, points.push(unit(add(points[a], points[b]))) - 1);
        return between.get(key);
      };
      faces = faces.flatMap(([a, b, c]) => {
        const [ab, bc, ca] = [middle(a, b), middle(b, c), middle(c, a)];
        return [[a, ab, ca], [b, bc, ab], [c, ca, bc], [ab, bc, ca]];
      });
    }
    return { points, faces };
  })();

  const mesh = (extra) => ({ type: "mesh3d", x: [], y: [], z: [], i: [], j: [], k: [], text: [], ...extra });
  const triangles = (trace, faces, offset) => {
    for (const [a, b, c] of faces) {
      trace.i.push(a + offset);
      trace.j.push(b + offset);
      trace.k.push(c + offset);
    }
  };
  const addSphere = (trace, centre, radius, text) => {
    const offset = trace.x.length;
    for (const point of sphere.points) {
      trace.x.push(centre[0] + radius * point[0]);
      trace.y.push(centre[1] + radius * point[1]);
      trace.z.push(centre[2] + radius * point[2]);
      trace.text.push(text);
    }
    triangles(trace, sphere.faces, offset);
  };
  const addRod = (trace, start, end, radius, sides = 7) => {
    const along = unit(subtract(end, start));
    const across = unit(cross(along, Math.abs(along[0]) < 0.8 ? [1, 0, 0] : [0, 1, 0]));
    const other = cross(along, across);
    const offset = trace.x.length;
    const faces = [];
    for (let side = 0; side < sides; side += 1) {
      const angle = (2 * Math.PI * side) / sides;
      const out = add(scale(across, radius * Math.cos(angle)), scale(other, radius * Math.sin(angle)));
      for (const centre of [start, end]) {
        const point = add(centre, out);
        trace.x.push(point[0]);
        trace.y.push(point[1]);
        trace.z.push(point[2]);
      }
      const [a, b] = [2 * side, (2 * side + 2) % (2 * sides)];
      faces.push([a, b, a + 1], [b, b + 1, a + 1]);
    }
    triangles(trace, faces, offset);
  };
  const LIGHT = {
    flatshading: false,
    lighting: { ambient: 0.62, diffuse: 0.6, specular: 0.22, roughness: 0.5, fresnel: 0.02, vertexnormalsepsilon: 0 },
    // In the frame of the view, where depth counts much more than width and height: above the reader's left shoulder.
    lightposition: { x: -6e4, y: 9e4, z: -2e3 },
    hoverlabel: { align: "left" },
  };
  const solid = (color, name, extra) => mesh({ color, name, showlegend: true, hoverinfo: "text", ...LIGHT, ...extra });

  /**
   * Return which atoms are drawn: those within `reach` (Å) of the path and those that complete a polyhedron around one
   * of them; and these polyhedra.
   */
  const chosen = (atoms, reach) => {
    const polyhedra = atoms.polyhedra.filter(([centre]) => atoms.distance[centre] <= reach);
    const corners = new Set(polyhedra.flatMap(([, found]) => found));
    const drawn = atoms.kind.map((_, n) => atoms.distance[n] <= reach || corners.has(n));
    return { drawn, polyhedra };
  };

  /** Return the least of `reaches` (Å) that shows what surrounds the path: some polyhedra, or many atoms. */
  const reachFor = ({ atoms }, reaches) =>
    reaches.find((reach) => {
      const { drawn, polyhedra } = chosen(atoms, reach);
      return polyhedra.length >= ENOUGH.polyhedra || drawn.filter(Boolean).length >= ENOUGH.atoms;
    }) ?? reaches.at(-1);

  const atomPoints = (atoms) => atoms.kind.map((_, n) => atoms.at.slice(3 * n, 3 * n + 3));
  const colourOf = (atoms) => {
    const used = {};
    return atoms.roles.map((role) => {
      used[role] = (used[role] ?? -1) + 1;
      return COLOURS[role][Math.min(used[role], COLOURS[role].length - 1)];
    });
  };

  const atomTraces = ({ atoms }, points, colours, drawn) =>
    atoms.elements.map((element, kind) => {
      const trace = solid(colours[kind], `${element}, ${ROLES[atoms.roles[kind]]}`);
      atoms.kind.forEach((own, n) => {
        if (own !== kind || !drawn[n]) return;
        const image = atoms.site[n] === 0 ? ", periodic image of the migrating ion" : `, site ${atoms.site[n]}`;
        const away = `${atoms.distance[n].toFixed(2)} Å from the path`;
        addSphere(trace, points[n], atoms.radii[kind], `<b>${element}</b>${image}<br>${away}`);
      });
      return trace;
    }).filter((trace) => trace.x.length);

  const bondTrace = ({ atoms: { bonds } }, points, drawn) => {
    const trace = solid("--axis", "bonds", { hoverinfo: "skip", meta: "bonds" });
    for (let n = 0; n < bonds.length; n += 2) {
      const [first, second] = [bonds[n], bonds[n + 1]];
      if (drawn[first] && drawn[second]) addRod(trace, points[first], points[second], 0.05);
    }
    return trace;
  };

  const polyhedronTraces = ({ atoms }, points, colours, polyhedra) => {
    const byKind = new Map();
    for (const [centre, corners] of polyhedra) {
      const kind = atoms.kind[centre];
      if (!byKind.has(kind)) {
        const name = `polyhedra of ${atoms.elements[kind]}`;
        byKind.set(kind, mesh({ color: colours[kind], opacity: 0.16, flatshading: true, hoverinfo: "skip", name, meta: "polyhedra" }));
      }
      const trace = byKind.get(kind);
      const offset = trace.x.length;
      for (const corner of corners) {
        const [x, y, z] = points[corner];
        trace.x.push(x);
        trace.y.push(y);
        trace.z.push(z);
      }
      for (let n = 0; n < corners.length; n += 3) triangles(trace, [[n, n + 1, n + 2]], offset);
    }
    return [...byKind.values()];
  };

  const line = (points, settings) => ({
    type: "scatter3d",
    mode: "lines",
    x: points.map((point) => point[0]),
    y: points.map((point) => point[1]),
    z: points.map((point) => point[2]),
    hoverinfo: "skip",
    ...settings,
  });

  const pathTraces = (record, ion) => {
    const { straight, relaxed } = record;
    const images = straight.images;
    const straightLine = line(images, {
      name: "straight line, five released images",
      mode: "lines+markers",
      line: { color: "--text", width: 6, dash: "dash" },
      marker: { color: "--surface", size: 6, symbol: "circle", line: { color: "--text", width: 2 } },
      hoverinfo: "text",
      text: images.map((_, n) => `released image ${n + 1} of ${images.length}, straight line`),
    });
    const tube = solid(ION, `${ion}, migrating: relaxed path`, {});
    const points = relaxed.points;
    const total = points.length - 1;
    for (let n = 0; n < total; n += 1) addRod(tube, points[n], points[n + 1], 0.07);
    while (tube.text.length < tube.x.length) tube.text.push(`relaxed path, ${relaxed.length.toFixed(2)} Å long`);
    const radius = record.ionRadius;
    for (let n = 0; n < N_IMAGES; n += 1) {
      const place = (n * total) / (N_IMAGES - 1);
      const at = points[Math.round(place)];
      const isEnd = n === 0 || n === N_IMAGES - 1;
      const name = n === 0 ? "start" : isEnd ? "end" : `image ${n + 1} of ${N_IMAGES}`;
      const along = ((relaxed.length * n) / (N_IMAGES - 1)).toFixed(2);
      addSphere(tube, at, isEnd ? radius : 0.45 * radius, `<b>${ion}</b>, ${name} of the relaxed path<br>${along} Å from the start`);
    }
    return [straightLine, tube];
  };

  const corners = ({ lattice, corner }) =>
    Array.from({ length: 8 }, (_, n) => {
      let point = corner;
      for (let axis = 0; axis < 3; axis += 1) if ((n >> axis) & 1) point = add(point, lattice[axis]);
      return point;
    });
  const cellTraces = (record) => {
    const at = corners(record);
    const edges = [];
    for (let n = 0; n < CELL_EDGES.length; n += 2) edges.push(at[CELL_EDGES[n]], at[CELL_EDGES[n + 1]], [null, null, null]);
    const cell = line(edges, { name: "unit cell", line: { color: "--grey", width: 2 }, meta: "cell", showlegend: true });
    const tips = record.lattice.map((vector) => add(record.corner, scale(vector, 1.04)));
    const names = line(tips, { mode: "text", text: ["a", "b", "c"], textfont: { color: "--muted", size: 14 }, showlegend: false, meta: "cell" });
    return [cell, names];
  };
  const labelTrace = ({ atoms }, points, drawn) => {
    const text = atoms.kind.map((kind) => atoms.elements[kind]).filter((_, n) => drawn[n]);
    return line(points.filter((_, n) => drawn[n]), { mode: "text", text, textfont: { color: "--text", size: 12 }, showlegend: false, meta: "labels" });
  };

  /** Return from where, around the hop, the fewest atoms hide the path, and what is up then. */
  const clearest = (record, along, bend) => {
    const points = atomPoints(record.atoms);
    const near = points.filter((_, n) => record.atoms.distance[n] <= 4);
    let best = null;
    for (let step = -4; step <= 13; step += 1) {
      const angle = (step * Math.PI) / 9;
      const up = add(scale(bend, Math.cos(angle)), scale(cross(along, bend), Math.sin(angle)));
      const out = cross(along, up);
      let hidden = 0.15 * Math.abs(Math.sin(angle)); // the bend of the path is seen best from its side
      for (const atom of near) {
        for (const place of record.relaxed.points) {
          const from = subtract(atom, place);
          const depth = dot(from, out);
          if (depth > 0 && length(subtract(from, scale(out, depth))) < 0.75) hidden += 1 / record.relaxed.points.length;
        }
      }
      if (!best || hidden < best.hidden - 1e-9) best = { hidden, out, up };
    }
    return [best.out, best.up];
  };

  /** Return the direction to look along so that the path lies across the view and its bend in the plane of the screen. */
  const views = (record) => {
    const { points } = record.relaxed;
    const along = unit(subtract(points.at(-1), points[0]));
    let bend = [0, 0, 0];
    for (const point of points) {
      const from = subtract(point, points[0]);
      const off = subtract(from, scale(along, dot(from, along)));
      if (length(off) > length(bend)) bend = off;
    }
    if (length(bend) < 0.1) {
      const axis = record.lattice.map(unit).sort((a, b) => Math.abs(dot(a, along)) - Math.abs(dot(b, along)))[0];
      bend = subtract(axis, scale(along, dot(axis, along)));
    }
    const [out, up] = clearest(record, along, unit(bend));
    // A little from above and from the side: nothing hides exactly behind anything else.
    const side = unit(add(add(out, scale(up, 0.2)), scale(along, 0.12)));
    const axes = Object.fromEntries(["a", "b", "c"].map((name, n) => [name, [unit(record.lattice[n]), unit(record.lattice[(n + 2) % 3])]]));
    return { side: [side, up], along: [unit(add(scale(along, -1), scale(up, 0.05))), up], ...axes };
  };
  const asVector = ([x, y, z]) => ({ x, y, z });
  const camera = (record, view) => {
    const [from, up] = views(record)[view];
    return { eye: asVector(scale(from, 1.05)), up: asVector(up), center: { x: 0, y: 0, z: 0 }, projection: { type: "orthographic" } };
  };

  /** Return a camera turned by two angles (radians, across and up) and brought nearer by a factor. */
  const turned = (from, [across, up], factor) => {
    const rotate = (v, axis, angle) => {
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      return add(add(scale(v, c), scale(cross(axis, v), s)), scale(axis, dot(axis, v) * (1 - c)));
    };
    const list = ({ x, y, z }) => [x, y, z];
    let eye = rotate(list(from.eye), unit(list(from.up)), across);
    const side = unit(cross(list(from.up), eye));
    const lift = rotate(list(from.up), side, -up);
    eye = scale(rotate(eye, side, -up), factor);
    return { ...from, eye: asVector(eye), up: asVector(lift) };
  };

  const ranges = (record, points, withCell) => {
    const shown = [...points, ...record.straight.images, ...record.relaxed.points, ...(withCell ? corners(record) : [])];
    return [0, 1, 2].map((axis) => {
      const values = shown.map((point) => point[axis]);
      return [Math.min(...values) - 0.7, Math.max(...values) + 0.7];
    });
  };

  /** Return the figure of a record; `shown` tells how far atoms are drawn (reach, Å), and whether bonds, polyhedra, cell, labels and axes are. */
  const figure = (record, ion, shown) => {
    const points = atomPoints(record.atoms);
    const { drawn, polyhedra } = chosen(record.atoms, shown.reach);
    const colours = colourOf(record.atoms);
    const kind = record.atoms.elements.indexOf(ion);
    const withRadius = { ...record, ionRadius: record.atoms.radii[kind] };
    const data = [
      ...pathTraces(withRadius, ion),
      ...atomTraces(record, points, colours, drawn),
      ...(shown.bonds ? [bondTrace(record, points, drawn)] : []),
      ...(shown.polyhedra ? polyhedronTraces(record, points, colours, polyhedra) : []),
      ...(shown.cell ? cellTraces(record) : []),
      ...(shown.labels ? [labelTrace(record, points, drawn)] : []),
    ];
    const [x, y, z] = ranges(record, points.filter((_, n) => drawn[n]), shown.cell);
    const fill = shown.cell ? FILL.cell : FILL.atoms;
    const extent = length([x, y, z].map(([low, high]) => high - low));
    const axis = (name, range) => ({
      visible: shown.axes,
      range,
      title: { text: `${name} (Å)` },
      color: "--muted",
      gridcolor: "--grid",
      showbackground: false,
      showspikes: false,
    });
    return {
      data,
      layout: {
        uirevision: `${record.id} ${shown.cell} ${shown.reach}`,
        paper_bgcolor: "rgba(0,0,0,0)",
        font: { family: "system-ui, sans-serif", size: 13, color: "--text" },
        margin: { l: 0, r: 0, t: 0, b: 0 },
        dragmode: "orbit",
        showlegend: false,
        modebar: { bgcolor: "rgba(0,0,0,0)", color: "--muted", activecolor: "--text" },
        hoverlabel: { bgcolor: "--surface", bordercolor: "--axis", font: { color: "--text", size: 13 }, align: "left" },
        scene: {
          aspectmode: "manual",
          aspectratio: asVector([x, y, z].map(([low, high]) => (fill * (high - low)) / extent)),
          dragmode: "orbit",
          camera: camera(record, "side"),
          xaxis: axis("x", x),
          yaxis: axis("y", y),
          zaxis: axis("z", z),
        },
      },
      config: { modeBarButtonsToRemove: ["resetCameraLastSave3d", "tableRotation", "hoverClosest3d"], toImageButtonOptions: { format: "png", scale: 3 } },
    };
  };

  /** Return the legend: what each colour means, with the radius that atoms are drawn with (Å). */
  const legend = (record, ion, reach) => {
    const colours = colourOf(record.atoms);
    const { drawn } = chosen(record.atoms, reach);
    const count = (kind) => record.atoms.kind.filter((own, n) => own === kind && drawn[n]).length;
    const elements = record.atoms.elements.map((element, kind) => ({
      colour: colours[kind],
      name: element,
      role: ROLES[record.atoms.roles[kind]],
      radius: record.atoms.radii[kind],
      count: count(kind),
    }));
    return elements.filter((item) => item.count || item.name === ion);
  };

  return { figure, legend, camera, reachFor, turned, ION };
})();
