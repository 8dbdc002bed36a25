"""A static site as a Space, pushed to the loopback hub."""

from __future__ import annotations

import pytest

from embench.errors import HubError
from embench.hub.checksums import CHECKSUMS, parse_checksums
from embench.release.uploads import space_upload
from tests.hub.conftest import write_files
from tests.hub.test_push import publish
from tests.hub.test_push import pytestmark as pytestmark

SITE = {"index.html": b"<!doctype html>", "assets/app.js": b"1", "assets/plot.png": b"\x89PNG"}


class TestSpace:
    def test_is_pushed_and_renewed(self, client, loopback, tmp_path):
        write_files(tmp_path / "site", SITE)
        publish(client, space_upload(tmp_path / "site", repository="embench/leaderboard", title="Migration barriers"))
        repository = loopback.repository("embench/leaderboard", "spaces")
        assert repository.sdk == "static"
        assert {path: repository.files()[path] for path in SITE} == SITE
        card = repository.files()["README.md"].decode()
        assert "sdk: static\n" in card
        assert "title: Migration barriers\n" in card
        assert not repository.tags

        (tmp_path / "site/assets/app.js").unlink()
        (tmp_path / "site/assets/app-2.js").write_bytes(b"2")
        publish(client, space_upload(tmp_path / "site", repository="embench/leaderboard", title="Migration barriers"))
        assert "assets/app.js" not in repository.files()
        assert repository.files()["assets/app-2.js"] == b"2"
        assert len(repository.messages) == 3

    def test_keeps_its_own_card(self, tmp_path):
        write_files(tmp_path / "site", SITE | {"README.md": b"---\nsdk: static\n---\n"})
        contents = space_upload(tmp_path / "site", repository="embench/leaderboard").contents
        assert contents["README.md"] == b"---\nsdk: static\n---\n"
        assert set(parse_checksums(contents[CHECKSUMS].decode(), source="")) == {*SITE, "README.md"}

    def test_needs_an_index(self, tmp_path):
        with pytest.raises(HubError, match=r"neither index\.html nor app\.py at its top"):
            space_upload(tmp_path, repository="embench/leaderboard")

    def test_holds_no_links(self, tmp_path):
        write_files(tmp_path / "site", SITE)
        (tmp_path / "site/passwords").symlink_to("/etc/passwd")
        with pytest.raises(HubError, match="passwords is a link"):
            space_upload(tmp_path / "site", repository="embench/leaderboard")

    def test_leaves_behind_what_is_no_part_of_a_site(self, tmp_path):
        """What lies in a working folder and is nobody's business, at the top and further down."""
        top = ".env .netrc .git/config .git/objects/ab/cd .venv/bin/python key.pem id_rsa credentials.json notes.txt"
        below = "assets/.env assets/app.js.map assets/.hidden.js submissions/leaderboard.json .well-known/x.html"
        private = dict.fromkeys([*top.split(), *below.split(), "backup.zip", "deploy.py", ".DS_Store"], b"token")
        site = SITE | {"submissions/a/host-10fold.js": b"2", "entries/index.js": b"3", "leaderboard.json": b"{}"}
        write_files(tmp_path / "site", site | private)
        (tmp_path / "site/.git/link").symlink_to("/etc/passwd")
        said = []
        contents = space_upload(tmp_path / "site", repository="embench/leaderboard", say=said.append).contents
        assert contents.keys() == {*site, "README.md", CHECKSUMS}
        assert b"token" not in contents.values()
        assert ".env" in said[0]
        assert ".git/" in said[0]
