"""``embench.predict``: from hops to barriers with intervals, and to the ways through the crystal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embench.common.cache import cache_folder
from embench.crystal import Pathway
from embench.dataset import load
from embench.errors import InvalidValueError, MissingDependencyError
from embench.migration.hops import Hops
from embench.migration.network import HopBarrier, NetworkBarriers, network_barriers
from embench.prediction.applicability import applicability
from embench.prediction.calibration import LEVEL
from embench.prediction.data import HopPrediction
from embench.prediction.hybrids import hybrid_named, without_potential
from embench.prediction.kinship import Kin
from embench.prediction.model import DEFAULT, TrainedModel, load_model, shipped_models
from embench.prediction.potential import with_potential
from embench.prediction.published import Published, published_values
from embench.prediction.result import PredictionResult

if TYPE_CHECKING:
    from embench.dataset import Entry

Entries = Mapping[str, "Entry"]


def predict(
    hops: Hops | Pathway | Iterable[Pathway],
    *,
    model: str | Path | TrainedModel = DEFAULT,
    name: str | None = None,
    potential: str | None = None,
    neb_hops: int = 3,
) -> PredictionResult:
    """Return predicted barriers, their intervals, how far to trust them, and the ways through the crystal.

    Parameters
    ----------
    hops
        All hops of a crystal (:func:`embench.find_hops`), one hop (:func:`embench.hop_between`), or several: anything
        with the arrays of :class:`~embench.crystal.hop.Pathway`, so entries of the dataset as well. A network is there
        for all hops of a crystal only.
    model
        Name of a shipped model, a file of ``embench model train``, or a model that was trained or loaded before. For a
        baseline that needs NEB barriers (``pathway-neb``) the model beside which they stand is the default one.
    name
        What the crystal is called in the result.
    potential
        Also run the NEB of the hops that matter most with this potential, a name of :mod:`embench.neb` or
        ``module:function``, as :func:`embench.prediction.potential.with_potential` does; what is finished is kept in
        the cache.
    neb_hops
        Of at most so many hops.

    Raises
    ------
    FeatureError
        A structure has something that the features have no model for, such as an element without parameters.
    InvalidValueError
        There is no hop, or the first site of one, which is the ion that migrates, is an anion.
    UnknownNameError, DatasetError
        There is no such model, or it cannot be used.

    Examples
    --------
    >>> import embench
    >>> result = embench.predict(embench.find_hops(structure, ion="Li"))  # doctest: +SKIP
    >>> result.network.ways[1].barrier  # doctest: +SKIP
    """
    found = _predicted(hops, _loaded(model), name)
    if potential is not None:
        return with_potential(found, potential, most=neb_hops, folder=cache_folder("predict-neb"))
    return with_what_is_missing(found, model)


def with_what_is_missing(result: PredictionResult, model: object) -> PredictionResult:
    """Return the result with a note where `model` names a hybrid, whose potential was not given."""
    hybrid = hybrid_named(model)
    return result if hybrid is None else replace(result, notes=(*result.notes, without_potential(hybrid)))


def base_of(model: str | Path) -> str | Path:
    """Return the model that predicts what a hybrid called `model` has no NEB barrier of; every other model itself."""
    return model if hybrid_named(model) is None or str(model) in shipped_models() else DEFAULT


def _loaded(model: str | Path | TrainedModel) -> TrainedModel:
    return model if isinstance(model, TrainedModel) else load_model(base_of(model))


def _predicted(hops: Any, trained: TrainedModel, name: str | None) -> PredictionResult:
    given = _as_hops(hops)
    try:
        table = trained.table(given)
    except ImportError as error:
        if isinstance(error, MissingDependencyError):
            raise
        raise MissingDependencyError(str(error.name), "baselines", "a prediction") from None
    raw = trained.fitted.predict_table(table)
    kins = _kins(trained, hops, given)
    entries, same_host = _known(load().digest)
    near = applicability(trained, given, table, kins, entries)
    if raw.std is None:
        raise InvalidValueError(f"the model {trained.label} gives no standard deviations, and intervals need them")
    predictions = tuple(
        HopPrediction(
            hop=hop,
            barrier=float(mean),
            sigma=float(sigma) * trained.calibrations[kin.regime].factor,
            kin=kin,
            calibration=trained.calibrations[kin.regime],
            applicability=found,
            published=_published(hop, kin, same_host),
        )
        for hop, mean, sigma, kin, found in zip(given, raw.mean, raw.std, kins, near, strict=True)
    )
    return PredictionResult(
        name=name or (hops.formula if isinstance(hops, Hops) else given[0].entry_id),
        model=trained,
        predictions=predictions,
        hops=hops if isinstance(hops, Hops) else None,
        network=ways_through(hops, predictions) if isinstance(hops, Hops) else None,
        notes=hops.notes if isinstance(hops, Hops) else _notes(given),
    )


def ways_through(hops: Hops, predictions: Sequence[HopPrediction]) -> NetworkBarriers:
    """Return the ways through a crystal by the predicted barriers, the intervals carried through."""
    barriers = [HopBarrier(forward=each.barrier, interval=each.interval) for each in predictions]
    return network_barriers(hops, barriers, level=LEVEL, shared=predictions[0].calibration.shared)


def _as_hops(hops: Any) -> tuple[Pathway, ...]:
    if hasattr(hops, "path_end"):
        _check_ion(hops)
        return (hops,)
    try:
        given = tuple(hops)
    except TypeError:
        raise InvalidValueError(
            f"{type(hops).__name__} holds no hops: give what embench.find_hops or embench.hop_between returns"
        ) from None
    if not given:
        raise InvalidValueError("there is no hop to predict a barrier for; give at least one")
    for hop in given:
        if not hasattr(hop, "path_end"):
            raise InvalidValueError(
                f"{type(hop).__name__} is no hop: embench.find_hops(structure, ion) finds the hops of a structure, and "
                "embench.hop_between(start, end) makes one of its two end structures"
            )
        _check_ion(hop)
    return given


def _check_ion(hop: Pathway) -> None:
    """Raise :class:`~embench.errors.InvalidValueError` where the first site, which migrates, can only be an anion."""
    from pymatgen.core import Element

    first = Element.from_Z(int(hop.atomic_numbers[0]))
    if first.is_chalcogen or first.is_halogen or first.symbol == "N":
        raise InvalidValueError(
            f"hop {hop.entry_id!r}: the first site migrates, and here it is {first.symbol}, while the "
            "models know hops of cations only. Put the migrating ion first in atomic_numbers and frac_coords, as "
            "embench.find_hops(structure, ion) and embench.hop_between(start, end) do"
        )


def _kins(model: TrainedModel, hops: Any, given: Sequence[Pathway]) -> list[Kin]:
    if isinstance(hops, Hops):
        # All cells of one crystal have one framework; the first hop is in the same supercell as the others.
        return [model.relatives.kin(given[0])] * len(given)
    return [model.relatives.kin(hop) for hop in given]


@lru_cache(maxsize=1)
def _known(digest: str) -> tuple[Entries, Mapping[tuple[str, str], list[Entry]]]:  # noqa: ARG001
    """Return the entries of the dataset by entry_id, and by host framework and ion."""
    entries = {entry.entry_id: entry for entry in load()}
    found: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries.values():
        found[entry.group_host, entry.mobile_ion].append(entry)
    return entries, found


def _published(hop: Pathway, kin: Kin, same_host: Mapping[tuple[str, str], list[Entry]]) -> tuple[Published, ...]:
    from pymatgen.core import Element

    if kin.prototype is None:
        return ()
    ion = str(Element.from_Z(int(hop.atomic_numbers[0])).symbol)
    # Entries that a model was not trained on are published all the same.
    return published_values(hop, same_host.get((f"{kin.formula}|{kin.prototype}", ion), []))


def _notes(given: Sequence[Pathway]) -> tuple[str, ...]:
    return tuple(getattr(given[0], "notes", ())) if len(given) == 1 else ()
