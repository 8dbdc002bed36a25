"""Every dependency has a licence that somebody has looked at, and the lock has a hash for all that it lists."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import licences
from tests.licences import REPOSITORY

PAGE = REPOSITORY / "docs" / "licences.md"
LOCK = REPOSITORY / ".github" / "locks" / "checks.txt"


def rows() -> dict[str, str]:
    return dict(re.findall(r"^\| ([\w.-]+) \| (.*?) \|$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:])


def test_the_page_has_every_dependency():
    """``make licences`` renews it."""
    assert list(rows()) == licences.dependencies()
    assert "unknown" not in rows().values()


@pytest.mark.parametrize("name", licences.dependencies())
def test_what_is_installed_states_what_the_page_says(name):
    try:
        metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return  # some need another Python, or come with a potential; the page has kept what they stated
    assert licences.licence(name) == rows()[name]


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("MIT", "MIT"),
        ("BSD-3-Clause AND 0BSD AND MIT", "0BSD and BSD and MIT"),
        ("Apache-2.0 WITH LLVM-exception", "Apache-2.0"),
        ("LGPL-2.1-or-later", "LGPL"),
        ("MIT AND SSPL-1.0", None),
        ("Proprietary", None),
        ("", None),
    ],
)
def test_an_unknown_licence_is_found(monkeypatch, text, called):
    monkeypatch.setattr(licences, "stated", lambda name: text)
    assert licences.licence("numpy") == called


def locked() -> dict[str, list[str]]:
    """The blocks of the lock by the name of the distribution; one may be there twice, for different systems."""
    found: dict[str, list[str]] = {}
    for block in re.split(r"\n(?=\S)", LOCK.read_text(encoding="utf-8").strip()):
        found.setdefault(canonicalize_name(re.split(r"[=\s;]", block)[0]), []).append(block)
    return found


def test_the_lock_has_hashes_and_names_no_registry():
    for blocks in locked().values():
        for block in blocks:
            first, *hashes = (line.strip(" \\") for line in block.splitlines())
            assert re.fullmatch(r"[\w.-]+==[\w.+!-]+( ; .*)?", first)
            assert hashes
            assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line) for line in hashes)
    assert "://" not in LOCK.read_text(encoding="utf-8")


def test_the_lock_has_what_the_workflows_need_in_the_versions_that_work_together():
    """``make lock`` renews it."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [
        *project["dependencies"],
        *extras["leaderboard"],
        *extras["hub"],
        *extras["report"],
        *extras["structures"],
    ]
    wanted += (LOCK.parent / "tools.in").read_text(encoding="utf-8").split()
    found = locked()
    for text in wanted:
        requirement = Requirement(text)
        if requirement.name == project["name"]:
            continue
        for block in found[canonicalize_name(requirement.name)]:
            version = re.split(r"[=\s;]+", block)[1]
            assert requirement.specifier.contains(version), text
    for line in (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, version = line.partition("==")
            assert all(f"=={version}" in block for block in found.get(canonicalize_name(name), [])), line


def test_what_has_rights_installs_from_the_lock():
    for name in ("submission", "board", "release"):
        text = (REPOSITORY / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
        installs = re.findall(r"pip install (.*)", text)
        assert installs
        assert all("--require-hashes" in line or "--no-deps --no-build-isolation" in line for line in installs)
