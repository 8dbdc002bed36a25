"""From a run to a submission: the predictions file, and what of its description a run knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

from embench.errors import NebError
from embench.neb.calculators import PotentialSpec
from embench.neb.check import summarise
from embench.neb.columns import BandRow, above_first, bands_csv
from embench.neb.results import NebResult
from embench.neb.select import chosen_entries

Definition = Literal["max-minus-min", "max-minus-start"]
DEFINITIONS: dict[Definition, str] = {
    "max-minus-min": "barrier_max_minus_min",
    "max-minus-start": "barrier_max_minus_start",
}


def predictions_csv(
    results: Mapping[str, NebResult], order: Sequence[str], *, definition: Definition = "max-minus-min"
) -> str:
    """Return the text of a predictions file, in the order of `order` (the entry ids of the dataset).

    Every barrier is in it, whatever its flags: a failure that is left out would make the potential look better than it
    is. What has no barrier is missing. Further columns tell of the bands, see
    :data:`embench.schema.predicted.BAND_COLUMNS`.

    Raises :class:`~embench.errors.NebError` where there is none, or one of a hop that is not in `order`.
    """
    known = set(order)
    foreign = [entry_id for entry_id in results if entry_id not in known]
    if foreign:
        raise NebError(f"{foreign[0]} is no entry of the dataset: hops of one's own cannot be submitted")
    rows = [
        _row(results[entry_id], value)
        for entry_id in order
        if entry_id in results and (value := getattr(results[entry_id], DEFINITIONS[definition])) is not None
    ]
    if not rows:
        raise NebError("the run has no barrier yet: nothing to collect")
    return bands_csv(rows)


def _row(result: NebResult, barrier: float) -> BandRow:
    return BandRow(
        entry_id=result.entry_id,
        prediction=barrier,
        max_minus_start=result.barrier_max_minus_start,
        energies=above_first(result.energies),
        failures=result.flags,
        cpu_seconds=result.cpu,
    )


def chosen_results(results: Mapping[str, NebResult], which: Sequence[str]) -> dict[str, NebResult]:
    """Return the results of the entries that `which` names, see :func:`~embench.neb.select.chosen_entries`; else all.

    Raises :class:`~embench.errors.NebError` where some of them are missing: a submission is made of all or of none.
    """
    if not which:
        return dict(results)
    wanted = [entry.entry_id for entry in chosen_entries(which)]
    missing = [entry_id for entry_id in wanted if entry_id not in results]
    if missing:
        raise NebError(
            f"{len(missing)} of {len(wanted)} entries have no result yet, {missing[0]} among them: go on with "
            "embench neb run"
        )
    return {entry_id: results[entry_id] for entry_id in wanted}


def description(
    about: Mapping[str, Any], spec: PotentialSpec, results: Sequence[NebResult], *, definition: Definition
) -> dict[str, Any]:
    """Return the fields of ``submission.yaml`` that a run knows; the others are for its authors to fill in.

    `about` is what ``run.json`` says.
    """
    summary = summarise(results)
    settings = about["key"]["settings"]["name"]
    failed = ", ".join(f"{name} {len(ids)}" for name, ids in summary.failures.items() if ids)
    options = " ".join(f"--option {name}={value}" for name, value in sorted(about["key"]["options"].items()))
    of = about["key"]["settings"].get("bands")
    how = f"single points at ends and saddle of bands of {of}" if of else f"the protocol {settings}"
    command = (
        f"static {spec.name} {options} --bands BANDS" if of else f"run {spec.name} {options} --settings {settings}"
    )
    return {
        "name": spec.title,
        "version": about["key"]["version"] or None,
        "kind": "potential-neb",
        "description": (
            f"{spec.title} with {how} on {summary.n} entries: {summary.valued} barriers, "
            f"{summary.converged} converged. Entries by kind of failure, values kept: {failed or 'none'}."
            + f" {spec.note}".rstrip()
        ),
        "paper": spec.paper or None,
        "licence": spec.licence or None,
        "parameters": spec.parameters,
        "barrier": definition,
        **_known(spec),
        "neb": {
            "protocol": settings,
            "digest": about["key"]["settings"]["digest"],
            "n": summary.n,
            "share_converged": round(summary.share_converged, 4),
            "failures": {name: len(ids) for name, ids in summary.failures.items() if ids},
        },
        "training_data": {
            "description": spec.training_data or None,
            "overlaps_scored_entries": spec.overlap or None,
            "overlap_details": spec.overlap_details or None,
        },
        "hardware": f"{about.get('machine', '')}, {_devices(results)}, one thread a process".lstrip(", "),
        # What the bands have cost is known to the run that they are of only.
        "cost_device_hours": None if of else round(summary.cpu_hours, 2),
        "versions": about.get("versions", {}),
        "reproduce": f"embench neb {command} --out run".replace("  ", " "),
    }


def _known(spec: PotentialSpec) -> dict[str, Any]:
    """Return the fields of a description that the registry knows of a potential."""
    found: dict[str, Any] = {}
    if spec.level_of_theory is not None:
        found["level_of_theory"] = asdict(spec.level_of_theory)
    if spec.checkpoint is not None:
        found["checkpoint"] = {name: getattr(spec.checkpoint, name) for name in ("address", "sha256", "licence")}
    return found


def _devices(results: Sequence[NebResult]) -> str:
    return ", ".join(sorted({result.device for result in results if result.device})) or "cpu"
