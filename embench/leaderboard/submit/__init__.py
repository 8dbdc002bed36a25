"""Making a submission: from predictions files and a description to a checked folder, and where it would stand."""

from __future__ import annotations

from embench.leaderboard.submit.protocols import assign_protocols
from embench.leaderboard.submit.stage import staged, take_in
from embench.leaderboard.submit.standing import Rival, Standing, standing

__all__ = ["Rival", "Standing", "assign_protocols", "staged", "standing", "take_in"]
