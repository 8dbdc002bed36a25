from __future__ import annotations

import runpy
from pathlib import Path

write_section = runpy.run_path(str(Path(__file__).parent.parent / "benchmarks" / "sections.py"))["write_section"]


def test_a_section_is_renewed_and_the_others_stay(tmp_path):
    page = tmp_path / "page.md"
    write_section(page, "## One\n\nfirst\n")
    write_section(page, "## Two\n\nsecond\n")
    write_section(page, "## One\n\nthird\n")
    assert page.read_text() == "# Benchmarks\n\n## One\n\nthird\n\n## Two\n\nsecond\n"
