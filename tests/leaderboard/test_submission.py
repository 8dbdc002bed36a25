"""Reading submissions: the committed ones, every mistake that a person makes, and what an enemy would try."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from embench.cli.app import app
from embench.errors import MissingDependencyError, SubmissionError
from embench.evaluation.submission_folder import read_folder
from embench.leaderboard.submission import Submission, json_schema, read_submission, read_submissions
from embench.leaderboard.submission.model import Protocol
from embench.leaderboard.submission.read import fields_by_place
from embench.leaderboard.submit.fields import LEFT_OUT_IF_EMPTY
from embench.schema.predicted import BAND_COLUMNS
from embench.splits import all_protocol_names, protocol_names
from tests.leaderboard.make import fields, write_csv, write_description

REPOSITORY = Path(__file__).parents[2]
SUBMISSIONS = REPOSITORY / "leaderboard" / "submissions"
CHGNET = SUBMISSIONS / "chgnet"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound submission, for a test to spoil."""
    folder = tmp_path / "submissions" / "a-system"
    write_csv(folder / "published.csv", {"Li4P2S7": 0.5})
    write_description(folder, fields(predictions={"published": "published.csv"}, n_predicted=1))
    return folder


def spoil(folder: Path, **changes: Any) -> str:
    """Change fields of the submission, and return the message of the error that reading it gives."""
    content = yaml.safe_load((folder / "submission.yaml").read_text()) | changes
    write_description(folder, content)
    return error_of(folder)


def spoil_text(folder: Path, text: str) -> str:
    (folder / "submission.yaml").write_text(text, encoding="utf-8")
    return error_of(folder)


def error_of(folder: Path) -> str:
    with pytest.raises(SubmissionError) as raised:
        read_submission(folder)
    message = str(raised.value)
    assert len(message) < 5000
    assert message.isprintable() or "\n" in message
    return message


# What is committed


def test_committed_submissions():
    found = read_submissions(SUBMISSIONS)
    assert [submission.slug for submission in found] == sorted(path.name for path in SUBMISSIONS.iterdir())
    for submission in found:
        raw = yaml.safe_load((submission.folder / "submission.yaml").read_text(encoding="utf-8"))
        # Every field is written, empty ones included but for those of potentials, and means the same to a plain reader.
        assert list(raw) == [name for name in Submission.model_fields if name in raw or name not in LEFT_OUT_IF_EMPTY]
        absent = {name: {} if name == "cost_by_protocol" else None for name in LEFT_OUT_IF_EMPTY if name not in raw}
        level = raw.get("level_of_theory")
        assert submission.model_dump(mode="json") == json.loads(json.dumps(raw)) | absent | {
            "training_data": {"overlap_details": None} | raw["training_data"],
            "upstream": raw.get("upstream") and {"device_hours": None} | raw["upstream"],
            "level_of_theory": level and {"details": None} | level,
        }


def test_files_of_protocols():
    chgnet, orb = read_submission(CHGNET), read_submission(SUBMISSIONS / "orb-v3")
    assert chgnet.protocols() == ("published",)
    assert chgnet.file("published") == CHGNET / "barriers.csv"
    assert chgnet.file("host-10fold") is None
    assert orb.protocols() == protocol_names()
    assert orb.file("prototype-10fold") == SUBMISSIONS / "orb-v3" / "barriers.csv"
    assert orb.may_be_incomplete
    assert not read_submission(SUBMISSIONS / "pathway-hybrid").may_be_incomplete


def test_the_protocols_of_the_model_are_those_of_the_registry():
    assert Protocol.__args__ == (*all_protocol_names(), "all")


def test_schema_file_is_current():
    text = (REPOSITORY / "leaderboard" / "submission.schema.json").read_text(encoding="utf-8")
    result = CliRunner().invoke(app, ["leaderboard", "schema"])
    assert result.output == text
    schema = json.loads(text)
    assert schema == json_schema()
    assert set(schema["properties"]) == set(Submission.model_fields)
    assert schema["additionalProperties"] is False
    assert all(content.get("description") for content in schema["properties"].values())


