"""Hand embench what nobody should, and count what comes of it: ``python tests/torture/run.py --number 2000``.

Each family of inputs starts from a sound one, changes it by a seeded generator, and judges what embench makes of it by
something that is not embench. Counted are

- tracebacks: any exception but an EmbenchError,
- wrong acceptances: something is read that the input does not say, or that ought to have been refused,
- silent losses: something that the input says is missing from what is read, without a word.

The same seed and number give the same inputs. The short form is a test (``test_torture.py``); the exit code of this
program is 1 where anything was counted.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY))

from embench.errors import EmbenchError  # noqa: E402

SHOWN = 3  # findings of each kind that are printed in full


class Wrong(Exception):
    """Something was accepted that is not what the input says."""


class Lost(Exception):
    """Something that the input says is missing, without a word."""


Trial = tuple[str, Callable[[], None]]
"""What an input is, and what reads and judges it: it raises EmbenchError for a refusal, Wrong or Lost for a finding."""

Family = Callable[[random.Random, Path], Iterator[Trial]]
"""Yields inputs without end; the folder is its own."""


@dataclass
class Count:
    """What came of the inputs of one family."""

    tried: int = 0
    refused: int = 0
    seconds: float = 0.0
    found: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def note(self, kind: str, what: str, error: BaseException) -> None:
        """Count a finding, and keep the first of each kind."""
        self.found[kind] += 1
        if self.found[kind] <= SHOWN:
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(place.filename).name}:{place.lineno}"
            self.examples.append(f"{kind}: {what}: {type(error).__name__} at {where}: {str(error)[:200]}")


def torture(family: Family, *, seed: int, number: int) -> Count:
    """Try `number` inputs of one family."""
    count, begun = Count(), time.process_time()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trials = family(random.Random(f"{seed}/{family.__name__}"), Path(folder))
        for _, (what, trial) in zip(range(number), trials, strict=False):
            count.tried += 1
            try:
                trial()
            except EmbenchError:
                count.refused += 1
            except Wrong as error:
                count.note("wrong acceptances", what, error)
            except Lost as error:
                count.note("silent losses", what, error)
            except Exception as error:
                count.note("tracebacks", what, error)
    count.seconds = time.process_time() - begun
    return count


def table(counts: dict[str, Count]) -> str:
    """Return the counts as a table."""
    kinds = ("tracebacks", "wrong acceptances", "silent losses")
    lines = [f"{'family':<14}{'tried':>8}{'refused':>9}" + "".join(f"{kind:>19}" for kind in kinds) + f"{'CPU s':>8}"]
    for name, count in counts.items():
        numbers = "".join(f"{count.found[kind]:>19}" for kind in kinds)
        lines.append(f"{name:<14}{count.tried:>8}{count.refused:>9}{numbers}{count.seconds:>8.1f}")
    return "\n".join(lines)


def main() -> int:
    """Run the families that were asked for, and print the table and what was found."""
    from tests.torture.families import FAMILIES

    parser = argparse.ArgumentParser(description="Hand embench what nobody should, and count what comes of it.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--number", type=int, default=1000, help="inputs of each family")
    parser.add_argument("--family", choices=sorted(FAMILIES), action="append", help="by default all of them")
    options = parser.parse_args()
    counts = {}
    for name in options.family or FAMILIES:
        counts[name] = torture(FAMILIES[name], seed=options.seed, number=options.number)
        print(f"{name} done", file=sys.stderr)
    print(table(counts))
    for name, count in counts.items():
        for example in count.examples:
            print(f"{name}: {example}")
    return int(any(count.found for count in counts.values()))


if __name__ == "__main__":
    # By the name under which the families know it: there must be one class Wrong, and one Lost.
    from tests.torture.run import main as run

    sys.exit(run())
