"""What the check of submissions found, as a page in Markdown: the summary of a pull request for its reviewer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from embench.common.markdown import escape, markdown_table
from embench.common.text import plural

if TYPE_CHECKING:
    from embench.leaderboard.check import Checked

# The page that GitHub shows holds a mebibyte at most, and a reviewer reads less.
_MOST_LINES = 50
_MOST_CHARACTERS = 600


def summary(checked: Sequence[Checked]) -> str:
    """Return the page; all text of strangers is escaped, so that it shows as it was written."""
    if not checked:
        return "No submission is new or has changed.\n"
    with_problems = sum(bool(item.problems) for item in checked)
    with_signs = sum(bool(item.signs) for item in checked)
    head = (
        f"{plural(len(checked), 'submission')} checked with the code and beside the submissions of the base branch, "
        f"{with_problems} with problems, {with_signs} with signs of trouble."
    )
    return "\n\n".join(["# Submissions", head, *(_part(item) for item in checked)]) + "\n"


def _part(item: Checked) -> str:
    name = f" ({_text(item.submission.name)} {_text(item.submission.version)})" if item.submission else ""
    parts = [f"## {_text(item.slug)}{name}: {'cannot be taken' if item.problems else 'sound'}"]
    if item.scores and not item.problems:
        parts.append(_scores(item))
    warnings = list(dict.fromkeys(text for score in item.scores for text in score.warnings))
    for title, texts in (
        ("Problems", item.problems),
        ("What the pull request does", item.notes),
        ("Notes", warnings),
        ("Signs of trouble (for a person to look at)", _signs(item)),
    ):
        if texts:
            parts.append("\n".join([f"**{title}**", "", *_lines(texts)]))
    if not item.problems and not item.signs:
        parts.append("No signs of trouble.")
    return "\n\n".join(parts)


def _scores(item: Checked) -> str:
    """Return the table of scores, with the rank and its 95 % interval among the submissions of the base branch."""
    from embench.leaderboard.submit import standing

    assert item.submission is not None, "what has scores was read"
    rows = []
    for score in item.scores:
        fill = item.submission.may_be_incomplete
        found = standing(item.submission, item.others, score.protocol, fill_missing=fill)
        own, mae = found.own, found.evaluation.metrics["mae"]
        r2 = "–" if score.r2 != score.r2 else f"{score.r2:.3f}"
        rank = "none: too few predicted"
        if own.rank is not None:
            ranked = sum(rival.rank is not None for rival in found.rivals)
            rank = f"{own.rank:g} ({own.rank_low:g}–{own.rank_high:g}) of {ranked}"
        interval = f"{score.mae:.3f} [{mae.low:.3f}, {mae.high:.3f}]"
        rows.append([f"`{score.protocol}`", f"{score.predicted} of {score.scored}", interval, r2, rank])
    return markdown_table(["protocol", "predicted", "MAE (eV)", "R²", "rank"], rows)


def _signs(item: Checked) -> list[str]:
    from embench.leaderboard.signs import sign_lines

    return list(sign_lines(item.signs))


def _lines(texts: Sequence[str]) -> Iterator[str]:
    for text in texts[:_MOST_LINES]:
        yield f"- {_text(text)}"
    if len(texts) > _MOST_LINES:
        yield f"- and {len(texts) - _MOST_LINES} more"


def _text(text: str) -> str:
    short = text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
    # "@somebody" would call for that person where the page is copied into a comment, and a bare address become a link.
    return escape(short).replace("@", "&#64;").replace("://", "&#58;//").replace("www.", "www&#46;")