@pytest.mark.parametrize("slug", sorted(path.name for path in SUBMISSIONS.iterdir()))
def test_an_independent_validator_agrees_with_the_schema(slug):
    import jsonschema

    content = yaml.safe_load((SUBMISSIONS / slug / "submission.yaml").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(json_schema())
    validator.validate(content)
    assert not validator.is_valid(content | {"kind": "neb"})
    assert not validator.is_valid(content | {"score": 0.1})
    assert not validator.is_valid(content | {"predictions": {"published": "../x.csv"}})


def test_without_pydantic(monkeypatch):
    monkeypatch.delitem(sys.modules, "embench.leaderboard.submission.model", raising=False)
    for name in [name for name in sys.modules if name.split(".")[0] == "pydantic"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pydantic", None)
    import embench.leaderboard.submission as package

    monkeypatch.delattr(package, "model", raising=False)
    with pytest.raises(MissingDependencyError, match=r"\.\[leaderboard\]"):
        read_submission(CHGNET)


def test_the_page_describes_every_field():
    page = (REPOSITORY / "docs" / "submitting.md").read_text(encoding="utf-8")
    table = "".join(line for line in page.partition("## The description")[2].splitlines() if line.startswith("|"))
    for name in {name for names in fields_by_place().values() for name in names}:
        assert name == "description" or f"`{name}`" in table


def test_the_page_describes_the_columns_of_a_potential():
    page = (REPOSITORY / "docs" / "submitting.md").read_text(encoding="utf-8")
    assert dict(re.findall(r"^\| `(\w+)` \| ([A-Z].*) \|$", page, re.MULTILINE)) == BAND_COLUMNS


# Mistakes


def test_all_mistakes_are_listed_with_line_and_way_out(folder):
    text = (folder / "submission.yaml").read_text()
    for old, new in (
        ("name: A system", "nmae: A system"),
        ("version: '1.0'", "version: 1.0"),
        ("kind: property-model", "kind: property_model"),
        ("date: '2026-11-22'", "date: 2026-02-30"),
        ("published: published.csv", "host-10-fold: published.csv"),
    ):
        assert old in text
        text = text.replace(old, new)
    message = spoil_text(folder, f"{text}parameters: 4e6\n")
    assert "submission.yaml, 7 problems" in message.splitlines()[0]
    assert "name is missing; add it" in message
    assert "line 1: unknown field nmae; did you mean name" in message
    assert "line 2: version: 1.0 is not text here; write it in quotes" in message
    assert "line 3: kind: 'property_model' is none of" in message
    assert "did you mean property-model?" in message
    assert "line 7: date: '2026-02-30' is no day of the calendar" in message
    assert "did you mean host-10fold" in message
    assert "parameters: 4000000.0 must be a whole number" in message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "name: '' is empty"),
        ({"name": "two\nlines"}, "more than one line"),
        ({"name": "x" * 81}, "longer than 80 characters"),
        ({"name": None}, "name: None must be text"),
        ({"authors": []}, "authors: () is empty"),
        ({"authors": "A. Author"}, "must be a list"),
        ({"authors": ["A", "A"]}, "names 'A' twice"),
        ({"authors": [{"name": "A"}]}, "authors.0"),
        ({"parameters": -1}, "too small: the least is 0"),
        ({"parameters": True}, "must be a whole number"),
        ({"parameters": "many"}, "must be a whole number"),
        ({"cost_device_hours": float("nan")}, "cost_device_hours"),
        ({"cost_device_hours": float("inf")}, "cost_device_hours"),
        ({"cost_device_hours": "1 h"}, "must be a number"),
        ({"seeds": [1.5]}, "must be a whole number"),
        ({"seeds": [-1]}, "too small"),
        ({"date": "22.11.2026"}, "is no date"),
        ({"training_data": "all of it"}, "must be a mapping"),
        ({"training_data": {"description": "x"}}, "training_data.overlaps_scored_entries is missing"),
        ({"training_data": fields()["training_data"] | {"overlap": "none"}}, "did you mean overlap"),
        ({"predictions": {}}, "predictions: {} is empty"),
        ({"predictions": ["published.csv"]}, "must be a mapping"),
        ({"predictions": {"published": "published.txt"}}, "is no file name"),
        ({"n_predicted": 0}, "too small"),
        ({"mae": 0.01}, "unknown field mae"),
        ({"versions": {"torch": 2.1}}, "versions.torch: 2.1 is not text here"),
    ],
)
def test_a_mistake_in_a_field(folder, changes, words):
    message = spoil(folder, **changes)
    assert words in message
    assert str(folder / "submission.yaml") in message


