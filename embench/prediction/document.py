"""The document of a prediction: everything that is known of it, as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from embench._version import __version__
from embench.migration.network import GOOD_CONDUCTOR, NetworkBarriers
from embench.prediction.data import HopPrediction, PotentialBarrier, PredictedHops, trust
from embench.prediction.documents import (
    FORMAT,
    AtomsDocument,
    HopDocument,
    KinDocument,
    ModelDocument,
    NetworkDocument,
    PotentialDocument,
    PredictionDocument,
    PublishedDocument,
    RefusedDocument,
    RelativeDocument,
    WayDocument,
)

if TYPE_CHECKING:
    from embench.crystal import Pathway
    from embench.migration.hops import Hops

_DIGITS = 6


def document(result: PredictedHops) -> PredictionDocument:
    """Return the document of a prediction."""
    first = result.predictions[0].hop
    ways = _ways(result.network, result, "model") + _ways(result.network_of_potential, result, "potential")
    return PredictionDocument(
        format=FORMAT,
        embench_version=__version__,
        model=_model(result),
        name=result.name,
        formula=result.hops.formula if result.hops is not None else _formula(first),
        ion=symbols_of(first)[0],
        space_group=result.hops.space_group if result.hops is not None else None,
        threshold=GOOD_CONDUCTOR,
        hops=[_hop(number, each) for number, each in enumerate(result.predictions)],
        ways=ways,
        network=None if result.hops is None else _network(result.hops, result.network),
        atoms=AtomsDocument(
            lattice=_rows(first.lattice), symbols=list(symbols_of(first)), frac_coords=_rows(first.frac_coords)
        ),
        warnings=list(result.warnings),
        notes=[*result.notes, *(() if result.network is None else result.network.notes)],
    )


def refused(name: str, error: Exception) -> RefusedDocument:
    """Return the document of a structure that no barrier could be predicted for."""
    return RefusedDocument(format=FORMAT, embench_version=__version__, name=name, error=str(error))


def symbols_of(hop: Pathway) -> tuple[str, ...]:
    """Return the elements of the sites of a hop, (N,)."""
    from pymatgen.core import Element

    return tuple(str(Element.from_Z(int(number)).symbol) for number in hop.atomic_numbers)


def _formula(hop: Pathway) -> str:
    from pymatgen.core import Composition

    return str(Composition("".join(symbols_of(hop))).reduced_formula)


def _model(result: PredictedHops) -> ModelDocument:
    about = result.model.about
    return ModelDocument(
        name=about.name,
        version=about.version,
        sha256=result.model.sha256,
        baseline=about.baseline,
        dataset_version=about.dataset_version,
        n=about.n,
    )


def _hop(number: int, each: HopPrediction) -> HopDocument:
    hop, found = each.hop, each.applicability
    vector = (np.asarray(hop.path_end) - np.asarray(hop.frac_coords)[0]) @ np.asarray(hop.lattice)
    symbols = symbols_of(hop)
    low, high = each.interval
    return HopDocument(
        number=number,
        entry_id=hop.entry_id,
        start_site=getattr(hop, "start_site", None),
        end_site=getattr(hop, "end_site", None),
        image=[int(x) for x in getattr(hop, "image", (0, 0, 0))],
        length=_round(float(np.linalg.norm(vector))),
        vector=[_round(float(x)) for x in vector],
        multiplicity=int(getattr(hop, "multiplicity", 1)),
        concentration_limit="dilute" if symbols.count(symbols[0]) == 1 else "vacancy",
        n_sites=len(symbols),
        barrier=_round(each.barrier),
        sigma=_round(each.sigma),
        low=_round(low),
        high=_round(high),
        probability_good=_round(each.probability_good),
        distance=_round(found.distance),
        percentile=found.percentile,
        expected_error=_round(each.calibration.expected_error(found.percentile)),
        outside=list(found.outside),
        warnings=list(found.warnings),
        relatives=[
            RelativeDocument(
                entry_id=near.entry_id,
                formula=near.formula,
                mobile_ion=near.mobile_ion,
                prototype=near.prototype,
                barrier=near.barrier,
                hop_distance=_round(near.hop_distance),
                flags=list(near.flags),
                distance=near.distance,
            )
            for near in found.relatives
        ],
        published=[
            PublishedDocument(
                entry_id=known.entry_id,
                barrier=known.barrier,
                functional=known.functional,
                concentration_limit=known.concentration_limit,
                flags=list(known.flags),
                difference=known.difference,
            )
            for known in each.published
        ],
        potential=None if each.potential is None else _potential(each.potential),
        kin=_kin(each),
        notes=list(getattr(hop, "notes", ())),
    )


def _kin(each: HopPrediction) -> KinDocument:
    kin, calibration = each.kin, each.calibration
    return KinDocument(
        host_formula=kin.formula,
        prototype=kin.prototype,
        host=kin.host,
        n_prototype=kin.n_prototype,
        n_host=kin.n_host,
        protocol=calibration.protocol,
        median_error=_round(calibration.median_error),
        mean_error=_round(calibration.mean_error),
        coverage=_round(calibration.coverage),
        factor=_round(calibration.factor),
        shared=_round(calibration.shared),
        sentence=trust(kin, calibration),
    )


def _potential(found: PotentialBarrier) -> PotentialDocument:
    result = found.result
    low, high = found.hybrid_interval or (None, None)
    return PotentialDocument(
        potential=result.potential,
        protocol=result.protocol,
        status=result.status,
        barrier=result.barrier_max_minus_min,
        barrier_forward=result.barrier_max_minus_start,
        barrier_backward=result.barrier_backward,
        failures=list(result.flags),
        reason=result.reason,
        cpu_seconds=round(result.cpu, 1),
        hybrid=found.hybrid,
        hybrid_model=found.hybrid_model,
        hybrid_low=low,
        hybrid_high=high,
    )


def _ways(
    network: NetworkBarriers | None, result: PredictedHops, known_by: Literal["model", "potential"]
) -> list[WayDocument]:
    if network is None:
        return []
    return [
        WayDocument(
            dimension=dimension,
            barrier=_round(way.barrier),
            low=_round(way.interval[0]),
            high=_round(way.interval[1]),
            limiting=list(way.limiting),
            limiting_shares=[
                {"hop": hop, "share": _round(share)}
                for hop, share in sorted(way.limiting_shares.items(), key=lambda item: -item[1])
            ],
            rate=float(f"{way.rate:.4g}"),
            rate_low=float(f"{way.rate_interval[0]:.4g}"),
            rate_high=float(f"{way.rate_interval[1]:.4g}"),
            probability_good=_round(way.probability_good),
            outside=any(result.predictions[hop].is_outside for hop in way.limiting),
            known_by=known_by,
        )
        for dimension, way in sorted(network.ways.items())
    ]


def _network(hops: Hops, network: NetworkBarriers | None) -> NetworkDocument:
    return NetworkDocument(
        lattice=_rows(hops.lattice),
        sites=_rows(hops.network.sites),
        kinds=list(hops.network.kinds),
        connections=[
            {"start": link.start, "end": link.end, "image": list(link.image), "hop": link.hop}
            for link in hops.connections
        ],
        connecting_lengths={str(n): _round(length) for n, length in hops.connecting_lengths.items()},
        temperature=300.0 if network is None else network.temperature,
    )


def _rows(values: Any) -> list[list[float]]:
    rows: list[list[float]] = np.round(np.asarray(values, np.float64), _DIGITS).tolist()
    return rows


def _round(value: float) -> float:
    return round(float(value), _DIGITS)
