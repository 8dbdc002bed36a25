"""The board: every submission scored again from its predictions, ranked, and compared with every other.

>>> from pathlib import Path
>>> from embench.leaderboard.board import build_board
>>> board = build_board(Path("leaderboard/submissions"), cache=None)  # doctest: +SKIP
>>> board.content["protocols"][0]["name"]  # doctest: +SKIP
'host-10fold'

Stored scores are never read. The same predictions, dataset and code give the same board, byte for byte.
"""

from __future__ import annotations

from embench.common.cache import default_cache
from embench.leaderboard.board.build import Board, build_board

__all__ = ["Board", "build_board", "default_cache"]
