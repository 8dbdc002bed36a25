"""A trained model with what is known of it, and the one file that it is kept in."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from embench.baselines.base import Prediction
from embench.common.files import atomic_path
from embench.common.shipped import resource_folder, weights_file
from embench.errors import DatasetError, UnknownNameError
from embench.prediction.calibration import Band, Calibration
from embench.prediction.frozen import freeze, thaw
from embench.prediction.kinship import Relatives

if TYPE_CHECKING:
    from embench.crystal import Pathway

Floats = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]

DEFAULT = "pathway-stack"
SUFFIX = ".npz"
FORMAT = "embench-model-1"
# A file that unpacks to more is none of ours.
_LARGEST = 500 * 2**20
_ABOUT = "about"


class Fitted(Protocol):
    """A fitted baseline that can be asked by its features: :class:`~embench.baselines.models.stack.PathwayStack`."""

    def table(self, entries: Any) -> Floats:
        """Return the features (n, n_features) of hops."""
        ...

    def predict_table(self, table: Floats) -> Prediction:
        """Return barriers and standard deviations, eV."""
        ...

    def distances(self, table: Floats) -> Floats:
        """Return how far each row is from each training entry, (n, n_training)."""
        ...


@dataclass(frozen=True, kw_only=True)
class About:
    """What a model is, in plain values.

    Attributes
    ----------
    name, version : of the model. A version stands for one file.
    baseline : that was fitted.
    dataset_version, dataset_digest : of the training data.
    embench_version : that trained it.
    features : the versions of the feature sets, by name.
    n : number of training entries.
    ions : how many training entries each migrating ion has.
    elements : of the frameworks of the training data.
    anions : those of them that are anions.
    hop_lengths : the shortest and the longest hop, Å.
    """

    name: str
    version: str
    baseline: str
    dataset_version: str
    dataset_digest: str
    embench_version: str
    features: dict[str, str]
    n: int
    ions: dict[str, int]
    elements: tuple[str, ...]
    anions: tuple[str, ...]
    hop_lengths: tuple[float, float]


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainedModel:
    """A fitted baseline, its training entries, and how far it can be trusted.

    Attributes
    ----------
    about : what it is.
    fitted : the baseline.
    entry_ids : of the training data, in the order of the distances.
    relatives : the frameworks of the training data.
    calibrations : by protocol.
    nearest : by protocol, for each training entry the distance to the nearest one that such a fold leaves: of another
        host framework, or of another prototype; sorted.
    sha256 : of the file; empty for a model that was never written.
    """

    about: About
    fitted: Fitted
    entry_ids: tuple[str, ...]
    relatives: Relatives
    calibrations: dict[str, Calibration]
    nearest: dict[str, Floats]
    sha256: str = ""

    @property
    def label(self) -> str:
        """Name, version, and version of the training data."""
        return f"{self.about.name} {self.about.version} (dataset {self.about.dataset_version})"

    def table(self, hops: Sequence[Pathway]) -> Floats:
        """Return the features (n, n_features) of hops; nothing is left in the cache."""
        from embench.baselines.features.cache import nothing_kept

        with nothing_kept():
            return self.fitted.table(hops)

    def to_bytes(self) -> bytes:
        """Return the file: arrays without pickles (NumPy's npz), and everything else as JSON in one of them.

        Equal models give equal bytes.
        """
        arrays: Arrays = {}
        fitted = freeze(self.fitted, arrays)
        kin_arrays, kin = self.relatives.to_arrays()
        arrays |= kin_arrays | {f"nearest_{name}": values for name, values in self.nearest.items()}
        content = {
            "format": FORMAT,
            "about": asdict(self.about),
            "entry_ids": list(self.entry_ids),
            "fitted": fitted,
            "kin": kin,
            "calibrations": {name: asdict(found) for name, found in self.calibrations.items()},
            "arrays": _digest(arrays),
        }
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, allow_nan=False)
        arrays[_ABOUT] = np.frombuffer(text.encode(), np.uint8)
        stream = io.BytesIO()
        np.savez_compressed(stream, **dict(sorted(arrays.items())))  # type: ignore[arg-type]
        return stream.getvalue()

    def write(self, path: Path) -> None:
        """Write the file, all or nothing."""
        with atomic_path(path) as temporary:
            temporary.write_bytes(self.to_bytes())


def load_model(name: str | Path = DEFAULT) -> TrainedModel:
    """Return a model that ships with embench, by its name, or one of a file of one's own.

    Raises
    ------
    UnknownNameError
        There is neither a shipped model nor a file of that name.
    DatasetError
        The file is damaged, no model, or of a model that was trained on other data or with other features.
    """
    path = Path(name)
    if str(name) in shipped_models():
        return _read(weights_file(f"{name}{SUFFIX}"))
    if path.suffix != SUFFIX and not path.is_file():
        way_out = f"; known: {', '.join(shipped_models())}, or a file of embench model train"
        raise UnknownNameError("model", str(name), shipped_models(), way_out=way_out)
    return _read(path)


def shipped_models() -> tuple[str, ...]:
    """Return the names of the models that ship with embench."""
    return tuple(sorted(path.stem for path in resource_folder("weights").glob(f"*{SUFFIX}")))


def _read(path: Path) -> TrainedModel:
    try:
        status = path.stat()
    except OSError as error:
        raise DatasetError(f"cannot read the model {path}: {error.strerror}") from None
    return _kept(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4)
def _kept(path: Path, changed: int, size: int) -> TrainedModel:  # noqa: ARG001
    """Return the model in a file; read once as long as the file stays what it is."""
    return parse_model(path.read_bytes(), str(path))


def parse_model(content: bytes, name: str) -> TrainedModel:
    """Return the model in the content of a file; raises as :func:`load_model` does."""
    arrays = _arrays(content, name)
    try:
        found: dict[str, Any] = json.loads(arrays.pop(_ABOUT).tobytes())
        if found["format"] != FORMAT:
            raise DatasetError(f"{name} is a model of the format {found['format']!r}; this embench reads {FORMAT}")
        if found["arrays"] != _digest(arrays):
            raise DatasetError(f"{name} is damaged: its arrays are not those that were written; train the model again")
        plain = found["about"]
        about = About(
            **{**plain, **{field: tuple(plain[field]) for field in ("elements", "anions", "hop_lengths")}},
        )
        model = TrainedModel(
            about=about,
            fitted=thaw(found["fitted"], arrays),
            entry_ids=tuple(map(str, found["entry_ids"])),
            relatives=Relatives.from_arrays(arrays, found["kin"]),
            calibrations={protocol: _calibration(values) for protocol, values in found["calibrations"].items()},
            nearest={protocol: arrays[f"nearest_{protocol}"] for protocol in found["calibrations"]},
            sha256=hashlib.sha256(content).hexdigest(),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DatasetError(f"{name} is no model of embench: {type(error).__name__} {error}") from None
    _check_current(model, name)
    return model


def _arrays(content: bytes, name: str) -> Arrays:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(item.file_size for item in archive.infolist()) > _LARGEST:
                raise DatasetError(f"{name} unpacks to more than {_LARGEST >> 20} MiB: it is no model of embench")
        with np.load(io.BytesIO(content), allow_pickle=False) as found:
            arrays = {key: found[key] for key in found.files}
    except (OSError, ValueError, EOFError, KeyError, NotImplementedError, RuntimeError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{name} is no model of embench, or it is damaged: {error}") from None
    if _ABOUT not in arrays:
        raise DatasetError(f"{name} is no model of embench: it does not say what it is")
    return arrays


def _calibration(values: dict[str, Any]) -> Calibration:
    return Calibration(**{**values, "bands": tuple(Band(**band) for band in values["bands"])})


def _check_current(model: TrainedModel, name: str) -> None:
    """Raise where the features or the data of now are others than those of the training."""
    from embench.baselines.features import FEATURE_SETS
    from embench.dataset import load

    again = f"train it again: embench model train {model.about.baseline} --out {name}"
    for each, version in model.about.features.items():
        now = FEATURE_SETS[each].version if each in FEATURE_SETS else None
        if now != version:
            raise DatasetError(
                f"{name} was trained with version {version} of the features {each}; this embench has {now}; {again}"
            )
    # Of a version that is no longer that of the leaderboard as well: what is told of relatives is in the model.
    try:
        data = load(version=model.about.dataset_version)
    except UnknownNameError as error:
        raise DatasetError(
            f"{name} was trained on a dataset that this embench does not have: {error}; {again}"
        ) from None
    if model.about.dataset_digest != data.digest:
        raise DatasetError(
            f"{name} was trained on dataset {model.about.dataset_version} ({model.about.dataset_digest[:12]}…), and "
            f"this embench has {data.version} ({data.digest[:12]}…); {again}"
        )


def _digest(arrays: Arrays) -> str:
    digest = hashlib.sha256()
    for name, values in sorted(arrays.items()):
        digest.update(f"{name} {values.dtype.str} {values.shape}".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
