from __future__ import annotations

import runpy
from pathlib import Path

SECTIONS = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "sections.py"))
write_section = SECTIONS["write_section"]


def test_a_section_is_renewed_and_the_others_stay(tmp_path):
    page = tmp_path / "page.md"
    write_section(page, "## One\n\nfirst\n")
    write_section(page, "## Two\n\nsecond\n")
    write_section(page, "## One\n\nthird\n")
    assert page.read_text() == "# Benchmarks\n\n## One\n\nthird\n\n## Two\n\nsecond\n"


def test_a_section_is_printed_or_written(tmp_path, capsys):
    SECTIONS["show"]("## One\n\nfirst\n", None)
    assert capsys.readouterr().out == "## One\n\nfirst\n"
    SECTIONS["show"]("## One\n\nfirst\n", tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text() == "# Benchmarks\n\n## One\n\nfirst\n"
    assert "cores, Python 3" in SECTIONS["machine"]()
