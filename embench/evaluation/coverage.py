"""How many of the scored entries a system predicts, and what that means for its rank."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_COVERAGE = 0.9
"""A system that predicts a smaller share of the scored entries is listed without a rank."""

COVERAGE_RULE = (
    f"A rank needs predictions for at least {100 * LEAST_COVERAGE:.0f} % of the scored entries, and an entry without "
    "one counts as the worst of the reference predictions for it, so that leaving entries out does not pay."
)
"""The rule in a sentence, as the terminal, the board and the site show it."""

FILLED = "the worst reference prediction"
"""What an entry without a prediction is scored with."""


@dataclass(frozen=True)
class Coverage:
    """How many of the `scored` entries were predicted, and which were filled in; see :data:`COVERAGE_RULE`."""

    scored: int
    predicted: int
    filled: tuple[str, ...]

    @property
    def share(self) -> float:
        """The share of the scored entries that were predicted."""
        return self.predicted / self.scored

    @property
    def enough(self) -> bool:
        """Whether that share is enough for a rank."""
        return enough_for_a_rank(self.predicted, self.scored)


def enough_for_a_rank(predicted: int, scored: int) -> bool:
    """Return whether `predicted` of `scored` entries are enough for a rank."""
    return predicted >= LEAST_COVERAGE * scored - 1e-9  # the limit itself is enough, however it is rounded
