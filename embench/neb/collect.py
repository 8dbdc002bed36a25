"""From a run to a submission: the predictions file, and what of its description a run knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from embench.errors import NebError
from embench.neb.calculators import PotentialSpec
from embench.neb.check import summarise
from embench.neb.results import NebResult

Definition = Literal["max-minus-min", "max-minus-start"]
DEFINITIONS: dict[Definition, str] = {
    "max-minus-min": "barrier_max_minus_min",
    "max-minus-start": "barrier_max_minus_start",
}
DECIMALS = 6


def predictions_csv(
    results: Mapping[str, NebResult], order: Sequence[str], *, definition: Definition = "max-minus-min"
) -> str:
    """Return the text of a predictions file, in the order of `order` (the entry ids of the dataset).

    Every barrier is in it, whatever its flags: a failure that is left out would make the potential look better than it
    is. What has no barrier is missing.

    Raises :class:`~embench.errors.NebError` where there is none, or one of a hop that is not in `order`.
    """
    known = set(order)
    foreign = [entry_id for entry_id in results if entry_id not in known]
    if foreign:
        raise NebError(f"{foreign[0]} is no entry of the dataset: hops of one's own cannot be submitted")
    lines = [
        f"{entry_id},{value:.{DECIMALS}f}"
        for entry_id in order
        if entry_id in results and (value := getattr(results[entry_id], DEFINITIONS[definition])) is not None
    ]
    if not lines:
        raise NebError("the run has no barrier yet: nothing to collect")
    return "\n".join(("entry_id,prediction", *lines, ""))


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
    return {
        "name": spec.title,
        "version": about["key"]["version"] or None,
        "kind": "potential-neb",
        "description": (
            f"{spec.title} with the protocol {settings} on {summary.n} entries: {summary.valued} barriers, "
            f"{summary.converged} converged. Entries by kind of failure, values kept: {failed or 'none'}."
        ),
        "paper": spec.paper or None,
        "licence": spec.licence or None,
        "parameters": spec.parameters,
        "barrier": definition,
        "training_data": {"description": spec.training_data or None},
        "hardware": f"{about.get('machine', '')}, {_devices(results)}, one thread a process".lstrip(", "),
        "cost_device_hours": round(summary.cpu_hours, 2),
        "versions": about.get("versions", {}),
        "reproduce": f"embench neb run {spec.name} {options} --settings {settings} --out run".replace("  ", " "),
    }


def neb_fields(about: Mapping[str, Any], spec: PotentialSpec, results: Sequence[NebResult]) -> dict[str, Any]:
    """Return what a board can show of a potential besides its description: its level of theory and its failures."""
    from dataclasses import asdict

    summary = summarise(results)
    return {
        "level_of_theory": asdict(spec.level_of_theory) if spec.level_of_theory else None,
        "checkpoint": spec.checkpoint or None,
        "neb": {
            "protocol": about["key"]["settings"]["name"],
            "digest": about["key"]["settings"]["digest"],
            "n": summary.n,
            "share_converged": round(summary.share_converged, 4),
            "flags": {name: len(ids) for name, ids in summary.failures.items()},
        },
    }


def _devices(results: Sequence[NebResult]) -> str:
    return ", ".join(sorted({result.device for result in results if result.device})) or "cpu"
