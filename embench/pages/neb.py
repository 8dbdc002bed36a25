"""The page of the documentation about the runs that embench made itself, and how they agree with the literature's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embench.audit.submitted_bands import Band, read_submitted
from embench.common.markdown import fill_page, markdown_table
from embench.dataset import Dataset, load
from embench.neb.check import summarise
from embench.neb.estimate import cost_of_results
from embench.neb.results import NebResult
from embench.neb.store import RunStore
from embench.pages.neb_differences import EXPLAINED
from embench.pages.neb_symmetry import symmetry_section
from embench.splits import protocol

COMMAND = "embench neb table --out docs/neb-results.md"
LARGE_DIFFERENCE = 0.15
"""eV: what differs by more from the literature's run of the same potential is explained, one by one."""

SIZES = (40, 80, 160, 320)


@dataclass(frozen=True, kw_only=True)
class FirstHand:
    """A run that embench made: its folder and submission, and the literature's submission of the same potential.

    `protocol` is the one whose scored entries are looked at first. `own` is, of single points on the bands of another
    run, the run with bands of the potential's own, and `bands` that other one.
    """

    slug: str
    title: str
    literature: str | None = None
    protocol: str = "published"
    own: str | None = None
    bands: str | None = None


RUNS: tuple[FirstHand, ...] = (
    FirstHand(slug="chgnet-0.3.0", title="CHGNet 0.3.0", literature="chgnet"),
    FirstHand(slug="sevennet-0", title="SevenNet-0 (11 July 2024)"),
    FirstHand(
        slug="sevennet-0-on-chgnet-0.3.0",
        title="SevenNet-0 on the bands of CHGNet 0.3.0",
        own="sevennet-0",
        bands="chgnet-0.3.0",
    ),
    FirstHand(slug="chgnet-0.3.0-oxygen", title="CHGNet 0.3.0 on oxygen vacancies", protocol="to-oxygen"),
)


def neb_page(runs: Path) -> str:
    """Return the page in Markdown; `runs` is the folder with a folder of each run.

    Raises :class:`~embench.errors.NebError` for a folder that is damaged.
    """
    stores = {run: RunStore(runs / run.slug) for run in RUNS if (runs / run.slug).is_dir()}
    parts = [_part(run, store, runs) for run, store in stores.items()]
    cations = {
        run.title: store.results() for run, store in stores.items() if run.protocol == "published" and run.bands is None
    }
    parts.append(symmetry_section(load(), cations))
    return fill_page("embench.pages", "neb.md", {"command": COMMAND, "runs": "\n\n".join(filter(None, parts))})


def _part(run: FirstHand, store: RunStore, runs: Path) -> str:
    benchmark = protocol(run.protocol)
    data, scored, name = load(benchmark.dataset), benchmark.scored_ids, f"`{run.protocol}`"
    results = store.results()
    test = {entry_id: results[entry_id] for entry_id in scored if entry_id in results}
    parts = [
        f"## {run.title}",
        f"`{store.key['settings']['name']}`, {store.key['potential']} {store.key['version']}: {len(results)} entries, "
        f"{len(test)} of the {len(scored)} of {name}."
        + ("" if len(test) == len(scored) else " The run goes on: nothing is ranked before these are complete."),
    ]
    sets = [(name, test), ("all computed", results)] if len(results) > len(test) else [(name, test)]
    sets = [(each, found) for each, found in sets if found]
    if sets:
        parts += [_scores(data, sets), _failures(sets), _cost(results)]
    if run.literature is not None and test:
        parts.append(_agreement(run, data, test, read_submitted(run.literature)))
    if run.own is not None and run.bands is not None:
        parts.append(_single_points(store, runs / run.own, runs / run.bands))
    return "\n\n".join(part for part in parts if part)


def _single_points(store: RunStore, own: Path, bands: Path) -> str:
    """Return how far single points are from what the potential gives on bands that it relaxes itself."""
    points, relaxed, others = (each.results() for each in (store, RunStore(own), RunStore(bands)))
    shared = [i for i in points if all(i in each and each[i].has_value for each in (points, relaxed, others))]
    if not shared:
        return ""
    single, right, other = (
        np.array([each[i].barrier_max_minus_min for i in shared], np.float64) for each in (points, relaxed, others)
    )
    spent, saved = (sum(each[i].cpu for i in shared) / 3600 for each in (points, relaxed))
    potential = store.key["potential"]
    return (
        f"### How near single points come\n\n`embench neb static {potential} --bands {bands.name} --out "
        f"{store.folder.name}` computes both ends and the highest image between them of each band of {bands.name}, and "
        f"moves nothing. On the {len(shared)} entries with a barrier in all three runs, it differs from that of the "
        f"bands that {potential} relaxes itself (`{own.name}`) by {np.median(abs(single - right)):.3f} eV in the "
        f"median, where that of {bands.name} does by {np.median(abs(other - right)):.3f} eV. It costs {spent:.2f} CPU "
        f"hours in place of {saved:.2f}, beside the bands."
    )


