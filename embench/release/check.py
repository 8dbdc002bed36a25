"""Whether a folder can be published: its files, card, features, tables and Croissant description."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embench.errors import HubError, MissingDependencyError
from embench.hub.checksums import verify_folder
from embench.hub.client import Say, import_hub, silent
from embench.release.card import configuration_features
from embench.release.convert import import_datasets
from embench.release.export import CARD, CROISSANT
from embench.release.layout import DATASET, PREDICTED, Package
from embench.schema import LAYOUTS, OXYGEN

if TYPE_CHECKING:
    from embench.dataset import Dataset

# Records of each set that are read through the Croissant description; the rest is read in the same way.
RECORDS = 25


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A folder that can be published: its version, and the sha256 of its files by path."""

    version: str
    files: dict[str, str]


def check(folder: Path, *, say: Say = silent) -> Checked:
    """Check everything about a folder that can be checked without the hub; call `say` with each finding.

    Raises
    ------
    HubError
        Names what is wrong, one reason a line.
    DatasetError
        For Parquet files that this embench cannot read.
    """
    files = verify_folder(folder)
    say(f"{len(files)} files agree with their checksums")
    from embench.dataset import load

    data = load(path=folder / "data")
    say(f"dataset {data.version}: {len(data)} entries")
    oxygen = load(OXYGEN.name, path=folder / OXYGEN.name)
    say(f"{OXYGEN.name} {oxygen.version}: {len(oxygen)} entries")
    steps = (
        partial(_check_card, DATASET, version=data.version),
        partial(_check_configurations, data=data, oxygen=oxygen),
        partial(_check_croissant, DATASET, version=data.version),
    )
    _run(steps, folder, say=say)
    return Checked(version=data.version, files=files)


