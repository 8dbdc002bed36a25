"use strict";
// The files that an entry can be saved as, as texts. Nothing here touches the page: tests run it without a browser.
window.embenchExports = (() => {
  const N_IMAGES = 5; // of the released bands
  const fixed = (value, decimals = 5) => (Number(value.toFixed(decimals)) + 0).toFixed(decimals);
  /** Return the sites of image `n` of the straight band: fractional coordinates, the migrating ion first. */
  const image = (entry, n) => {
    const share = n / (N_IMAGES - 1);
    const ion = entry.frac[0].map((value, axis) => value + share * (entry.end[axis] - value));
    return [ion, ...entry.frac.slice(1)];
  };
  const angles = (lattice) => {
    const norm = (v) => Math.hypot(...v);
    const angle = (a, b) => (180 / Math.PI) * Math.acos(Math.max(-1, Math.min(1, (a[0] * b[0] + a[1] * b[1] + a[2] * b[2]) / (norm(a) * norm(b)))));
    const [a, b, c] = lattice;
    return { lengths: [norm(a), norm(b), norm(c)], angles: [angle(b, c), angle(a, c), angle(a, b)] };
  };

  /** Return the initial structure as CIF, without symmetry; the site labelled with _migrating is the ion. */
  const cif = (entry) => {
    const cell = angles(entry.lattice);
    const used = {};
    const sites = entry.elements.map((element, n) => {
      used[element] = (used[element] ?? 0) + 1;
      const label = `${element}${used[element]}${n === 0 ? "_migrating" : ""}`;
      return `${label} ${element} ${entry.frac[n].map((value) => fixed(value)).join(" ")} 1.0`;
    });
    return [
      `data_${entry.id.replace(/[^\w.-]/g, "_")}`, "_audit_creation_method 'embench, initial state of the hop'",
      ...["a", "b", "c"].map((name, n) => `_cell_length_${name} ${fixed(cell.lengths[n])}`),
      ...["alpha", "beta", "gamma"].map((name, n) => `_cell_angle_${name} ${fixed(cell.angles[n])}`),
      "_symmetry_space_group_name_H-M 'P 1'", "_symmetry_Int_Tables_number 1", "loop_", " _symmetry_equiv_pos_as_xyz", " 'x, y, z'",
      "loop_", " _atom_site_label", " _atom_site_type_symbol", " _atom_site_fract_x", " _atom_site_fract_y", " _atom_site_fract_z", " _atom_site_occupancy",
      ...sites, "",
    ].join("\n");
  };

  /** Return one image as POSCAR: sites grouped by element, in the order in which the elements first appear. */
  const poscar = (entry, n) => {
    const order = [...new Set(entry.elements)];
    const sites = image(entry, n);
    const members = order.map((element) => entry.elements.flatMap((own, i) => (own === element ? [i] : [])));
    return [
      `${entry.id}, image ${n + 1} of ${N_IMAGES}, straight line; site 1 migrates`, "1.0",
      ...entry.lattice.map((row) => `  ${row.map((value) => fixed(value, 6)).join(" ")}`),
      `  ${order.join(" ")}`, `  ${members.map((own) => own.length).join(" ")}`, "Direct",
      ...members.flat().map((i) => `  ${sites[i].map((value) => fixed(value)).join(" ")}`), "",
    ].join("\n");
  };
  /** Return the straight band as POSCARs one after the other, as XDATCAR readers and a split at their titles take them. */
  const poscarBand = (entry) => Array.from({ length: N_IMAGES }, (_, n) => poscar(entry, n)).join("");

  /** Return the straight band as extended XYZ, Cartesian coordinates in Å. */
  const extxyz = (entry, cartesian) => {
    const lattice = entry.lattice.flat().map((value) => fixed(value, 6)).join(" ");
    return Array.from({ length: N_IMAGES }, (_, n) => {
      const sites = image(entry, n);
      const lines = sites.map((frac, i) => `${entry.elements[i]} ${cartesian(frac, entry.lattice).map((value) => fixed(value)).join(" ")}`);
      return [sites.length, `Lattice="${lattice}" Properties=species:S:1:pos:R:3 pbc="T T T" entry_id="${entry.id}" image=${n}`, ...lines, ""].join("\n");
    }).join("");
  };
  return { cif, extxyz, image, poscar, poscarBand };
})();
