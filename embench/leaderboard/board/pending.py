"""What has changed among the submissions since the board was built.

A pull request with a submission does not bring the board along: two of them would be in each other's way. A workflow
builds it after the merge. Until then the files of the board are those of the submissions that they name, and of nothing
else, which :func:`check_recorded` holds.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embench.errors import StaleFileError
from embench.leaderboard.board.build import board_of
from embench.leaderboard.board.content import description_of
from embench.leaderboard.board.markdown import board_page, renewed
from embench.leaderboard.board.stored import read_board
from embench.leaderboard.board.write import JSON_FILE, PAGE_FILE, board_texts, check_current

if TYPE_CHECKING:
    from embench.leaderboard.board.detail import Progress
    from embench.leaderboard.board.documents import (
        BoardDocument,
        ProtocolSection,
        TransferSection,
    )
    from embench.leaderboard.submission import Submission

# What rests on one submission alone. Ranks, tests and signs rest on all that are on the board.
_OF_A_ROW = ("slug", "metrics", "mae_predicted", "without_metal_site", "other_definition", "coverage")
_OF_A_ROW_WITHOUT = ("metrics", "mae_predicted", "coverage")
_OF_A_PROTOCOL = ("name", "title", "description", "main", "n", "n_hosts", "dataset", "dataset_version", "trained_on")


@dataclass(frozen=True)
class Pending:
    """The slugs of submissions that are not on the board as they are now: it is to be built again."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.removed)

    def __str__(self) -> str:
        parts = {"new": self.new, "changed": self.changed, "removed": self.removed}
        return "; ".join(f"{word}: {', '.join(slugs)}" for word, slugs in parts.items() if slugs)


def pending(document: BoardDocument, submissions: Sequence[Submission]) -> Pending:
    """Compare the submissions of a board with those of now, by their descriptions and the sha256 of the predictions."""
    now = {submission.slug: submission for submission in submissions}
    recorded = document["submissions"]
    return Pending(
        new=tuple(sorted(now.keys() - recorded.keys())),
        changed=tuple(slug for slug in sorted(now.keys() & recorded.keys()) if _has_changed(now[slug], document)),
        removed=tuple(sorted(recorded.keys() - now.keys())),
    )


def _has_changed(submission: Submission, document: BoardDocument) -> bool:
    card, described = document["submissions"][submission.slug], description_of(submission)
    # A field that one of them lacks is one that embench has got since, which is no change of the submission.
    before = {name: value for name, value in card.items() if name in described}
    if before != {name: value for name, value in described.items() if name in card}:
        return True
    predictions = document["checksums"]["predictions"].get(submission.slug, {})
    return any(submission.predicted(protocol).sha256 != digest for protocol, digest in predictions.items())


def check_recorded(
    submissions: Path,
    out: Path,
    *,
    page: Path | None = None,
    cache: Path | None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Pending:
    """Check that the files of the board in `out` are those of the submissions that they name; return what is pending.

    Where nothing is pending, or submissions are new only, every byte is compared. A submission that has changed or is
    gone cannot be scored again as it was: then all is compared that rests on the others, which leaves out ranks, tests
    and signs of trouble. For `page` see :func:`~embench.leaderboard.board.write.board_texts`, for the rest
    :func:`~embench.leaderboard.board.build.build_board`.

    Raises
    ------
    StaleFileError
        A file is missing, or differs by more than what is pending.
    """
    from embench.leaderboard.submission import read_submissions

    document, found = read_board(out / JSON_FILE), read_submissions(submissions)
    since = pending(document, found)
    kept = [submission for submission in found if submission.slug not in {*since.new, *since.changed}]
    # First what costs nothing.
    texts = {out / PAGE_FILE: board_page(document)}
    if page is not None:
        texts[page] = renewed(page, document)
    check_current(texts)
    if not kept:
        return since
    board = board_of(kept, cache=cache, workers=workers, progress=progress)
    if not (since.changed or since.removed):
        check_current(board_texts(board, out, page=page))
    elif problems := _differences(document, board.content, [submission.slug for submission in kept]):
        raise StaleFileError(
            f"{out / JSON_FILE}: {', '.join(problems)} not what embench leaderboard build writes now; run it"
        )
    return since


def _differences(document: BoardDocument, made: BoardDocument, slugs: Collection[str]) -> list[str]:
    """Return the parts of two boards that differ though they rest on the submissions `slugs` alone."""
    before, after = _resting_on(document, slugs), _resting_on(made, slugs)
    # Of data that only submissions which have changed or are gone were scored with, nothing is known here.
    named = made["checksums"]["data"]
    data = {name: digest for name, digest in document["checksums"]["data"].items() if name in named}
    before, after = before | {"data": _text(data)}, after | {"data": _text(named)}
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _resting_on(document: BoardDocument, slugs: Collection[str]) -> dict[str, str]:
    """Return the parts of a board that rest on the submissions `slugs` alone, each as text, by what they are called."""
    parts = {
        "versions": _text(document["versions"]),
        "settings": _text(document["settings"]),
        "metrics": _text([document["metrics"], document["more_metrics"]]),
    }
    for slug, card in document["submissions"].items():
        if slug in slugs:
            said = {name: value for name, value in card.items() if name != "signs"}
            parts[slug] = _text([said, document["checksums"]["predictions"].get(slug)])
    sections: list[ProtocolSection | TransferSection] = [*document["protocols"], *document["transfer"]]
    for protocol in sections:
        rows = [
            {name: value for name, value in row.items() if name in _OF_A_ROW}
            | {
                f"not_contradicted_{name}": value
                # Those of the second dataset have nothing of the kind.
                for name, value in dict(row.get("not_contradicted") or {}).items()  # type: ignore[call-overload]
                if name in _OF_A_ROW_WITHOUT
            }
            for row in protocol["rows"]
            if row["slug"] in slugs
        ]
        if rows:
            said = {name: value for name, value in protocol.items() if name in _OF_A_PROTOCOL}
            parts[protocol["name"]] = _text([said, rows])
    return parts


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)
