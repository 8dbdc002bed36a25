"""``embench data describe``: the page on columns, flags and the ledger."""

from __future__ import annotations

from pathlib import Path

import typer


def describe(
    out: Path | None = typer.Option(None, "--out", help="Write the page to this file.", show_default="standard output"),
    check: bool = typer.Option(False, "--check", help="Compare with the file at --out instead of writing it."),
) -> None:
    """Describe every column with its unit, every flag with its rule, and the corrections of the ledger."""
    from embench.cli._pages import deliver
    from embench.dataset_page import describe_dataset

    deliver(describe_dataset, out, check=check)