def _scores(data: Dataset, sets: Sequence[tuple[str, Mapping[str, NebResult]]]) -> str:
    rows = []
    for name, results in sets:
        summary = summarise(list(results.values()))
        valued = [row for row in results.values() if row.barrier_max_minus_min is not None]
        sound = _errors(data, {row.entry_id: row.barrier_max_minus_min for row in valued if not row.flags})
        start = _errors(data, {row.entry_id: row.barrier_max_minus_start for row in valued})
        errors = _errors(data, {row.entry_id: row.barrier_max_minus_min for row in valued})
        rows.append(
            [
                name,
                f"{summary.valued} of {summary.n}",
                f"{errors.mean():.3f}",
                f"{np.median(errors):.3f}",
                f"{start.mean():.3f}",
                f"{sound.mean():.3f} ({len(sound)})" if len(sound) else "–",
                f"{1 - summary.share_converged:.1%}",
                f"{summary.cpu_hours:.1f}",
            ]
        )
    header = ["entries", "with a barrier", "MAE (eV)", "median error", "MAE of max − start", "MAE without failures"]
    return markdown_table([*header, "not converged", "CPU hours"], rows)


def _errors(data: Dataset, barriers: Mapping[str, float | None]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    pairs = [(barrier, data[i].migration_barrier) for i, barrier in barriers.items() if barrier is not None]
    return np.array([abs(barrier - label) for barrier, label in pairs], np.float64)


def _failures(sets: Sequence[tuple[str, Mapping[str, NebResult]]]) -> str:
    summaries = [(name, summarise(list(results.values()))) for name, results in sets]
    kinds = summaries[0][1].failures
    rows = [[f"`{kind}`", *(len(summary.failures[kind]) for _, summary in summaries)] for kind in kinds]
    return markdown_table(["failure", *(name for name, _ in summaries)], rows)


def _cost(results: Mapping[str, NebResult]) -> str:
    cost = cost_of_results(results.values())
    if cost is None:
        return ""
    rows = []
    for low, high in zip((0, *SIZES), (*SIZES, 10**9), strict=True):
        found = [row for row in results.values() if low < row.n_sites <= high and row.n_calls]
        if found:
            calls, cpu = np.median([row.n_calls for row in found]), np.median([row.cpu for row in found])
            size = f"{low + 1} to {high}" if high < 10**9 else f"more than {low}"
            rows.append([size, len(found), f"{calls:.0f}", f"{cpu:.0f}"])
    table = markdown_table(["atoms", "entries", "calls, median", "CPU s, median"], rows)
    return f"{table}\n\nProcessor seconds of a call grow with the number of atoms to the power {cost.power:.2f}."


def _agreement(run: FirstHand, data: Dataset, test: Mapping[str, NebResult], published: Mapping[str, Band]) -> str:
    shared = {
        entry_id: (float(row.barrier_max_minus_min), published[entry_id])
        for entry_id, row in test.items()
        if entry_id in published and row.barrier_max_minus_min is not None
    }
    if not shared:
        return ""
    apart = {entry_id: ours - theirs.barrier for entry_id, (ours, theirs) in shared.items()}
    sizes = np.abs(list(apart.values()))
    ours_error = _errors(data, {entry_id: ours for entry_id, (ours, _) in shared.items()}).mean()
    theirs_error = _errors(data, {entry_id: band.barrier for entry_id, (_, band) in shared.items()}).mean()
    large = sorted((i for i, value in apart.items() if abs(value) > LARGE_DIFFERENCE), key=lambda i: -abs(apart[i]))
    text = (
        "### Agreement with the literature\n\n"
        f"The literature's run of this potential (`{run.literature}`; IDPP, no climbing) has {len(shared)} of these "
        f"entries. The two differ by {np.median(sizes):.3f} eV in the median; "
        f"{np.sum(sizes <= 0.05)} agree within 0.05 eV and {np.sum(sizes <= LARGE_DIFFERENCE)} within "
        f"{LARGE_DIFFERENCE:g} eV. On them the MAE is {ours_error:.3f} eV here and {theirs_error:.3f} eV there."
    )
    if not large:
        return text
    rows = [
        [
            f"`{entry_id}`",
            f"{shared[entry_id][0]:.3f}",
            f"{shared[entry_id][1].barrier:.3f}",
            f"{data[entry_id].migration_barrier:.3f}",
            EXPLAINED.get((run.slug, entry_id), "not explained yet"),
        ]
        for entry_id in large
    ]
    header = ["entry", "here", "literature", "label", "why"]
    return f"{text}\n\nLarger differences:\n\n{markdown_table(header, rows, left=('why',))}"