def check_predictions(folder: Path, *, say: Say = silent) -> Checked:
    """Check a folder with predictions as :func:`check` does one with the dataset; the version is that of Croissant."""
    files = verify_folder(folder)
    say(f"{len(files)} files agree with their checksums")
    try:
        version = str(json.loads((folder / CROISSANT).read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HubError(f"{folder / CROISSANT} names no version ({_one_line(error)}); export the folder again") from None
    steps = (
        partial(_check_card, PREDICTED, version=version),
        _check_predicted,
        partial(_check_croissant, PREDICTED, version=version),
    )
    _run(steps, folder, say=say)
    return Checked(version=version, files=files)


def _run(steps: Iterable[Callable[[Path], str]], folder: Path, *, say: Say) -> None:
    problems: list[str] = []
    for step in steps:
        try:
            say(step(folder))
        except _Problem as problem:
            problems.append(str(problem))
    if problems:
        raise HubError(f"{folder} cannot be published:\n" + "\n".join(f"- {problem}" for problem in problems))


class _Problem(Exception):
    """One thing that is wrong with a folder."""


def _check_card(package: Package, folder: Path, *, version: str) -> str:
    """The header of the card parses, names a licence, and declares all configurations with their files and features."""
    card_class = import_hub().DatasetCard
    import_datasets()
    from datasets.info import DatasetInfosDict
    from datasets.utils.metadata import MetadataConfigs

    try:
        card = card_class.load(folder / CARD)
        infos = DatasetInfosDict.from_dataset_card_data(card.data)
        configurations = MetadataConfigs.from_dataset_card_data(card.data)
    except Exception as error:  # whatever the parsers of YAML and of features stumble over
        raise _Problem(f"the header of {CARD} is no valid card: {_one_line(error)}") from None
    missing = [name for name in ("license", "pretty_name", "size_categories", "tags") if not card.data.get(name)]
    if missing:
        raise _Problem(f"the header of {CARD} lacks {', '.join(missing)}")
    for name, found in package.configurations.items():
        declared = {item["split"]: item["path"] for item in configurations.get(name, {}).get("data_files", [])}
        if declared != dict(found.parts):
            raise _Problem(
                f"{CARD} declares the files {declared} for the configuration {name}, not {dict(found.parts)}"
            )
        if name not in infos or infos[name].features != configuration_features(found):
            raise _Problem(f"{CARD} declares other features for {name} than the schema of this embench")
    if version not in card.text:
        raise _Problem(f"{CARD} does not name the version {version}")
    return f"{CARD}: valid header, {len(package.configurations)} configurations with the features of the schema"


def _check_configurations(folder: Path, *, data: Dataset, oxygen: Dataset) -> str:
    """``load_dataset`` gives for the folder what :func:`embench.load` gives, and tables about the same entries."""
    from embench.release.convert import to_hf

    with _loaded(DATASET, folder) as loaded:
        for found in (data, oxygen):
            for split, expected in to_hf(found, by_split=True).items():
                if not loaded[found.layout.name][split].data.table.equals(expected.data.table):
                    raise _Problem(f"load_dataset gives other values for {split} than embench.load")
        _check_entries(loaded["splits"]["folds"], data, oxygen, name="splits")
        _check_entries(loaded["potential_consensus"]["consensus"], data, name="potential_consensus")
        rows = sum(part.num_rows for parts in loaded.values() for part in parts.values())
    return f"load_dataset reads all configurations ({rows} rows), equal to embench.load"


def _check_predicted(folder: Path) -> str:
    """``load_dataset`` reads the tables, which are about entries of the dataset and about the same systems."""
    from embench.dataset import load

    with _loaded(PREDICTED, folder) as loaded:
        predictions, systems = loaded["predictions"]["predictions"], loaded["systems"]["systems"]
        _check_entries(predictions, *(load(layout.name) for layout in LAYOUTS), name="predictions")
        apart = set(predictions["system"]) ^ set(systems["system"])
        if apart:
            raise _Problem(f"predictions and systems name different systems: {', '.join(sorted(apart)[:5])}")
        rows, n_systems = predictions.num_rows, systems.num_rows
        del predictions, systems
    return f"load_dataset reads all configurations ({rows} predictions of {n_systems} systems)"


def _check_entries(part: Any, *data: Dataset, name: str) -> None:
    unknown = sorted(set(part["entry_id"]).difference(*(found.entry_ids for found in data)))
    if unknown:
        raise _Problem(f"{name} names entries that the dataset lacks: {', '.join(unknown[:5])}")


@contextmanager
def _loaded(package: Package, folder: Path) -> Iterator[dict[str, Any]]:
    """Give what ``load_dataset`` makes of each configuration; it is gone afterwards."""
    library = import_datasets()
    with tempfile.TemporaryDirectory() as cache, _without_progress(library):
        loaded: dict[str, Any] = {}
        for name in package.configurations:
            try:
                loaded[name] = library.load_dataset(str(folder), name, cache_dir=cache)
            except Exception as error:  # the library wraps whatever goes wrong in errors of many kinds
                raise _Problem(f"load_dataset cannot read the configuration {name}: {_one_line(error)}") from None
        try:
            yield loaded
        finally:
            # The tables are mapped from files in the cache, which is about to go.
            loaded.clear()


def _check_croissant(package: Package, folder: Path, *, version: str) -> str:
    """The description is valid without a warning, has the checksums of the files, and its records can be read."""
    mlcroissant = _import_mlcroissant()
    path = folder / CROISSANT
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        described = mlcroissant.Dataset(jsonld=str(path))
        issues = [*described.metadata.issues.errors, *described.metadata.issues.warnings]
    except Exception as error:  # the library raises errors of many kinds for a description it cannot use
        raise _Problem(f"{CROISSANT} is not valid: {_one_line(error)}") from None
    if issues:
        raise _Problem(f"{CROISSANT} is not valid: {_one_line(issues[0])}")
    if document.get("version") != version:
        raise _Problem(f"{CROISSANT} describes version {document.get('version')}, the data are {version}")
    listed = verify_folder(folder)
    for entry in document["distribution"]:
        if "sha256" in entry and listed.get(entry["contentUrl"]) != entry["sha256"]:
            raise _Problem(f"{CROISSANT} has another checksum for {entry['contentUrl']}")
    for name in package.configurations:
        try:
            read = list(itertools.islice(described.records(name), RECORDS))
        except Exception as error:
            raise _Problem(f"the records of {name} cannot be read through {CROISSANT}: {_one_line(error)}") from None
        if not read:
            raise _Problem(f"{CROISSANT} leads to no records of {name}")
    return f"{CROISSANT}: valid, {len(package.configurations)} record sets can be read"


def _import_mlcroissant() -> Any:
    try:
        import mlcroissant
    except ImportError:
        raise MissingDependencyError("mlcroissant", "hub", "checking the Croissant description") from None
    return mlcroissant


@contextmanager
def _without_progress(library: Any) -> Iterator[None]:
    disabled = library.are_progress_bars_disabled()
    library.disable_progress_bars()
    try:
        yield
    finally:
        if not disabled:
            library.enable_progress_bars()


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:500] or type(error).__name__