SHA256 = "d14ab7c0f093efe64b60a7bcd540bca10e74fb7f46c86108a079af60524659d1"
LEVEL = {"functional": "PBE", "hubbard_u": True, "dispersion": "none"}
NEB = {"protocol": "embench-neb-1", "n": 4, "share_converged": 0.5}
WEIGHTS = {"address": "https://example.org/weights.pt", "sha256": SHA256, "licence": "MIT"}


@pytest.mark.parametrize(
    "sound",
    [
        {"level_of_theory": LEVEL},
        {"level_of_theory": LEVEL | {"functional": "r2SCAN", "dispersion": "D3(BJ)", "details": "no U"}},
        {"neb": NEB},
        {"neb": NEB | {"digest": SHA256, "failures": {"clash": 3, "exploded": 0}}},
        {"checkpoint": WEIGHTS},
        {"checkpoint": WEIGHTS | {"licence": "Apache-2.0 OR MIT"}},
        {"checkpoint": WEIGHTS | {"licence": "LicenseRef-academic"}},
        # The iDs that ORCID gives as examples, one with X for ten.
        {"orcid": {"A. Author": "0000-0002-1825-0097", "B. Author": "0000-0002-1694-233X"}},
    ],
)
def test_what_a_potential_says(folder, sound):
    content = yaml.safe_load((folder / "submission.yaml").read_text())
    write_description(folder, content | {"kind": "potential-neb"} | sound)
    assert read_submission(folder).model_dump(exclude_unset=True).items() >= sound.items()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"level_of_theory": "PBE"}, "level_of_theory: 'PBE' must be a mapping"),
        ({"level_of_theory": LEVEL | {"functional": "pbe"}}, "level_of_theory.functional: 'pbe' is none of LDA, PBE"),
        ({"level_of_theory": LEVEL | {"hubbard_u": "yes"}}, "level_of_theory.hubbard_u: 'yes' must be true or false"),
        ({"level_of_theory": LEVEL | {"dispersion": "D5"}}, "level_of_theory.dispersion: 'D5' is none of none, D3"),
        ({"level_of_theory": {"functional": "PBE"}}, "level_of_theory.hubbard_u is missing"),
        ({"level_of_theory": LEVEL | {"functionl": "PBE"}}, "did you mean functional"),
        ({"neb": NEB | {"protocol": ""}}, "neb.protocol: '' is empty"),
        ({"neb": NEB | {"share_converged": 1.01}}, "neb.share_converged: 1.01 is too large: the limit is 1"),
        ({"neb": NEB | {"n": 0}}, "neb.n: 0 is too small"),
        ({"neb": NEB | {"digest": "abc"}}, "neb.digest: 'abc' is no sha256"),
        ({"neb": NEB | {"failures": {"clashes": 1}}}, "neb.failures.clashes"),
        ({"neb": NEB | {"failures": {"clash": -1}}}, "neb.failures.clash: -1 is too small"),
        ({"checkpoint": WEIGHTS | {"sha256": SHA256[:-1]}}, "is no sha256: write 64 digits"),
        ({"checkpoint": WEIGHTS | {"sha256": SHA256.upper()}}, "is no sha256"),
        ({"checkpoint": WEIGHTS | {"licence": "free"}}, "checkpoint.licence: 'free' is no SPDX licence"),
        ({"checkpoint": WEIGHTS | {"licence": "mit"}}, "checkpoint.licence: 'mit' is spelled MIT by SPDX"),
        ({"checkpoint": WEIGHTS | {"address": "in the package"}}, "is no address alone"),
        ({"checkpoint": WEIGHTS | {"address": "https://a.org/x and https://b.org/y"}}, "is no address alone"),
        ({"checkpoint": WEIGHTS | {"address": "http://127.0.0.1/w.pt"}}, "names its host by number"),
        ({"checkpoint": WEIGHTS | {"address": "http://localhost:8000/w.pt"}}, "others cannot reach"),
        ({"checkpoint": WEIGHTS | {"address": "https://github.com.evil.example/w"}}, "looks like github.com"),
        ({"checkpoint": WEIGHTS | {"address": "file:///w.pt"}}, "no web page"),
        (
            {"orcid": {"A. Author": "0000-0002-1825-0098"}},
            "orcid.A. Author: '0000-0002-1825-0098' has a wrong last sign",
        ),
        ({"orcid": {"A. Author": "https://orcid.org/0000-0002-1825-0097"}}, "is no ORCID iD"),
        ({"orcid": {"C. Author": "0000-0002-1825-0097"}}, "orcid: 'C. Author' is not among the authors"),
        ({"orcid": "0000-0002-1825-0097"}, "orcid: '0000-0002-1825-0097' must be a mapping"),
    ],
)
def test_a_mistake_in_what_a_potential_says(folder, changes, words):
    assert words in spoil(folder, **changes)


