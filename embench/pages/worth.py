"""The page of hops that are worth computing."""

from __future__ import annotations

from collections.abc import Callable

from embench._version import DATASET_VERSION
from embench.common.markdown import markdown_table
from embench.neb.worth import WorthwhileHop, hops_worth_computing

N_HOPS = 30
COMMAND = "embench neb worth --out docs/hops-worth-computing.md"


def worth_page(n: int = N_HOPS, *, progress: Callable[[int, int], None] = lambda *_: None) -> str:
    """Return the page, in Markdown, over the `n` hops that would tell most."""
    found = hops_worth_computing(n, progress=progress)
    header = ["", "crystal", "ion", "family", "hop, Å", "sites", "disagreement, eV", "entries of the host", "score"]
    rows = [_row(number, one) for number, one in enumerate(found, start=1)]
    table = markdown_table(header, rows, left=("crystal", "ion", "family"))
    return _HEAD.format(version=DATASET_VERSION, command=COMMAND) + table + "\n"


def _row(number: int, one: WorthwhileHop) -> list[str]:
    return [
        str(number),
        one.formula,
        one.ion,
        one.structure_class,
        f"{one.hop.hop_distance:.2f}",
        str(one.hop.n_sites),
        f"{one.disagreement:.2f}",
        str(one.n_entries),
        f"{one.score:.2f}",
    ]


_HEAD = """# Hops worth computing

*Dataset {version}. Written by `{command}`; not edited by hand.*

Which DFT barriers would tell most? These hops are not in the dataset, but their crystals are: symmetry-distinct hops,
up to 6 Å, of crystals that it holds in which no entry has a hop of that length. They are ranked by how much the
systems on the leaderboard disagree about the entries of the crystal (standard deviation over all systems that predict
every entry of host-10fold, eV), divided by the square root of the number of entries that there are of this host and
ion. At most two are of one crystal; a barrier is looked at nowhere.

`embench neb worth --export folder` writes each as a band of POSCARs, `00` to `NN`, with the tags that make a run of
VASP a nudged elastic band; [new-data.md](new-data.md) says how to offer what comes out.

"""
