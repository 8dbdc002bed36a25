"""The documentation: what is gathered, what is built from it, and that nothing public is missing from it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs import build, generated
from tests.conftest import REPOSITORY

pytest.importorskip("sphinx")

WHERE = {"docs/one.md": "one.md", "docs/two.md": "two.md", "examples/three.ipynb": "tutorials/three.ipynb"}


@pytest.mark.parametrize(
    ("origin", "link", "turned"),
    [
        ("docs/one.md", "two.md", "two.md"),
        ("docs/one.md", "two.md#a-heading", "two.md#a-heading"),
        ("docs/one.md", "#a-heading", "#a-heading"),
        ("docs/one.md", "../examples/three.ipynb", "tutorials/three.ipynb"),
        ("examples/three.ipynb", "../docs/one.md", "../one.md"),
        ("docs/one.md", "https://example.org/a.md", "https://example.org/a.md"),
        ("docs/one.md", "../README.md", "https://github.com/embench/embench/blob/main/README.md"),
        ("docs/one.md", "../splits", "https://github.com/embench/embench/tree/main/splits"),
        ("docs/one.md", "figures/learning-curves.svg", "figures/learning-curves.svg"),
    ],
)
def test_a_link_is_turned_to_where_its_target_is(origin, link, turned):
    dead = []
    assert build.turned(f"see [it]({link}).", origin, WHERE, dead) == f"see [it]({turned})."
    assert dead == []


@pytest.mark.parametrize("link", ["four.md", "../no/such/file.py", "../../outside.md"])
def test_a_link_to_nothing_is_named(link):
    dead = []
    build.turned(f"[it]({link})", "docs/one.md", WHERE, dead)
    assert dead == [f"docs/one.md: there is no {link}"]


def test_code_is_left_alone():
    dead = []
    text = "```python\nrows[0](four.md)\n```\n```{note}\n[it](two.md)\n```\n"
    assert build.turned(text, "docs/one.md", WHERE, dead) == text
    assert dead == []


def test_every_page_is_in_a_table_of_contents():
    listed = set()
    for path in sorted((REPOSITORY / "docs").glob("*.md")):
        for block in re.findall(r"^```\{toctree\}\n(.*?)^```$", path.read_text(encoding="utf-8"), re.M | re.S):
            listed |= {line for line in block.split("\n") if line and not line.startswith(":")}
    assert {Path(name).with_suffix("").as_posix() for name in build.pages().values()} - {"index"} == listed


def test_a_dead_link_ends_the_build(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(build, "ELSEWHERE", {**build.ELSEWHERE, "wrong.md": "wrong.md"})
    monkeypatch.setattr(build, "REPOSITORY", tmp_path)
    (tmp_path / "docs").mkdir()
    for name in build.ELSEWHERE:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("[it](no/such/page.md)\n")
    assert build.main([str(tmp_path / "out")]) == 1
    assert "wrong.md: there is no no/such/page.md" in capsys.readouterr().err
    assert not (tmp_path / "out" / "html").exists()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation as it is built, in a process of its own: Sphinx changes much of the one that it runs in."""
    out = tmp_path_factory.mktemp("docs")
    done = subprocess.run(
        [sys.executable, "-m", "docs.build", str(out)], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return out / "html"


@pytest.mark.slow
@pytest.mark.xdist_group("docs")
class TestSite:
    def test_every_public_name_is_in_the_reference(self, site):
        from sphinx.util.inventory import InventoryFile

        with (site / "objects.inv").open("rb") as file:
            found = InventoryFile.load(file, "", lambda base, path: path)
        names = {name for kind, items in found.items() if kind.startswith("py:") for name in items}
        public = {f"{module}.{name}" for module in generated.MODULES for name in generated.public_names(module)}
        assert len(public) > 150
        assert {generated.documented()[name] for name in public} - names == set()

    def test_every_command_has_a_section_and_every_option_a_row(self, site):
        page = (site / "commands.html").read_text(encoding="utf-8")
        paths = generated.command_paths()
        assert len(paths) > 40
        assert {path for path in paths if f">{path}<a " not in page} == set()
        for option in ("--fill-missing", "--scheduler", "--dry-run", "--resamples"):
            assert f">{option}</span>" in page

    def test_registries_are_in_the_reference(self, site):
        from embench.metrics import METRICS
        from embench.schema import COLUMNS, FLAGS

        for name, wanted in {
            "metrics": [spec.name for spec in METRICS],
            "dataset": [*(column.name for column in COLUMNS), *(flag.name for flag in FLAGS)],
            "submission-fields": ["name", "training_data.overlaps_scored_entries", "reproduce"],
        }.items():
            page = (site / f"{name}.html").read_text(encoding="utf-8")
            assert [each for each in wanted if f">{each}</span>" not in page] == []

    def test_nothing_leads_out_of_it_or_to_a_source(self, site):
        for path in site.rglob("*.html"):
            text = path.read_text(encoding="utf-8")
            for target in re.findall(r'href="([^"#:?]+)[#"]', text):
                assert (path.parent / target).exists(), f"{path.relative_to(site)}: {target}"

    def test_no_page_asks_another_host_for_anything(self, site):
        asking = re.compile(r'<(?:script|img|iframe|link rel="stylesheet")[^>]*(?:src|href)="(?:https?:)?//[^"]*"')
        found = {path.name: asking.findall(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
        assert {name: asked for name, asked in found.items() if asked} == {}


def test_every_folder_with_public_names_is_in_the_reference():
    """A package that says what is public of it (``__all__``) says so for the reference."""
    inside = {"embench.crystal", "embench.dataset", "embench.evaluation"}  # all of it is passed on by others
    packages = [
        f"embench.{path.parent.name}"
        for path in (REPOSITORY / "embench").glob("*/__init__.py")
        if "__all__" in path.read_text(encoding="utf-8")
    ]
    assert set(packages) - inside - set(generated.MODULES) == set()
    for module in inside:
        described = {name.rpartition(".")[2] for name in generated.documented()}
        assert set(generated.public_names(module)) <= described
