"""The families of inputs: how each is made, and how what embench makes of it is judged."""

from __future__ import annotations

import csv
import io
import math
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from tests.torture.predictions_own import model_file, structure_file
from tests.torture.run import REPOSITORY, Family, Lost, Trial, Wrong

SUBMISSION = REPOSITORY / "leaderboard" / "submissions" / "model-3"


def mangled(content: bytes, numbers: random.Random, pieces: list[bytes]) -> tuple[str, bytes]:
    """Return `content` with one to three changes of bytes, and what they are."""
    done = []
    for _ in range(numbers.choice([1, 1, 1, 2, 3])):
        place = numbers.randrange(len(content) + 1)
        match numbers.choice(["flip", "flip", "cut", "insert", "insert", "repeat", "drop"]):
            case "flip" if place < len(content):
                content = content[:place] + bytes([content[place] ^ 1 << numbers.randrange(8)]) + content[place + 1 :]
                done.append(f"flip at {place}")
            case "cut":
                content = content[:place]
                done.append(f"cut at {place}")
            case "insert":
                piece = numbers.choice(pieces)
                content = content[:place] + piece + content[place:]
                done.append(f"{piece[:20]!r} at {place}")
            case "repeat":
                lines = content.splitlines(keepends=True) or [b""]
                lines.insert(numbers.randrange(len(lines)), numbers.choice(lines))
                content = b"".join(lines)
                done.append("a line twice")
            case "drop":
                lines = content.splitlines(keepends=True)
                content = b"".join(line for line in lines if numbers.random() > 0.1)
                done.append("lines dropped")
    return ", ".join(done) or "as it was", content


# ------------------------------------------------------------------------------------------------ predictions

CSV_PIECES = [
    *b"nan inf 1e400 1_0 0x10 -0.0 1e-320 1e5 0,5 None".split(),
    *[b",", b";", b"\t", b'"', b"'", b"\n", b"\r", b"\0", b" ", b"\xef\xbb\xbf", b"\xff\xfe", b"\xe9", b"\x1a", b"#"],
    *["٣".encode(), "\u2028".encode(), "\u200b".encode(), "−1".encode(), b"entry_id,prediction\n", b"x" * 5000],
]


def predictions(numbers: random.Random, folder: Path) -> Iterator[Trial]:
    """CSV files with changed bytes; what is read must be what the csv module of Python finds."""
    from embench.dataset import load
    from embench.evaluation.predictions import read_predictions

    known = load().entry_ids
    while True:
        chosen = numbers.sample(known, 12)
        rows = [f"{entry_id},{numbers.uniform(0, 3):.6f}" for entry_id in chosen]
        what, content = mangled(("entry_id,prediction\n" + "\n".join(rows) + "\n").encode(), numbers, CSV_PIECES)
        path = folder / "p.csv"

        def trial(content: bytes = content, path: Path = path) -> None:
            path.write_bytes(content)
            found = read_predictions(path, known=known)
            values = dict(zip(found.entry_ids, map(float, found.values), strict=True))
            if not all(math.isfinite(value) for value in values.values()):
                raise Wrong(f"not finite: {values}")
            for entry_id, value in plainly(content).items():
                if entry_id in known and entry_id not in values:
                    raise Lost(f"{entry_id} = {value}")
                if entry_id in values and values[entry_id] != value:
                    raise Wrong(f"{entry_id} is {value} in the file, and read as {values[entry_id]}")

        yield what, trial


def plainly(content: bytes) -> dict[str, float]:
    """Return what a table of two plain columns says; nothing where it is no such table."""
    try:
        text = content.decode("utf-8-sig")
        header, *rows = list(csv.reader(io.StringIO(text, newline=""), strict=True)) or [[]]
    except (UnicodeDecodeError, csv.Error):
        return {}
    if header != ["entry_id", "prediction"]:
        return {}
    found: dict[str, float] = {}
    for row in rows:
        try:
            found[row[0].strip()] = float(row[1])
        except (ValueError, IndexError):
            continue
    return found