def test_yaml_means_what_it_says(folder):
    text = (folder / "submission.yaml").read_text()
    # To YAML 1.1 these are a date and a truth value.
    (folder / "submission.yaml").write_text(
        text.replace("'2026-11-22'", "2026-11-22").replace("name: A system", "name: no")
    )
    found = read_submission(folder)
    assert (found.date, found.name) == ("2026-11-22", "no")


@pytest.mark.parametrize("date", ["2026", "2026-11", "2026-11-22"])
def test_dates(folder, date):
    write_description(folder, fields(predictions={"published": "published.csv"}, n_predicted=1, date=date))
    assert read_submission(folder).date == date


def test_missing_and_surplus_files(folder):
    (folder / "submission.yaml").rename(folder / "description.yaml")
    assert "'description.yaml' does not belong here" in error_of(folder)
    (folder / "description.yaml").unlink()
    assert error_of(folder) == f"{folder / 'submission.yaml'} is missing"
    write_description(folder, fields(predictions={"published": "a.csv", "host-10fold": "b.csv"}, n_predicted=1))
    message = error_of(folder)
    assert f"{folder / 'a.csv'} is missing, but submission.yaml names it" in message
    assert f"{folder / 'b.csv'} is missing" in message
    assert f"{folder / 'published.csv'} is not named under predictions" in message
    with pytest.raises(SubmissionError, match="there is no submission 'b-system'"):
        read_submission(folder.with_name("b-system"))


def test_all_submissions_at_once(folder):
    submissions = folder.parent
    assert [found.slug for found in read_submissions(submissions)] == ["a-system"]
    shutil.copytree(folder, submissions / "b-system")
    shutil.copytree(folder, submissions / "c-system")
    (submissions / "README.md").write_text("about this folder")
    spoil(submissions / "b-system", kind="x")
    spoil(submissions / "c-system", date="x")
    with pytest.raises(SubmissionError) as raised:
        read_submissions(submissions)
    assert "b-system/submission.yaml" in str(raised.value)
    assert "c-system/submission.yaml" in str(raised.value)
    (submissions / "empty").mkdir()
    with pytest.raises(SubmissionError, match="there are no submissions"):
        read_submissions(submissions / "empty")
    with pytest.raises(SubmissionError, match="cannot read"):
        read_submissions(submissions / "nowhere")


# Enemies


@pytest.mark.parametrize(
    "slug",
    ["..", ".hidden", "A-System", "a_system", "a--b", "-a", "a b", "a<b>", "ä", "con", "index", "x" * 61, "a\nb"],
)
def test_slugs(folder, slug):
    target = folder.parent / slug
    if not target.exists():
        shutil.copytree(folder, target)
    message = error_of(target)
    assert "folder name" in message
    assert "\nb" not in message


@pytest.mark.parametrize(
    "name",
    [
        "../secret.csv",
        "/etc/passwd.csv",
        "sub/published.csv",
        "sub\\published.csv",
        "..csv",
        ".csv",
        "~root.csv",
        "-rf.csv",
        "a\x00.csv",
        "C:x.csv",
        "published.pkl",
        "submission.yaml",
        "x" * 200 + ".csv",
    ],
)
def test_paths_stay_in_the_folder(folder, name):
    (folder.parent / "secret.csv").write_text("entry_id,prediction\nLi4P2S7,0.5\n")
    text = (
        (folder / "submission.yaml").read_text().replace("published: published.csv", f"published: {json.dumps(name)}")
    )
    assert "predictions.published" in spoil_text(folder, text)


