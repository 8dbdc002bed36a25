"""Making a submission: from predictions files and a description to a checked folder, and where it would stand."""

from __future__ import annotations

from embench.leaderboard.submit.fields import submission_with
from embench.leaderboard.submit.protocols import GivenFile, assign_protocols, read_given
from embench.leaderboard.submit.standing import Rival, Standing, standing

__all__ = ["GivenFile", "Rival", "Standing", "assign_protocols", "read_given", "standing", "submission_with"]
