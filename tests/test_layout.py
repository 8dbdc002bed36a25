"""The layout of the package: imports lead one way, in the order that docs/architecture.md lists, and in no circle."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import layout

REPOSITORY = Path(__file__).parent.parent
PACKAGE = REPOSITORY / "embench"
# What users import, and what names other parts only to pass them on: exempt, but nothing inside may lean on it.
FACADE = ("__main__", "hops")


@pytest.fixture(scope="module")
def parts() -> dict[str, str]:
    return layout.order((REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def imports() -> layout.Imports:
    return layout.imports(PACKAGE)


def inside(imports: layout.Imports) -> layout.Imports:
    facade = {"embench", *(f"embench.{name}" for name in FACADE)}
    return {name: targets - facade for name, targets in imports.items() if name not in facade}


def test_imports_are_seen(imports):
    """Without these three the tests below would pass on nothing."""
    assert "embench.pathways.relaxed" in imports["embench.pathways.bands"] | imports["embench.pathways"]
    assert "embench.baselines.simple" in imports["embench.baselines.registry"]
    assert sum(map(len, imports.values())) > 500


def test_no_import_leads_to_a_later_part(imports, parts):
    assert layout.upward_imports(inside(imports), "embench", list(parts)) == []


def test_no_modules_import_each_other(imports):
    assert layout.circle(inside(imports)) == []


def test_nothing_inside_imports_what_is_for_users(imports):
    assert layout.facade_imports(imports, "embench", FACADE) == []


def test_every_listed_part_is_there(parts):
    there = {path.stem for path in PACKAGE.iterdir()}
    missing = [name for name, text in parts.items() if name not in there and not text.endswith("(planned)")]
    assert missing == []
    assert all(len(text) > 10 for text in parts.values())


SOUND = {
    "__init__": "from made.low import tool\n",
    "low/__init__": "",
    "low/tool": "import json\n",
    "high/__init__": "from made.high.work import run\n",
    "high/work": "from made.low import tool\nfrom .other import NAME\n",
    "high/other": "NAME = 'made.low.tool'\n",
}


class TestAMadeUpPackage:
    """What the checks say of a package in which something is wrong."""

    def found(self, folder: Path, **changed: str) -> layout.Imports:
        for name, text in {**SOUND, **{name.replace("__", "/"): text for name, text in changed.items()}}.items():
            path = folder / "made" / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return layout.imports(folder / "made")

    def upward(self, imports: layout.Imports) -> list[str]:
        return layout.upward_imports(
            {name: to for name, to in imports.items() if name != "made"}, "made", ["low", "high"]
        )

    def test_a_sound_package(self, tmp_path):
        imports = self.found(tmp_path)
        assert imports["made.high.work"] == {"made.low.tool", "made.high.other"}
        assert self.upward(imports) == []
        assert layout.circle(imports) == []
        assert layout.facade_imports(imports, "made", ()) == []

    @pytest.mark.parametrize(
        "text",
        [
            "from made.high import work\n",
            "from made.high.work import run\n",
            "import made.high.work as work\n",
            "from ..high.work import run\n",
            "def later():\n    from made.high.work import run\n    return run\n",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from made.high.work import run\n",
            "FACTORY = 'made.high.work:Run'\n",
            "from importlib import import_module\n\ndef later():\n    return import_module('made.high.work')\n",
        ],
        ids=["module", "name", "import", "relative", "in a function", "for types", "factory", "import_module"],
    )
    def test_an_import_of_a_later_part(self, tmp_path, text):
        upward = self.upward(self.found(tmp_path, low__tool=text))
        assert upward == ["made.low.tool imports made.high.work: high comes after low"]

    @pytest.mark.parametrize(
        "text",
        [
            "from made.high.work import run\n",
            "from made.high import run\n",
            "def later():\n    from made.high import work\n",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from made.high.work import Run\n",
        ],
        ids=["module", "by way of the part", "in a function", "for types"],
    )
    def test_a_circle(self, tmp_path, text):
        assert set(layout.circle(self.found(tmp_path, high__other=text))) >= {"made.high.other", "made.high.work"}

    @pytest.mark.parametrize("text", ["import made\n", "from made import load\n", "from made import old\n"])
    def test_an_import_of_what_is_for_users(self, tmp_path, text):
        wrong = layout.facade_imports(self.found(tmp_path, high__other=text, old=""), "made", ("old",))
        assert [line.split(",")[0] for line in wrong] == [
            f"made.high.other imports {'made.old' if 'old' in text else 'made'}"
        ]

    def test_a_part_that_is_not_listed(self, tmp_path):
        with pytest.raises(ValueError, match="not in the list of parts: new"):
            self.upward(self.found(tmp_path, new__one=""))

    def test_a_page_without_the_list(self):
        with pytest.raises(ValueError, match="has 0 blocks"):
            layout.order("# Architecture\n\n```text\nlow  the ground\n```\n")
