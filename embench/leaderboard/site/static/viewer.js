"use strict";
// The pathway in three dimensions on a plain canvas: shaded balls, rods and faces, drawn from the back to the front. No
// WebGL is needed, so that it works in every browser, and no library.
window.embenchViewer = (() => {
  const { add, cross, dot, length, scale, subtract, unit } = embenchStructure;
  const SAFE = { migrating: ["--sky"], anion: ["--vermilion", "--orange"], centre: ["--purple", "--grey"], metal: ["--green", "--grey", "--orange"] };
  const ION = "--blue";
  const N_IMAGES = 9; // drawn on the relaxed path
  const EDGES = [[0, 1], [0, 2], [0, 4], [1, 3], [1, 5], [2, 3], [2, 6], [3, 7], [4, 5], [4, 6], [5, 7], [6, 7]];
  const drawnRadius = (covalent) => Math.min(0.6, 0.4 * covalent);

  const rotate = (v, axis, angle) => {
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    return add(add(scale(v, c), scale(cross(axis, v), s)), scale(axis, dot(axis, v) * (1 - c)));
  };
  /** Return a look: the directions right, up and towards the reader. */
  const lookFrom = (towards, up) => {
    const t = unit(towards);
    const right = unit(cross(up, t));
    return { right, up: cross(t, right), towards: t };
  };
  const turned = (look, across, upward) => {
    const turn = (v) => rotate(rotate(v, look.up, across), look.right, upward);
    return lookFrom(turn(look.towards), turn(look.up));
  };

  /** Return the direction from which the fewest atoms hide the path, and what is up then. */
  const clearest = (scene, along, bend) => {
    const near = scene.atoms.filter((atom) => atom.distance <= 4);
    let best = null;
    for (let step = -4; step <= 13; step += 1) {
      const angle = (step * Math.PI) / 9;
      const up = add(scale(bend, Math.cos(angle)), scale(cross(along, bend), Math.sin(angle)));
      const out = cross(along, up);
      let hidden = 0.15 * Math.abs(Math.sin(angle)); // the bend of the path is seen best from its side
      for (const atom of near) {
        for (const place of scene.entry.path) {
          const from = subtract(atom.at, place);
          const depth = dot(from, out);
          if (depth > 0 && length(subtract(from, scale(out, depth))) < 0.75) hidden += 1 / scene.entry.path.length;
        }
      }
      if (!best || hidden < best.hidden - 1e-9) best = { hidden, out, up };
    }
    return best;
  };
  const views = (scene) => {
    const { path, lattice } = scene.entry;
    const along = unit(subtract(path.at(-1), path[0]));
    let bend = [0, 0, 0];
    for (const point of path) {
      const from = subtract(point, path[0]);
      const off = subtract(from, scale(along, dot(from, along)));
      if (length(off) > length(bend)) bend = off;
    }
    if (length(bend) < 0.1) {
      const axis = lattice.map(unit).sort((a, b) => Math.abs(dot(a, along)) - Math.abs(dot(b, along)))[0];
      bend = subtract(axis, scale(along, dot(axis, along)));
    }
    const { out, up } = clearest(scene, along, unit(bend));
    const axes = Object.fromEntries(["a", "b", "c"].map((name, n) => [name, lookFrom(lattice[n], lattice[(n + 2) % 3])]));
    // A little from above and from the side: nothing hides exactly behind anything else.
    return { side: lookFrom(add(add(out, scale(up, 0.2)), scale(along, 0.12)), up), along: lookFrom(add(scale(along, -1), scale(up, 0.05)), up), ...axes };
  };

  const corners = (entry) => {
    const origin = embenchStructure.cartesian(entry.frac[0].map((value) => Math.floor(value + 1e-6)), entry.lattice);
    return Array.from({ length: 8 }, (_, n) => [0, 1, 2].reduce((point, axis) => ((n >> axis) & 1 ? add(point, entry.lattice[axis]) : point), origin));
  };

  /** Show a scene ({entry, atoms, bonds, polyhedra, colours, radii}) in a canvas; `told` is called with what is pointed at. */
  const show = (canvas, scene, told) => {
    const style = getComputedStyle(document.documentElement);
    const styled = (name) => (name.startsWith("--") ? style.getPropertyValue(name).trim() : name);
    const pen = canvas.getContext("2d");
    const known = views(scene);
    const state = { look: known.side, zoom: 1, reach: 4, safe: false, bonds: true, polyhedra: true, cell: false, labels: false };
    const balls = new Map(); // colour → a shaded ball, drawn once
    let placed = [];

    const roleRank = new Map();
    for (const atom of scene.atoms) if (!roleRank.has(atom.element)) roleRank.set(atom.element, [...roleRank.keys()].filter((element) => scene.entry.roles[element] === atom.role).length);
    const colourOf = (element) => {
      if (!state.safe) return scene.colours[element];
      const list = SAFE[scene.entry.roles[element]];
      return styled(list[Math.min(roleRank.get(element) ?? 0, list.length - 1)]);
    };
    const ionColour = () => (state.safe ? styled(ION) : scene.colours[scene.entry.elements[0]]);
    const ball = (colour) => {
      if (balls.has(colour)) return balls.get(colour);
      const size = 128;
      const made = Object.assign(document.createElement("canvas"), { width: size, height: size });
      const brush = made.getContext("2d");
      brush.fillStyle = colour;
      brush.beginPath();
      brush.arc(size / 2, size / 2, size / 2 - 2, 0, 2 * Math.PI);
      brush.fill();
      const light = brush.createRadialGradient(0.36 * size, 0.32 * size, 2, 0.5 * size, 0.5 * size, size / 2);
      light.addColorStop(0, "rgba(255,255,255,0.75)");
      light.addColorStop(0.35, "rgba(255,255,255,0.12)");
      light.addColorStop(0.7, "rgba(0,0,0,0.05)");
      light.addColorStop(1, "rgba(0,0,0,0.5)");
      brush.fillStyle = light;
      brush.fill();
      balls.set(colour, made);
      return made;
    };

    const shownAtoms = () => {
      const polyhedra = scene.polyhedra.filter(({ centre }) => scene.atoms[centre].distance <= state.reach);
      const corner = new Set(polyhedra.flatMap(({ triangles }) => triangles.flat()));
      return { drawn: scene.atoms.map((atom, n) => atom.distance <= state.reach || corner.has(n)), polyhedra };
    };
    const middle = scale(scene.entry.path.reduce(add, [0, 0, 0]), 1 / scene.entry.path.length);
    const extent = (points, axis) => Math.max(2.5, ...points.map((point) => Math.abs(dot(subtract(point, middle), axis)))) + 0.8;

    const paint = () => {
      const ratio = window.devicePixelRatio || 1;
      const [width, height] = [canvas.clientWidth, canvas.clientHeight];
      if (!width || !height) return;
      if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
      if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, width, height);
      const { drawn, polyhedra } = shownAtoms();
      const points = scene.atoms.filter((_, n) => drawn[n]).map((atom) => atom.at);
      const cell = corners(scene.entry);
      const { right, up, towards } = state.look;
      const shown = state.cell ? [...points, ...cell] : points;
      const size = state.zoom * Math.min(width / (2 * extent(shown, right)), height / (2 * extent(shown, up)));
      const put = (point) => {
        const from = subtract(point, middle);
        return { x: width / 2 + size * dot(from, right), y: height / 2 - size * dot(from, up), z: dot(from, towards) };
      };
      const parts = [];
      placed = [];
      const ballAt = (at, radius, colour, text) => {
        const spot = put(at);
        const r = radius * size;
        parts.push({ z: spot.z, draw: () => pen.drawImage(ball(colour), spot.x - r, spot.y - r, 2 * r, 2 * r) });
        placed.push({ ...spot, r, text });
      };
      const rod = (from, to, thick, colour, dash = []) => {
        const [a, b] = [put(from), put(to)];
        parts.push({ z: (a.z + b.z) / 2 - 0.05, draw: () => {
          pen.setLineDash(dash);
          pen.strokeStyle = colour;
          pen.lineWidth = Math.max(1, thick * size);
          pen.lineCap = "round";
          pen.beginPath();
          pen.moveTo(a.x, a.y);
          pen.lineTo(b.x, b.y);
          pen.stroke();
          pen.setLineDash([]);
        } });
      };
      scene.atoms.forEach((atom, n) => {
        if (!drawn[n]) return;
        const image = atom.site === 0 ? "periodic image of the migrating ion" : `site ${atom.site}`;
        ballAt(atom.at, drawnRadius(scene.radii[atom.element]), colourOf(atom.element), `${atom.element}, ${image}, ${atom.distance.toFixed(2)} Å from the path`);
        if (state.labels) {
          const spot = put(atom.at);
          parts.push({ z: spot.z + 0.8, draw: () => {
            pen.font = "600 12px system-ui, sans-serif";
            pen.textAlign = "center";
            pen.lineWidth = 3;
            pen.strokeStyle = styled("--surface");
            pen.strokeText(atom.element, spot.x, spot.y + 4);
            pen.fillStyle = styled("--text");
            pen.fillText(atom.element, spot.x, spot.y + 4);
          } });
        }
      });
      const grey = styled("--axis");
      if (state.bonds) for (const [i, j] of scene.bonds) if (drawn[i] && drawn[j]) rod(scene.atoms[i].at, scene.atoms[j].at, 0.09, grey);
      if (state.polyhedra) {
        for (const { centre, triangles } of polyhedra) {
          const colour = colourOf(scene.atoms[centre].element);
          for (const face of triangles) {
            const spots = face.map((n) => put(scene.atoms[n].at));
            parts.push({ z: (spots[0].z + spots[1].z + spots[2].z) / 3, draw: () => {
              pen.globalAlpha = 0.14;
              pen.fillStyle = colour;
              pen.beginPath();
              pen.moveTo(spots[0].x, spots[0].y);
              for (const { x, y } of spots.slice(1)) pen.lineTo(x, y);
              pen.closePath();
              pen.fill();
              pen.globalAlpha = 1;
            } });
          }
        }
      }
      if (state.cell) for (const [i, j] of EDGES) rod(cell[i], cell[j], 0.02, styled("--muted"));
      const { path } = scene.entry;
      const radius = drawnRadius(scene.radii[scene.entry.elements[0]]);
      const line = embenchStructure.straight(scene.entry, 5);
      for (let n = 1; n < line.length; n += 1) rod(line[n - 1], line[n], 0.05, styled("--text"), [5, 5]);
      for (let n = 1; n < path.length; n += 1) rod(path[n - 1], path[n], 0.16, ionColour());
      for (let n = 0; n < N_IMAGES; n += 1) {
        const end = n === 0 || n === N_IMAGES - 1;
        const at = path[Math.round((n * (path.length - 1)) / (N_IMAGES - 1))];
        ballAt(at, end ? radius : 0.45 * radius, ionColour(), `${scene.entry.elements[0]}, ${n === 0 ? "start" : end ? "end" : "on its way"}, relaxed path`);
      }
      parts.sort((a, b) => a.z - b.z);
      for (const part of parts) part.draw();
      canvas.dataset.drawn = String(parts.length);
    };

    let waiting = false;
    const repaint = () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        paint();
      });
    };
    const turn = (across, upward) => {
      state.look = turned(state.look, across, upward);
      repaint();
    };
    const zoom = (factor) => {
      state.zoom = Math.max(0.4, Math.min(6, state.zoom * factor));
      repaint();
    };

    // Fingers: one turns, two zoom; one finger moving up or down scrolls the page.
    const fingers = new Map();
    canvas.addEventListener("pointerdown", (event) => {
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
      canvas.setPointerCapture?.(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) {
        const box = canvas.getBoundingClientRect();
        const [x, y] = [event.clientX - box.left, event.clientY - box.top];
        const hit = placed.filter((spot) => Math.hypot(spot.x - x, spot.y - y) < spot.r).sort((a, b) => b.z - a.z)[0];
        told(hit ? hit.text : "");
        return;
      }
      if (fingers.size === 2) {
        const other = [...fingers].find(([id]) => id !== event.pointerId)[1];
        const away = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]);
        zoom(away([event.clientX, event.clientY]) / (away(before) || 1));
      } else turn((event.clientX - before[0]) * 0.008, (event.clientY - before[1]) * 0.008);
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
    });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => fingers.delete(event.pointerId));
    canvas.addEventListener("pointerleave", () => told(""));
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && document.activeElement !== canvas) return; // a wheel over the page scrolls it
      event.preventDefault();
      zoom(event.deltaY < 0 ? 1.1 : 1 / 1.1);
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-0.15, 0], ArrowRight: [0.15, 0], ArrowUp: [0, -0.15], ArrowDown: [0, 0.15] }[event.key];
      const factor = { "+": 1.15, "=": 1.15, "-": 1 / 1.15 }[event.key];
      if (!step && !factor) return;
      event.preventDefault();
      if (step) turn(...step);
      else zoom(factor);
    });
    new ResizeObserver(repaint).observe(canvas);
    new MutationObserver(repaint).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "class"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
    paint();
    return {
      state,
      colourOf,
      ionColour,
      set: (changes) => {
        Object.assign(state, changes);
        repaint();
      },
      view: (name) => {
        state.look = known[name];
        state.zoom = 1;
        repaint();
      },
      counts: () => {
        const { drawn } = shownAtoms();
        const found = {};
        scene.atoms.forEach((atom, n) => {
          if (drawn[n]) found[atom.element] = (found[atom.element] ?? 0) + 1;
        });
        return found;
      },
    };
  };
  /** Return the least of `reaches` (Å) that shows what surrounds the path: some polyhedra, or many atoms. */
  const reachFor = (scene, reaches) =>
    reaches.find((reach) => scene.polyhedra.filter(({ centre }) => scene.atoms[centre].distance <= reach).length >= 3 || scene.atoms.filter((atom) => atom.distance <= reach).length >= 40) ?? reaches.at(-1);
  return { drawnRadius, reachFor, show, turned };
})();
