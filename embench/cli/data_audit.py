"""``embench data audit``: the labels against independent barriers and against each other."""

from __future__ import annotations

from pathlib import Path

import typer


def audit(
    submissions: Path = typer.Option(
        Path("leaderboard/submissions"), "--submissions", help="Folder of submissions with barriers.csv.", metavar="DIR"
    ),
    out: Path | None = typer.Option(
        None, "--out", help="Write the page to this file instead of printing it.", metavar="FILE", show_default=False
    ),
    write_table: bool = typer.Option(
        False, "--write-table", help="Also write the table that the curation sets the flag label_suspect from."
    ),
    check: bool = typer.Option(
        False, "--check", help="Write nothing; fail where FILE or the table is not that of now."
    ),
) -> None:
    """Compare the labels with barriers from interatomic potentials and with their duplicates."""
    from embench.cli._pages import deliver
    from embench.dataset import load
    from embench.label_audit import find_suspects, read_potentials
    from embench.label_audit.page import label_page
    from embench.label_audit.suspects import suspect_table, table_path

    data = load()
    potentials = read_potentials(submissions, data.entry_ids)

    def table() -> str:
        labels = dict(zip(data.entry_ids, data.column("migration_barrier").tolist(), strict=True))
        return suspect_table(find_suspects(labels, potentials))

    deliver(lambda: label_page(data, potentials), out, check=check)
    if write_table or check:
        deliver(table, table_path(), check=check)
