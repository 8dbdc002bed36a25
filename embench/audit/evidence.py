"""What speaks for or against a label: barriers of relaxed bands that have a saddle, with what is known of the bands.

The table that ships (:mod:`embench.audit.barriers`) has the barriers of the literature; the predictions of its
submissions add the bands, and :data:`FIRST_HAND` names the submissions that embench computed itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from embench.audit.barriers import Potential, read_potentials
from embench.audit.submitted_bands import Band, read_submitted

FIRST_HAND = ("chgnet-0.3.0", "sevennet-0")
"""Submissions of potentials that embench computed itself; one that is not there yet is left out."""

NO_SADDLE = "end_is_maximum"
"""The failure of a band whose figure is no barrier: its highest image is an end."""

# What dataset 1.0.0 was made with: SevenNet was published for the test part only.
_ADDED_SINCE = {"sevennet-mf-ompa": "train"}


def read_evidence(known_ids: Collection[str], submissions: Path | None = None) -> list[Potential]:
    """Return the potentials that may speak about labels, without the figures of bands that have no saddle.

    `submissions` is the folder of the submissions, by default those that ship. Raises as
    :func:`~embench.audit.barriers.read_potentials` does.
    """
    found = [potential for potential in read_potentials(known_ids) if potential.is_evidence]
    bands = {slug: read_submitted(slug, submissions) for slug in (*(p.slug for p in found), *FIRST_HAND)}
    found += [
        Potential(slug, {entry_id: band.barrier for entry_id, band in bands[slug].items()})
        for slug in FIRST_HAND
        if bands[slug]
    ]
    return [_with_saddle(potential, bands[potential.slug]) for potential in found]


def _with_saddle(potential: Potential, bands: Mapping[str, Band]) -> Potential:
    without = {entry_id for entry_id, band in bands.items() if NO_SADDLE in band.failures}
    return Potential(potential.slug, {i: barrier for i, barrier in potential.barriers.items() if i not in without})


def evidence_of_the_flag(known: Mapping[str, str]) -> list[Potential]:
    """Return the potentials that the flag ``label_suspect`` of the dataset was set from.

    A flag changes with a version of the dataset only, while evidence grows. `known` are the entries with their part of
    the published split, ``train`` or ``test``.
    """
    return [
        Potential(
            potential.slug,
            {i: barrier for i, barrier in potential.barriers.items() if known[i] != _ADDED_SINCE.get(potential.slug)},
        )
        for potential in read_potentials(known)
    ]
