"""What is known of the bands that potentials gave: candidates for the gate, and signs of how far to trust them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embench.audit.barriers import read_potentials
from embench.audit.submitted_bands import Band, read_submitted
from embench.baselines.models.gated import OfBands
from embench.baselines.models.hybrid import POTENTIALS as HYBRID_POTENTIALS
from embench.baselines.models.hybrid import Barriers
from embench.baselines.scale import to_log
from embench.dataset import load
from embench.errors import BaselineError

if TYPE_CHECKING:
    from embench.crystal import Pathway

Floats = NDArray[np.float64]
Bands = Mapping[str, Mapping[str, Band]]
"""For each potential its bands by entry id."""

POTENTIALS = ("orb-v3", "sevennet-mf-ompa", "mace-relax")
"""The potentials whose barriers are candidates as they stand."""

# The potentials whose sources tell the energies along the band, and what can be wrong with a band of theirs.
_WITH_ENERGIES = ("orb-v3", "sevennet-mf-ompa")
_FAILURES = ("end_is_maximum", "equivalent_ends_differ", "image_below_ends", "ends_apart")


def of_bands(bands: Bands, entries: Iterable[Pathway]) -> OfBands:
    """Return what is known of the bands of `entries`, in their order."""
    ids = [entry.entry_id for entry in entries]
    barriers = [[bands[name][i].barrier if i in bands[name] else np.nan for name in POTENTIALS] for i in ids]
    return OfBands(
        candidates=to_log(np.clip(np.array(barriers, np.float64), 0.0, None)),
        inputs=np.array([[value for name in _WITH_ENERGIES for value in _signs_of(bands[name].get(i))] for i in ids]),
    )


def _signs_of(band: Band | None) -> list[float]:
    """Return by how much the ends differ, how far an image lies below both (eV), and which failures the band has."""
    if band is None:
        return [0.0] * (2 + len(_FAILURES))
    energies = [energy for energy in band.energies if energy is not None]
    last = band.energies[-1] if band.energies else None
    apart = abs(last) if last is not None else 0.0
    # Energies are those above the first image.
    below = min(0.0, last or 0.0) - min(energies, default=0.0)
    return [apart, max(0.0, below), *(float(name in band.failures) for name in _FAILURES)]


def barriers_of(bands: Bands) -> Barriers:
    """Return the barriers (eV) that the hybrid reads, by potential and entry id."""
    return {name: {entry_id: band.barrier for entry_id, band in bands[name].items()} for name in HYBRID_POTENTIALS}


def shipped_bands() -> dict[str, dict[str, Band]]:
    """Return what ships with embench of the bands of POTENTIALS, by entry id: barriers, and failures and energies.

    Raises :class:`~embench.errors.BaselineError` where a barrier of one of the potentials, or the band behind it, is
    missing, and as :func:`~embench.audit.barriers.read_potentials` and :func:`~embench.audit.evidence.read_submitted`
    do.
    """
    barriers = {potential.slug: potential.barriers for potential in read_potentials(load().entry_ids)}
    found: dict[str, dict[str, Band]] = {}
    for name in POTENTIALS:
        if name not in barriers:
            raise BaselineError(
                f"the barriers that ship with embench lack {name}: give PathwayGate the keyword bands, or make them "
                "again with embench data potentials"
            )
        told = read_submitted(name) if name in _WITH_ENERGIES else {}
        found[name] = {entry_id: _band(name, entry_id, value, told) for entry_id, value in barriers[name].items()}
    return found


def _band(name: str, entry_id: str, barrier: float, told: Mapping[str, Band]) -> Band:
    if name not in _WITH_ENERGIES:
        return Band(barrier=barrier, failures=(), energies=())
    if entry_id not in told:
        raise BaselineError(
            f"the submission {name} that ships with embench has no band of {entry_id}, whose barrier is known: restore "
            "the files of the release, or make them again with embench leaderboard literature"
        )
    return Band(barrier=barrier, failures=told[entry_id].failures, energies=told[entry_id].energies)
