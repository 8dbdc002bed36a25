"""The leaderboard as static pages, which work from a folder, offline, and from any web server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from embench.errors import SubmissionError

if TYPE_CHECKING:
    from embench.leaderboard.board import Board


def write_site(board: Board, folder: Path) -> None:
    """Write the pages of `board` to `folder`; the same board gives the same bytes.

    ``index.html`` is the leaderboard; ``submissions/<slug>.html`` a page for each submission, ``entries.html`` the list
    of entries with a page for each below ``entries/``, ``score.html`` scores a file in the browser, ``predict.html``
    shows worked examples of ``embench predict``, ``method.html`` is the page on the method. Changelog, feed, map and
    icons come beside them.

    Raises
    ------
    MissingDependencyError
        A library that the pages are made with is not installed.
    OutputError
        `folder` cannot be written.
    SubmissionError
        No submission has predictions for a protocol that ranks systems.
    """
    if not board.content["protocols"]:
        raise SubmissionError(
            "no submission has predictions for a protocol that ranks systems, which the pages begin with; "
            "leave out the site, or add a submission with predictions for one"
        )
    from embench.common.files import write_text
    from embench.leaderboard.site.assets import write_assets
    from embench.leaderboard.site.entries import write_entries
    from embench.leaderboard.site.extras import write_extras
    from embench.leaderboard.site.main.page import write_main
    from embench.leaderboard.site.method import write_method
    from embench.leaderboard.site.predict.page import write_predict
    from embench.leaderboard.site.score.page import write_score
    from embench.leaderboard.site.submissions.page import write_submission_pages

    write_assets(folder / "assets")
    write_text(
        folder / "leaderboard.json",
        json.dumps(board.content, ensure_ascii=False, allow_nan=False, separators=(",", ":")),
    )
    write_main(board, folder)
    write_submission_pages(board, folder)
    write_entries(board, folder)
    write_method(board, folder)
    write_score(board, folder)
    write_predict(folder)
    write_extras(board, folder)
