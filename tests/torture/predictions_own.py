"""Families of what people hand to ``embench predict``: files of structures, and files of models."""

from __future__ import annotations

import io
import json
import random
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tests.torture.run import Trial, Wrong

Mangled = Callable[[bytes, random.Random, list[bytes]], tuple[str, bytes]]

PIECES = [
    *[
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"nan",
        b"1e400",
        b"inf",
        b"-1",
        b"Xx",
        b"D",
        b"0?",
        b"(3)",
        b"{",
        b"[",
        b'"',
    ],
    *[
        b"loop_\n",
        b"data_\n",
        b"\n\n",
        b" ",
        b"\t",
        b"x" * 3000,
        b"Lattice=",
        b"999999999\n",
        b"!!python/object:os.system ",
    ],
]


def structure_file(mangled: Mangled) -> Callable[[random.Random, Path], Iterator[Trial]]:
    """Return the family of structure files with changed bytes: a crystal of finite numbers, or words."""

    def family(numbers: random.Random, folder: Path) -> Iterator[Trial]:
        from embench.migration.read import read_crystal
        from embench.prediction.inputs import read_source, sources
        from tests.migration import crystals

        sound = _formats(crystals.layered())
        while True:
            name = numbers.choice(sorted(sound))
            what, content = mangled(sound[name], numbers, PIECES)

            def trial(name: str = name, content: bytes = content) -> None:
                path = folder / name
                path.write_bytes(content)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    for source in sources([path]):
                        found = read_source(source)
                        if found.structure is None:
                            raise Wrong("a hop where there was a structure")
                        crystal = read_crystal(found.structure)
                        if not np.isfinite(crystal.frac_coords).all() or not np.isfinite(crystal.lattice).all():
                            raise Wrong(f"not finite: {crystal}")

            yield f"{name}, {what}", trial

    return family


def model_file(mangled: Mangled) -> Callable[[random.Random, Path], Iterator[Trial]]:
    """Return the family of model files with changed bytes, and with a changed description: the same model, or words."""

    def family(numbers: random.Random, folder: Path) -> Iterator[Trial]:
        from embench.common.shipped import weights_file
        from embench.prediction.model import parse_model

        sound = weights_file("pathway-stack.npz").read_bytes()
        reference = parse_model(sound, "sound")
        with np.load(io.BytesIO(sound)) as arrays:
            about = arrays["about"].tobytes()
        while True:
            inside = numbers.random() < 0.7
            what, content = mangled(
                about if inside else sound, numbers, [b"[", b"{", b'"object": "Popen"', b"NaN", b"-1"]
            )

            def trial(inside: bool = inside, content: bytes = content) -> None:
                model = parse_model(_with_about(sound, content) if inside else content, "mangled")
                same = model.entry_ids == reference.entry_ids and model.about.n == reference.about.n
                if not same and not inside:
                    raise Wrong("another model")
                if type(model.fitted) is not type(reference.fitted):
                    raise Wrong(f"a {type(model.fitted)}")

            yield ("about" if inside else "file") + f", {what}", trial

    return family


def _formats(structure: object) -> dict[str, bytes]:
    """Return one crystal in the formats that are read, by a name of a file."""
    from ase.io import write
    from pymatgen.io.ase import AseAtomsAdaptor

    found = {}
    with tempfile.TemporaryDirectory() as place:
        for name, kind in (("a.cif", "cif"), ("POSCAR", "poscar"), ("a.json", "json")):
            path = Path(place) / name
            structure.to(filename=str(path), fmt=kind)  # type: ignore[attr-defined]
            found[name] = path.read_bytes()
        atoms = AseAtomsAdaptor.get_atoms(structure)  # type: ignore[arg-type]
        for name, kind in (("a.extxyz", "extxyz"), ("a.xsf", "xsf")):
            write(Path(place) / name, atoms, format=kind)
            found[name] = (Path(place) / name).read_bytes()
    found["a.jsonl"] = json.dumps({"id": "a", "structure": json.loads(found["a.json"])}).encode() + b"\n"
    return found


def _with_about(sound: bytes, about: bytes) -> bytes:
    """Return the file of a model with another description."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sound)) as old, zipfile.ZipFile(stream, "w") as new:
        for item in old.infolist():
            if item.filename != "about.npy":
                new.writestr(item, old.read(item))
        array = io.BytesIO()
        np.save(array, np.frombuffer(about, np.uint8))
        new.writestr("about.npy", array.getvalue())
    return stream.getvalue()