# ------------------------------------------------------------------------------------------------ submissions

YAML_PIECES = [
    *[b"&a ", b"*a", b"!!python/object:os.system ", b"<<: ", b"---\n", b"...\n", b"- ", b": ", b"? ", b"{", b"}"],
    *[b"no", b"~", b"1e400", b".inf", b"0o7", b"2026-02-30", b"\t", b"\0", b"\xff", b"'", b'"', b"#", b"|\n", b">\n"],
    *[b"name: other\n", b"  ", b"\n", b"[", b"]", b"[" * 400, b"{a: " * 100, b"\x85", b"\x1b[2J"],
    *["\u202e".encode(), "\u2028".encode()],
]


def submission(numbers: random.Random, folder: Path) -> Iterator[Trial]:
    """Folders with other things in them, and descriptions with changed bytes."""
    from embench.leaderboard.submission import read_submission

    target = folder / "model-3"
    sound = (SUBMISSION / "submission.yaml").read_bytes()
    while True:
        spoil = numbers.choice([*INTRUDERS, None, None, None])
        what, content = ("", sound) if spoil else mangled(sound, numbers, YAML_PIECES)
        name = numbers.choice(["published.csv", "submission.yaml", "extra.csv", "README.md", "run.py", "a b.csv"])

        def trial(spoil: str | None = spoil, content: bytes = content, name: str = name) -> None:
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(SUBMISSION, target)
            (target / "submission.yaml").write_bytes(content)
            if spoil:
                INTRUDERS[spoil](target, name)
            found = read_submission(target)
            if spoil:
                raise Wrong(f"{name}: {spoil}")
            said = yaml.load(content.decode(), Loader=yaml.BaseLoader)
            for field in ("name", "version", "licence", "code"):
                if str(said.get(field)) != str(getattr(found, field)) and said.get(field):
                    raise Wrong(f"{field} is {said[field]!r} in the file, and read as {getattr(found, field)!r}")
            if missing := said.keys() - type(found).model_fields.keys():
                raise Lost(str(missing))

        yield f"{spoil} as {name}" if spoil else what, trial


def _gone(path: Path) -> Path:
    path.unlink(missing_ok=True)
    return path


INTRUDERS: dict[str, Callable[[Path, str], object]] = {
    "a link outside": lambda target, name: _gone(target / name).symlink_to(SUBMISSION / "submission.yaml"),
    "a folder": lambda target, name: _gone(target / name).mkdir(),
    "a FIFO": lambda target, name: os.mkfifo(_gone(target / name)),
    "a program": lambda target, name: (target / f"{name}.py").write_text("import os"),
    "2 MB of zeros": lambda target, name: (target / name).write_bytes(b"\0" * 2_000_000),
    "a hard nut": lambda target, name: (target / f"\x1b[2J{name}").write_text(""),
    "100 files": lambda target, name: [(target / f"{i}.csv").write_text("") for i in range(100)],
}


def plain_yaml(numbers: random.Random, folder: Path) -> Iterator[Trial]:
    """Texts of YAML; what is read must have the keys and lengths that PyYAML finds with strings only."""
    from embench.common.plain_yaml import PlainYamlError, parse
    from embench.errors import SubmissionError

    sound = (SUBMISSION / "submission.yaml").read_bytes()
    while True:
        what, content = mangled(sound, numbers, YAML_PIECES)

        def trial(content: bytes = content) -> None:
            text = content.decode("utf-8", errors="replace")
            try:
                found = parse(text).value
            except PlainYamlError as error:  # told with the file by who reads one
                raise SubmissionError(str(error)) from None
            try:
                said = yaml.load(text, Loader=yaml.BaseLoader)
            except (yaml.YAMLError, RecursionError) as error:
                raise Wrong(f"PyYAML refuses it: {error}") from None
            if shape(found) != shape(said):
                raise Lost(f"{shape(found)} instead of {shape(said)}")

        yield what, trial