@pytest.mark.parametrize("what", ["file", "folder", "description", "dangling"])
def test_links_are_refused(folder, tmp_path, what):
    secret = write_csv(tmp_path / "secret.csv", {"Li4P2S7": 0.5})
    if what == "folder":
        real = folder.rename(tmp_path / "real")
        folder.symlink_to(real)
    elif what == "description":
        (folder / "submission.yaml").rename(tmp_path / "submission.yaml")
        (folder / "submission.yaml").symlink_to(tmp_path / "submission.yaml")
    else:
        (folder / "published.csv").unlink()
        (folder / "published.csv").symlink_to(secret if what == "file" else tmp_path / "nothing")
    assert "link" in error_of(folder)


def test_what_is_no_regular_file_is_refused(folder, monkeypatch):
    (folder / "published.csv").unlink()
    os.mkfifo(folder / "published.csv")  # reading it would wait for ever
    assert "no regular file" in error_of(folder)
    (folder / "published.csv").unlink()
    (folder / "published.csv").mkdir()
    assert "no regular file" in error_of(folder)
    (folder / "published.csv").rmdir()
    monkeypatch.chdir(folder)  # the address of a socket must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("published.csv")
        assert "no regular file" in error_of(folder)


@pytest.mark.parametrize("name", ["model.pkl", "run.py", "conftest.py", "__init__.py", ".git", "a.csv.sh", "site.html"])
def test_other_kinds_of_files_are_refused(folder, name):
    (folder / name).write_text("import os")
    assert f"{name!r} does not belong here" in error_of(folder)


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini", "._published.csv"])
def test_what_file_managers_leave_behind_stops_nothing(folder, name):
    """Neither in a submission, where it is not read, nor among the submissions; a folder of the name is no leftover."""
    before = read_submission(folder)
    for place in (folder, folder.parent):
        (place / name).write_bytes(b"\0\0\0\1Bud1")
    assert name not in read_folder(folder)
    assert read_submissions(folder.parent) == (before,)
    (folder / name).unlink()
    (folder / name).mkdir()
    assert name in error_of(folder)


def test_a_card_may_be_there(folder):
    (folder / "README.md").write_text("# A system")
    assert read_submission(folder).name == "A system"
    (folder / "README.md").write_text("x" * (64 << 10) + "x")
    assert "larger than 64 KiB" in error_of(folder)


def test_many_files(folder):
    for number in range(30):
        (folder / f"{number}.csv").write_text("")
    assert "more than 20 files" in error_of(folder)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(9)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "line 1: anchors (&) and aliases (*)"),
        ("name: &name x\nversion: *name\n", "line 1: anchors"),
        ("<<: {name: x}\n", "unknown field <<"),
        ("a: !!python/object/apply:os.system ['touch hacked']", "line 1: tags such as"),
        ("!!python/object/new:os.system [x]", "tags such as"),
        ("name: !custom x", "tags such as '!custom'"),
        ("name: !!binary aGVsbG8=", "tags such as"),
        ("--- {}\n--- {}\n", "line 2: a second document"),
        ("[" * 30_000, "nested deeper"),
        ("{a: " * 10_000, "nested deeper"),
        ("- " * 20_000, "nested deeper"),
        ("name: a\nname: b\n", "line 2: 'name' is there already, in line 1"),
        ("? [a, b]\n: c\n", "a key must be a word"),
        ("? {a: b}\n: c\n", "a key must be a word"),
        ("a: [", "not valid YAML"),
        ("a: b: c", "line 1: not valid YAML"),
        ("\tname: x", "not valid YAML"),
        ("name: \x07", "line 1: not valid YAML: the character U+0007"),
        ("%YAML 9.9\n---\nname: x", "not valid YAML"),
        ("%TAG ! tag:x,2000:\n---\nname: !y x", "tags such as"),
        ("", "holds no fields"),
        ("just text", "holds no fields"),
        ("- a\n- b", "holds no fields"),
        ("name: " + "9" * 5000, "longer than 80"),
        ("parameters: " + "9" * 29, "too large"),
        ("parameters: 1e999", "must be a whole number"),
        ("cost_device_hours: .inf", "cost_device_hours"),
        ("cost_device_hours: .nan", "cost_device_hours"),
        ("x" * (64 << 10) + "x", "larger than 64 KiB"),
    ],
)
def test_malicious_yaml(folder, text, words, monkeypatch):
    monkeypatch.chdir(folder.parent)
    # Without a limit on the clock: what the bomb would unfold to fits in no memory.
    assert words in spoil_text(folder, text)
    assert not (folder.parent / "hacked").exists()


