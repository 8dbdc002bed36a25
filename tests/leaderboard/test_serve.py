"""``embench leaderboard serve`` gives out the files of the site, to who asks for this machine, and nothing else."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from embench.errors import InvalidValueError, OutputError
from embench.leaderboard.site import serve
from embench.leaderboard.site.serve import host_name, serve_folder

SECRET = b"not for the web"
PATIENCE = 60.0  # seconds until a server that hangs is given up


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder that somebody worked in: a site, and what must not be seen."""
    folder = tmp_path / "site"
    (folder / "submissions").mkdir(parents=True)
    (folder / "assets").mkdir()
    (folder / ".git").mkdir()
    for name in ("index.html", "submissions/model-3.html", "assets/a.js", "assets/two words.css"):
        (folder / name).write_bytes(f"this is {name}".encode())
    for path in (tmp_path / "secret", folder / ".env", folder / ".git" / "config", folder / "submissions" / ".x.html"):
        path.write_bytes(SECRET)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "index.html").write_bytes(SECRET)
    (folder / "file-link.html").symlink_to(tmp_path / "secret")
    (folder / "folder-link").symlink_to(tmp_path / "other")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "linked-index").mkdir()
    (folder / "linked-index" / "index.html").symlink_to(tmp_path / "secret")
    return folder


def started(folder: Path, **options: str) -> int:
    """Serve in a thread that ends with this process; return the port."""
    found: list[str] = []
    ready = threading.Event()

    def announce(address: str) -> None:
        found.append(address)
        ready.set()

    threading.Thread(
        target=serve_folder, args=(folder,), kwargs={"port": 0, "announce": announce, **options}, daemon=True
    ).start()
    assert ready.wait(PATIENCE)
    return int(found[0].rstrip("/").rpartition(":")[2])


@pytest.fixture
def port(site: Path) -> int:
    return started(site)


def ask(port: int, path: str, *, host: str | None = "localhost", method: str = "GET") -> tuple[int, bytes]:
    """Send a request as it is written here; return status and all of the answer."""
    header = "" if host is None else f"Host: {host}\r\n"
    return send(port, f"{method} {path} HTTP/1.1\r\n{header}\r\n".encode("latin-1"))


def send(port: int, request: bytes) -> tuple[int, bytes]:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return int(answer.split()[1]) if answer else 0, answer


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/", b"this is index.html"),
        ("/index.html?protocol=published", b"this is index.html"),
        ("/submissions/model-3.html", b"this is submissions/model-3.html"),
        ("/assets/two%20words.css", b"this is assets/two words.css"),
    ],
)
def test_the_files_of_the_site(port, path, content):
    status, answer = ask(port, path)
    assert status == 200
    assert answer.endswith(b"\r\n\r\n" + content)


@pytest.mark.parametrize(
    "path",
    [
        "/.env",
        "/%2eenv",
        "/.git/config",
        "/submissions/.x.html",
        "/submissions/../.env",
        "/../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "//../secret",
        "/file-link.html",
        "/folder-link",
        "/folder-link/",
        "/folder-link/index.html",
        "/linked-index/",
        "/linked-index/index.html",
        "/loop",
        "/assets",
        "/assets/",
        "/submissions/",
        "/index.html/",
        "/a%00b",
        "//[",
        "/" + "x" * 5000,
        "/%ff%fe",
    ],
)
def test_nothing_else(port, path):
    """No dot file, no link, no listing, nothing outside, and no failure of the server."""
    status, answer = ask(port, path)
    assert status == 404
    assert SECRET not in answer
    assert b"a.js" not in answer
    assert ask(port, "/")[0] == 200


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:80", "LOCALHOST", "localhost."])
def test_this_machine_by_its_names(port, host):
    assert ask(port, "/", host=host)[0] == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.nip.example", "a@localhost", "", "localhost/", "10.0.0.1",
     "localhost:x", None],
)  # fmt: skip
def test_dns_rebinding_gets_nothing(port, host):
    """A page of another host whose name leads to this machine is refused by the name that it asks for."""
    status, answer = ask(port, "/", host=host)
    assert status == 421
    assert b"this is" not in answer
    twice = send(port, b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
    assert twice[0] == 421


def test_with_host_other_machines_may_ask(site):
    port = started(site, host="0.0.0.0")
    for host, status in (("192.0.2.7:80", 200), (socket.gethostname(), 200), ("localhost", 200), ("evil.example", 421)):
        assert ask(port, "/", host=host)[0] == status


@pytest.mark.parametrize(
    ("host", "kind"), [("192.0.2.1", OutputError), ("a b/", InvalidValueError), ("", InvalidValueError)]
)
def test_a_host_that_is_none(site, host, kind):
    with pytest.raises(kind, match="host"):
        serve_folder(site, port=0, announce=print, host=host)


def test_host_names():
    assert host_name("[FE80::1]:8000") == "fe80::1"
    assert host_name("a:b:c") == ""


def test_two_hundred_slow_connections(port):
    """They are given up one for another: the site is there all the while, and threads stay few."""
    slow, before = [], threading.active_count()
    try:
        for number in range(200):
            connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            connection.sendall(b"GET / HT" if number % 2 else b"")
            slow.append(connection)
            if number % 40 == 39:
                assert ask(port, "/")[0] == 200
        end = time.monotonic() + PATIENCE
        while threading.active_count() > before + serve.CONNECTIONS + 20 and time.monotonic() < end:
            time.sleep(0.05)
        assert threading.active_count() <= before + serve.CONNECTIONS + 20
    finally:
        for connection in slow:
            connection.close()
    assert ask(port, "/")[0] == 200


def test_a_byte_now_and_then_does_not_hold_a_connection(site, monkeypatch):
    monkeypatch.setattr(serve, "PATIENCE", 1.0)
    port = started(site)
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        cut, end = False, time.monotonic() + PATIENCE
        while not cut and time.monotonic() < end:
            time.sleep(0.1)
            try:
                connection.sendall(b"G")
            except OSError:
                cut = True
        assert cut
        assert ask(port, "/")[0] == 200


def test_no_word_on_the_terminal(port, capfd):
    """Whatever is sent, and however the client goes away."""
    for request in (
        b"",
        b"\0\r\n\r\n",
        b"POST / HTTP/1.1\r\n\r\n",
        b"GET /\r\n",
        b"A" * 70000 + b"\r\n",
        os.urandom(200),
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # closes by a reset
            connection.sendall(request)
    assert ask(port, "/")[0] == 200
    sys.stderr.flush()
    assert capfd.readouterr() == ("", "")
