"""What ``embench submit`` asks: the fields of a description that neither options nor a template give."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from embench.leaderboard.submit.questions import Question


@contextmanager
def draft_kept(content: dict[str, Any], slug: str, *, wanted: bool) -> Iterator[None]:
    """Keep the answers of a person in a file where they do not become a submission: nobody likes to type them twice."""
    from embench.errors import EmbenchError

    kept = wanted
    try:
        yield
    except EmbenchError:
        kept = True
        raise
    finally:
        if kept and on_terminal():
            from embench.common import plain_yaml
            from embench.common.files import write_text
            from embench.evaluation.submission_folder import slug_from

            draft = Path(f"{slug_from(slug)}.draft.yaml")
            write_text(draft, plain_yaml.dump(content))
            typer.echo(f"Your answers are in {draft}; use them again with --from-template {draft}", err=True)


def fields_given(given: dict[tuple[str, ...], Any], template: Path | None) -> dict[str, Any]:
    """Return the fields from template and options."""
    from embench.leaderboard.submit import fields

    content = fields.read_template(template) if template else {}
    for place, value in given.items():
        if value not in (None, "", ()):
            fields.put(content, place, value)
    return content


def complete(content: dict[str, Any]) -> None:
    """Add the fields that are missing: on a terminal by asking, elsewhere the date only.

    Raises :class:`~embench.errors.SubmissionError` where some are missing still.
    """
    from embench.errors import SubmissionError
    from embench.leaderboard.submit import fields

    if on_terminal():
        _ask(content)
    elif not content.get("date"):
        content["date"] = fields.today()
    message = fields.missing_message(content)
    if message:
        raise SubmissionError(message)


def on_terminal() -> bool:
    return sys.stdin.isatty()


def _ask(content: dict[str, Any]) -> None:
    """Ask for the fields that are still empty: the required ones until answered, the others once."""
    from embench.leaderboard.submit import fields
    from embench.leaderboard.submit.questions import QUESTIONS

    asked: set[tuple[str, ...]] = set()
    # The kind decides about later questions, so they are looked up again after each answer.
    while questions := [question for question in fields.open_questions(content) if question.place not in asked]:
        question = questions[0]
        if not question.needed(content) and not asked & {q.place for q in QUESTIONS if not q.required}:
            typer.echo("The rest may be left out with the enter key.")
        asked.add(question.place)
        value = _answer(question, content)
        if value not in (None, "", ()):
            fields.put(content, question.place, value)


def _answer(question: Question, content: dict[str, Any]) -> Any:
    """Return the answer to a question, checked against the schema; ask again while it is wrong."""
    import copy

    from embench.errors import InvalidValueError
    from embench.leaderboard.submit import fields

    text = f"{question.text} [{', '.join(question.choices)}]" if question.choices else question.text
    needed = question.needed(content)
    default = fields.today() if question.place == ("date",) else None if needed else ""
    while True:
        answer = typer.prompt(text, default=default, show_default=bool(default)).strip()
        if not answer and not needed:
            return None
        try:
            value = question.read(answer)
        except ValueError as error:
            typer.echo(f"{answer!r} {error if isinstance(error, InvalidValueError) else 'is no number'}", err=True)
            continue
        attempt = copy.deepcopy(content)
        fields.put(attempt, question.place, value)
        problem = fields.field_problem(attempt, question.place)
        if not problem:
            return value
        typer.echo(problem, err=True)