def test_other_encodings(folder):
    path = folder / "submission.yaml"
    text = path.read_text()
    path.write_bytes(text.encode("utf-16"))
    assert "not UTF-8" in error_of(folder)
    path.write_bytes(text.replace("A system", "Système").encode("latin-1"))
    assert "line 1: not UTF-8 (byte 0xe8)" in error_of(folder)
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_submission(folder).name == "A system"


def test_huge_predictions(folder):
    with open(folder / "published.csv", "wb") as file:
        file.truncate(1 << 40)  # a sparse file: a terabyte of nothing
    assert "larger than 1024 KiB" in error_of(folder)


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\u0085", "\u202e", "\u2066", "\u200f", "\ud800"])
@pytest.mark.parametrize("field", ["name", "description", "licence", "paper"])
def test_control_characters(folder, field, character):
    text = (folder / "submission.yaml").read_text()
    kept = "".join(line for line in text.splitlines(keepends=True) if not line.startswith(f"{field}:"))
    message = spoil_text(folder, f"{kept}{field}: {json.dumps(f'a{character}b')}\n")
    assert f"U+{ord(character):04X}" in message or "not valid YAML" in message or "surrogate" in message
    assert character not in message


def test_html_is_text_like_any_other(folder):
    script = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    write_description(
        folder,
        fields(
            name=script,
            version=script,
            authors=[script],
            description=script,
            paper=script,
            code=script,
            licence=script,
            hardware=script,
            reproduce=script,
            uncertainty=script,
            versions={script: script},
            training_data={"description": script, "overlaps_scored_entries": "none", "overlap_details": script},
            predictions={"published": "published.csv"},
            n_predicted=1,
        ),
    )
    found = read_submission(folder)
    assert found.name == script
    assert found.versions == {script: script}
    assert found.paper_url is None
    assert found.code_url is None


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JavaScript :alert(1)",
        "see javascript:alert(1) there",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://example.org/x",
        "http+unix://x",
        "blob:https://example.org/x",
    ],
)
def test_addresses_that_are_no_web_pages(folder, address):
    assert "no web page" in spoil(folder, code=address)


@pytest.mark.parametrize("field", ["code", "paper"])
@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("code at https://github.com@evil.example.org/a.", "before the host"),
        ("https://example.org, https://localhost/x", "cannot reach"),
        ("(https://g1thub.com/a)", "looks like github.com"),
    ],
)
def test_addresses_that_lead_elsewhere(folder, field, address, words):
    assert words in spoil(folder, **{field: address})


@pytest.mark.parametrize("name", ["\u0301", "...", "-- --"])
def test_a_name_can_be_read(folder, name):
    assert "no letter or digit" in spoil(folder, name=name)
    assert "no letter or digit" in spoil(folder, version=name)


@pytest.mark.parametrize("character", ["\u200b", "\u3164", "\u2800", "\ufe0f"])
def test_invisible_characters(folder, character):
    assert f"invisible character U+{ord(character):04X}" in spoil(folder, name=f"CHG{character}Net")


@pytest.mark.parametrize(
    ("paper", "url"),
    [
        ("https://example.org/a?b=c", "https://example.org/a?b=c"),
        (
            "Journal 1, 2 (2026), doi:10.1038/s41524-026-01972-8, arXiv:2508.06436",
            "https://doi.org/10.1038/s41524-026-01972-8",
        ),
        ("arXiv:2508.06436v2.", "https://arxiv.org/abs/2508.06436v2"),
        ('https://example.org/"onmouseover="alert(1)', "https://example.org/"),
        ("https://example.org/<script>", "https://example.org/"),
        ("a talk", None),
        (None, None),
    ],
)
def test_links_are_made_of_web_addresses_only(folder, paper, url):
    write_description(folder, fields(predictions={"published": "published.csv"}, n_predicted=1, paper=paper))
    assert read_submission(folder).paper_url == url


def test_a_submission_cannot_be_changed():
    found = read_submission(CHGNET)
    with pytest.raises(ValueError):
        found.name = "other"  # type: ignore[misc]