def shape(value: Any) -> Any:
    """Return the keys and lengths of nested plain data."""
    if isinstance(value, dict):
        return {str(key): shape(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [shape(item) for item in value]
    return None


# ------------------------------------------------------------------------------------------------ checkpoints


def checkpoint(numbers: random.Random, folder: Path) -> Iterator[Trial]:
    """Checkpoints with changed bytes, tensors and names; what is read must be the sound weights."""
    import torch

    from embench.baselines.alignn.checkpoint import import_checkpoint
    from embench.baselines.alignn.model.backbone import Alignn, AlignnConfig

    torch.manual_seed(0)
    model = Alignn(AlignnConfig(hidden=8, embedding=4, alignn_layers=1, gcn_layers=1, distance_bins=4, angle_bins=4))
    weights = {name.removeprefix("backbone.").replace("head.", "fc."): x for name, x in model.state_dict().items()}
    path = folder / "c.pt"
    torch.save({"model": weights}, path)
    sound, expected = path.read_bytes(), import_checkpoint(path).state
    names = sorted(weights)
    while True:
        name = numbers.choice(names)
        kind = numbers.choice(["bytes", "bytes", "bytes", "tensor", "name"])
        what, content = mangled(sound, numbers, [b"\0" * 7, b"PK\3\4", b"\x80\2", b"c__builtin__\neval\n"])
        odd = numbers.choice(sorted(ODD_TENSORS))
        forged = numbers.choice(["gcn_layers.", "alignn_layers.", "fc_out.", "fc_hp.0.", "conv_to_fc."])
        forged += f"{numbers.choice([1, 7, 63, 64, 10**6, 10**8, 10**30])}.bias"

        def trial(
            kind: str = kind, content: bytes = content, name: str = name, odd: str = odd, forged: str = forged
        ) -> None:
            if kind == "bytes":
                path.write_bytes(content)
            elif kind == "tensor":
                torch.save({"model": weights | {name: ODD_TENSORS[odd](torch, weights[name])}}, path)
            else:
                torch.save({"model": weights | {forged: torch.zeros(1)}}, path)
            found = import_checkpoint(path).state
            if kind != "bytes":
                raise Wrong("accepted")
            if found.keys() != expected.keys():
                raise Lost(f"{sorted(expected.keys() ^ found.keys())}")
            if not all(torch.equal(found[key], expected[key]) for key in expected):
                raise Wrong("other weights")

        yield {"bytes": what, "tensor": f"{name} {odd}", "name": f"{forged[:60]}"}[kind], trial


ODD_TENSORS: dict[str, Callable[[Any, Any], Any]] = {
    "complex": lambda torch, x: x.to(torch.complex64),
    "sparse": lambda torch, x: torch.zeros(3, 3).to_sparse() if not x.ndim else x.to_sparse(),
    "meta": lambda torch, x: x.to("meta"),
    "not finite": lambda torch, x: torch.full(x.shape, float("nan")),
    "no tensor": lambda torch, x: x.tolist(),
    "one number expanded": lambda torch, x: torch.zeros(1).expand(10**4, 10**4, 10**3),
    "of another shape": lambda torch, x: torch.zeros(*x.shape, 2),
    "a boolean": lambda torch, x: torch.zeros(*x.shape, 1, dtype=torch.bool),
}


# ------------------------------------------------------------------------------------------------ structures


def structure(numbers: random.Random, folder: Path) -> Iterator[Trial]:
    """Pairs of structures: the same hop in other words gives the same length, and nonsense is refused."""
    from pymatgen.core import Lattice, Structure

    from embench.migration import hop_between

    cell = np.array([[10.2, 0, 0], [0.3, 9.8, 0], [0.1, -0.4, 10.6]])
    rock_salt = [(x, y, z) for x in range(4) for y in range(4) for z in range(4)]
    symbols = ["Mg" if sum(place) % 2 == 0 else "O" for place in rock_salt]
    coords = np.array(rock_salt) / 4
    symbols[0] = "Li"
    # Li goes from the corner to an empty tetrahedral place, a quarter of the way along the diagonal of an eighth.
    end = coords.copy()
    end[0] = [0.125, 0.125, 0.125]
    length = float(np.linalg.norm(end[0] @ cell))
    while True:
        chosen = numbers.sample(sorted(HARMLESS), numbers.randrange(0, 4))
        spoil = numbers.choice([*sorted(HARMFUL), *[None] * 9])
        seed = numbers.randrange(1 << 30)

        def trial(chosen: list[str] = chosen, spoil: str | None = spoil, seed: int = seed) -> None:
            rng = np.random.default_rng(seed)
            sides = [[cell.copy(), list(symbols), coords.copy()], [cell.copy(), list(symbols), end.copy()]]
            for name in chosen:
                HARMLESS[name](sides, rng)
            if spoil:
                HARMFUL[spoil](sides, rng)
            try:
                start, stop = (Structure(Lattice(a), b, c) for a, b, c in sides)
            except (ValueError, np.linalg.LinAlgError):
                return  # pymatgen refuses it already
            hop = hop_between(start, stop, "Li")
            if spoil:
                raise Wrong("accepted")
            found = float(np.linalg.norm((hop.path_end - hop.frac_coords[0]) @ hop.lattice))
            if abs(found - length) > 1e-3:
                raise Wrong(f"a hop of {found:.4f} Å instead of {length:.4f} Å")
            if len(hop.atomic_numbers) != len(symbols):
                raise Lost(f"{len(hop.atomic_numbers)} of {len(symbols)} sites")

        yield f"{', '.join(chosen) or 'plain'}{f'; {spoil}' if spoil else ''}", trial


Sides = list[list[Any]]


def _permute(sides: Sides, rng: Any) -> None:
    order = rng.permutation(len(sides[1][1]))
    sides[1][1] = [sides[1][1][i] for i in order]
    sides[1][2] = sides[1][2][order]


def _both(change: Callable[[list[Any]], None]) -> Callable[[Sides, Any], None]:
    def apply(sides: Sides, rng: Any) -> None:
        for side in sides:
            change(side)

    return apply


def _wrap(sides: Sides, rng: Any) -> None:
    sides[1][2] = sides[1][2] + rng.integers(-2, 3, sides[1][2].shape)


def _rotate(sides: Sides, rng: Any) -> None:
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    sides[1][0] = sides[1][0] @ (turn * np.linalg.det(turn))


def _shift(sides: Sides, rng: Any) -> None:
    step = rng.uniform(-1, 1, 3)
    for side in sides:
        side[2] = side[2] + step


def _set(place: tuple[int, int], value: float, side: int = 1) -> Callable[[Sides, Any], None]:
    def apply(sides: Sides, rng: Any) -> None:
        sides[side][2][place] = value

    return apply


def _without(sides: Sides, rng: Any) -> None:
    i = next(i for i, symbol in enumerate(sides[1][1]) if symbol == "O")
    sides[1][1] = sides[1][1][:i] + sides[1][1][i + 1 :]
    sides[1][2] = np.delete(sides[1][2], i, axis=0)


def _exchange(sides: Sides, rng: Any) -> None:
    sides[1][1] = ["Na" if symbol == "Li" else symbol for symbol in sides[1][1]]


def _partial(sides: Sides, rng: Any) -> None:
    sides[0][1][5] = {"O": 0.5, "F": 0.2}


def _stretch(sides: Sides, rng: Any) -> None:
    sides[1][0] = sides[1][0] * rng.uniform(1.3, 3)


def _flat(sides: Sides, rng: Any) -> None:
    for side in sides:
        side[0][2] = side[0][1]


def _endless(sides: Sides, rng: Any) -> None:
    for side in sides:
        side[0][0, 0] = np.inf


def _no_hop(sides: Sides, rng: Any) -> None:
    sides[1] = [sides[0][0].copy(), list(sides[0][1]), sides[0][2].copy()]


HARMLESS: dict[str, Callable[[Sides, Any], None]] = {
    "permuted": _permute,
    "wrapped": _wrap,
    "rotated": _rotate,
    "shifted": _shift,
}
HARMFUL: dict[str, Callable[[Sides, Any], None]] = {
    "NaN": _set((3, 1), float("nan")),
    "infinite coordinate": _set((4, 0), float("inf"), side=0),
    "an atom less": _without,
    "another element": _exchange,
    "partly occupied": _partial,
    "another cell": _stretch,
    "flat cell": _flat,
    "endless cell": _endless,
    "no hop": _no_hop,
}


# ------------------------------------------------------------------------------------------------ shipped files


def shipped(numbers: random.Random, folder: Path) -> Iterator[Trial]:
    """Installed files with one bit changed: refused, or the same data."""
    import embench
    from embench.audit.consensus import consensus_bytes
    from embench.baselines.models import neb_tables
    from embench.common import shipped as places
    from embench.common._digests import DIGESTS
    from embench.release.export import _dataset_file
    from embench.splits import load as splits

    package = folder / "embench"
    for resource in DIGESTS:
        shutil.copytree(places.resource_folder(resource), package / "_shipped" / resource)
    files = [(resource, name) for resource, names in DIGESTS.items() for name in names if resource != "potentials"]
    kept, places._PACKAGE = places._PACKAGE, package

    def read(resource: str, name: str) -> Any:
        if resource == "dataset":
            return embench.load().table
        if resource == "hub":  # read for the hub alone
            return _dataset_file(f"data/{name}", resource)
        if resource == "versions":
            return embench.load().table
        if resource == "weights":
            return places.weights_file(name).read_bytes()
        if resource == "consensus":
            consensus_bytes.cache_clear()
            return consensus_bytes()
        if resource == "oxygen-vacancies":
            # The ledger is read for the hub alone.
            return _dataset_file(name, resource) if name == "ledger.csv" else embench.load(resource).table
        if resource == "neb-inputs":
            return neb_tables.shipped_table(Path(name).stem)
        splits._shipped_protocol.cache_clear()
        splits._shipped_manifest.cache_clear()
        if name == splits.MANIFEST:
            return splits.protocol("host-10fold", "1.0.0")
        return splits.protocol("host-10fold" if name == "manifest-1.1.0.json" else Path(name).stem)

    try:
        expected = {file: read(*file) for file in files}
        while True:
            resource, name = numbers.choice(files)
            path = package / "_shipped" / resource / name
            place, bit = numbers.randrange(path.stat().st_size), numbers.randrange(8)

            def trial(
                resource: str = resource, name: str = name, path: Path = path, place: int = place, bit: int = bit
            ) -> None:
                sound = path.read_bytes()
                path.write_bytes(sound[:place] + bytes([sound[place] ^ 1 << bit]) + sound[place + 1 :])
                try:
                    if read(resource, name) != expected[resource, name]:
                        raise Wrong("other data")
                finally:
                    path.write_bytes(sound)

            yield f"{name}, bit {bit} of byte {place}", trial
    finally:
        places._PACKAGE = kept
        consensus_bytes.cache_clear()
        splits._shipped_protocol.cache_clear()
        splits._shipped_manifest.cache_clear()


FAMILIES: dict[str, Family] = {
    "predictions": predictions,
    "submission": submission,
    "yaml": plain_yaml,
    "checkpoint": checkpoint,
    "structure": structure,
    "shipped": shipped,
    "structure-file": structure_file(mangled),
    "model-file": model_file(mangled),
}
