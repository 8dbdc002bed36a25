"""A hub on the loopback interface, for the real clients: the part of its HTTP interface that they use, and faults.

The paths, headers and answers are those that ``huggingface_hub`` asks for and reads; files are kept in memory.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.hub.repositories import LARGE, Conflict, Invalid, Repository, StoredFile

TOKEN = "hf_loopbackTokenThatNobodyMaySee0123456789"
KINDS = "(?P<kind>datasets|spaces)"
NAME = "(?P<name>[^/]+/[^/]+)"


@dataclass
class Fault:
    """What goes wrong with requests whose 'METHOD path' matches: the first `times` of them after `skip` others.

    `status` answers with a failure, `hang` waits so many seconds first, `cut` closes the connection after so many
    bytes of the answer, `lose` does what was asked for and closes the connection without an answer.
    """

    match: str
    status: int | None = None
    hang: float = 0.0
    cut: int | None = None
    lose: bool = False
    times: int = 1_000_000
    skip: int = 0
    body: str = '{"error": "Internal Error"}'

    def strikes(self, request: str) -> bool:
        if not re.search(self.match, request):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return self.times >= 0


@dataclass
class LoopbackHub:
    """The state of the hub, and the server in front of it. A context manager that starts and stops it."""

    repositories: dict[tuple[str, str], Repository] = field(default_factory=dict)
    uploaded: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __enter__(self) -> LoopbackHub:
        hub = self

        class Bound(_Handler):
            state = hub

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                error = sys.exception()
                if not isinstance(error, OSError):  # the client may go whenever it likes
                    hub.errors.append(repr(error))

        self._server = Server(("127.0.0.1", 0), Bound)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        assert not self.errors, f"the loopback hub is at fault: {self.errors}"

    def repository(self, name: str, kind: str = "datasets") -> Repository:
        return self.repositories[kind, name]

    def create(self, name: str, kind: str = "datasets") -> Repository:
        self.repositories[kind, name] = Repository(kind, name)
        return self.repositories[kind, name]

    def fail(self, match: str, **how: Any) -> Fault:
        self.faults.append(Fault(match, **how))
        return self.faults[-1]


class Failure(Exception):
    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        self.status, self.message, self.code = status, message, code


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    state: LoopbackHub

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._serve()

    do_HEAD = do_POST = do_PUT = do_GET

    def _serve(self) -> None:
        body = self._read_body()
        address = urlsplit(self.path)
        self.query = parse_qs(address.query)
        request = f"{self.command} {unquote(address.path)}"
        with self.state.lock:
            self.state.requests.append(request)
            fault = next((fault for fault in self.state.faults if fault.strikes(request)), None)
        if fault and fault.hang:
            threading.Event().wait(fault.hang)  # not time.sleep, which the fixture of the client shortens
        if fault and fault.status:
            self._answer(fault.status, fault.body.encode(), {"Content-Type": "application/json"})
            return
        try:
            self._authorise()
            with self.state.lock:
                status, content, headers = self._route(address.path, body)
        except Failure as failure:
            headers = {"X-Error-Message": failure.message} | ({"X-Error-Code": failure.code} if failure.code else {})
            status, content = failure.status, json.dumps({"error": failure.message}).encode()
        if fault and fault.lose:
            self.close_connection = True
            return
        self._answer(status, content, headers, cut=fault.cut if fault else None)

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, status: int, content: bytes, headers: dict[str, str], *, cut: int | None = None) -> None:
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content[:cut])
                self.close_connection |= cut is not None
            self.wfile.flush()
        except OSError:
            self.close_connection = True  # the client has lost its patience

    def _authorise(self) -> None:
        given = self.headers.get("Authorization")
        if given is not None and given != f"Bearer {TOKEN}":
            raise Failure(401, "Invalid credentials in Authorization header")
        writes = self.command in ("POST", "PUT") and not re.search(r"/paths-info/|^/lfs/|/api/validate-yaml", self.path)
        if given is None and (writes or self.path.startswith("/api/whoami")):
            raise Failure(401, "Invalid username or password.")

    def _route(self, path: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        for method, pattern, answer in _ROUTES:
            if self.command in method.split() and (found := re.fullmatch(pattern, path)):
                parts = {name: unquote(value) for name, value in found.groupdict().items() if value is not None}
                content = answer(self, body, **parts)
                if isinstance(content, tuple):
                    return content
                return 200, json.dumps(content).encode(), {"Content-Type": "application/json"}
        raise Failure(404, f"no such page: {self.command} {path}")

    def _repository(self, kind: str, name: str) -> Repository:
        found = self.state.repositories.get((kind, name))
        if found is None:
            raise Failure(404 if self.headers.get("Authorization") else 401, "Repository not found", "RepoNotFound")
        return found

    def _commit_of(self, repository: Repository, revision: str) -> str:
        oid = repository.resolve(revision)
        if oid is None:
            raise Failure(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return oid

    # What the answers to the requests are.

    def whoami(self, body: bytes) -> Any:
        return {"type": "user", "name": "maintainer", "orgs": [], "auth": {"accessToken": {"role": "write"}}}

    def validate_yaml(self, body: bytes) -> Any:
        import yaml

        content = json.loads(body)["content"]
        if not content.startswith("---\n"):
            return {"errors": [], "warnings": [{"message": "empty or missing yaml metadata in repo card"}]}
        try:
            yaml.safe_load(content.split("---\n")[1])
        except yaml.YAMLError as error:
            raise Failure(400, f"Invalid YAML: {error}") from None
        return {"errors": [], "warnings": []}

    def create(self, body: bytes) -> Any:
        wanted = json.loads(body)
        kind, name = f"{wanted.get('type', 'model')}s", f"{wanted['organization']}/{wanted['name']}"
        url = f"{self.state.url}/{kind}/{name}"
        if (kind, name) in self.state.repositories:
            return 409, json.dumps({"error": "exists", "url": url}).encode(), {}
        repository = self.state.create(name, kind)
        repository.sdk, repository.visibility = wanted.get("sdk"), wanted.get("visibility")
        return {"url": url, "name": name, "id": "0"}

    def info(self, body: bytes, kind: str, name: str, revision: str = "main") -> Any:
        repository = self._repository(kind, name)
        oid = self._commit_of(repository, revision)
        siblings = [{"rfilename": path} for path in sorted(repository.commits[oid])]
        about = {"id": name, "sha": oid, "private": False, "gated": False, "disabled": False, "tags": []}
        return {**about, "siblings": siblings, "lastModified": "2026-01-01T00:00:00.000Z", "downloads": 0, "likes": 0}

    def tree(self, body: bytes, kind: str, name: str, revision: str, folder: str = "") -> Any:
        repository = self._repository(kind, name)
        files = repository.commits[self._commit_of(repository, revision)]
        recursive = self.query.get("recursive", ["false"])[0].lower() in ("1", "true")
        prefix = f"{folder.strip('/')}/" if folder.strip("/") else ""
        inside = {path: file for path, file in sorted(files.items()) if path.startswith(prefix)}
        if prefix and not inside:
            raise Failure(404, f"{folder} does not exist", "EntryNotFound")
        depth = len(prefix.split("/"))
        parents = {"/".join(path.split("/")[:n]) for path in inside for n in range(depth, len(path.split("/")))}
        folders = [{"type": "directory", "path": path, "size": 0, "oid": "0" * 40} for path in sorted(parents)]
        listed = [*folders, *(file.described(path) for path, file in inside.items())]
        return [item for item in listed if recursive or "/" not in item["path"].removeprefix(prefix)]

    def paths_info(self, body: bytes, kind: str, name: str, revision: str) -> Any:
        repository = self._repository(kind, name)
        files = repository.commits[self._commit_of(repository, revision)]
        asked = json.loads(body)["paths"] if body.startswith(b"{") else parse_qs(body.decode())["paths"]
        found = [files[path].described(path) for path in asked if path in files]
        folders = [path for path in asked if any(other.startswith(f"{path}/") for other in files)]
        return found + [{"type": "directory", "path": path, "size": 0, "oid": "0" * 40} for path in folders]

    def refs(self, body: bytes, kind: str, name: str) -> Any:
        listed: dict[str, list[dict[str, str]]] = {"branches": [], "converts": [], "tags": [], "pullRequests": []}
        for ref, oid in self._repository(kind, name).refs.items():
            group = {"heads": "branches", "tags": "tags", "pr": "pullRequests"}[ref.split("/")[1]]
            listed[group].append({"name": ref.split("/", 2)[2], "ref": ref, "targetCommit": oid})
        return listed

    def preupload(self, body: bytes, kind: str, name: str, revision: str) -> Any:
        files = self._repository(kind, name).files(revision)
        answers = []
        for item in json.loads(body)["files"]:
            large, path = item["path"].endswith(LARGE), item["path"]
            oid = StoredFile(files[path], large).etag if path in files else None
            mode = "lfs" if large else "regular"
            answers.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return {"files": answers}

    def batch(self, body: bytes, kind: str, name: str) -> Any:
        self._repository(kind, name)
        objects = []
        for item in json.loads(body)["objects"]:
            upload = {"upload": {"href": f"{self.state.url}/lfs/{item['oid']}", "header": {}}}
            objects.append(item if item["oid"] in self.state.uploaded else {**item, "actions": upload})
        return {"transfer": "basic", "objects": objects}

    def upload(self, body: bytes, oid: str) -> Any:
        if StoredFile(body, True).sha256 != oid:
            raise Failure(400, "the content does not have this checksum")
        self.state.uploaded[oid] = body
        return {}

    def commit(self, body: bytes, kind: str, name: str, revision: str) -> Any:
        repository = self._repository(kind, name)
        lines = [json.loads(line) for line in body.splitlines()]
        pull_request = self.query.get("create_pr") == ["1"]
        try:
            oid, ref = repository.commit(lines, self.state.uploaded, pull_request=pull_request)
        except Conflict:
            raise Failure(412, "A commit has happened since. Please refresh and try again.") from None
        except Invalid as error:
            raise Failure(404, str(error), "EntryNotFound") from None
        url = f"{self.state.url}/{kind}/{name}"
        number = ref.rpartition("/")[2]
        opened = {"pullRequestUrl": f"{url}/discussions/{number}"} if pull_request else {}
        return {"success": True, "commitOid": oid, "commitUrl": f"{url}/commit/{oid}", **opened}

    def tag(self, body: bytes, kind: str, name: str, revision: str) -> Any:
        repository, wanted = self._repository(kind, name), json.loads(body)["tag"]
        if wanted in repository.tags:
            raise Failure(409, "Tag reference exists already")
        repository.refs[f"refs/tags/{wanted}"] = self._commit_of(repository, revision)
        return {}

    def file(self, body: bytes, kind: str, name: str, revision: str, path: str) -> Any:
        repository = self._repository(kind, name)
        oid = self._commit_of(repository, revision)
        file = repository.commits[oid].get(path)
        if file is None:
            raise Failure(404, "Entry not found", "EntryNotFound")
        headers = {"X-Repo-Commit": oid, "ETag": f'"{file.etag}"', "Accept-Ranges": "bytes"}
        if file.large:
            headers |= {"X-Linked-Size": str(len(file.content)), "X-Linked-ETag": f'"{file.etag}"'}
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not asked:
            return 200, file.content, headers
        start, stop = int(asked[1]), int(asked[2] or len(file.content) - 1) + 1
        part = file.content[start:stop]
        headers["Content-Range"] = f"bytes {start}-{start + len(part) - 1}/{len(file.content)}"
        return 206, part, headers


Answer = Callable[..., Any]
_ROUTES: tuple[tuple[str, str, Answer], ...] = (
    ("GET", "/api/whoami-v2", _Handler.whoami),
    ("POST", "/api/validate-yaml", _Handler.validate_yaml),
    ("POST", "/api/repos/create", _Handler.create),
    ("GET", f"/api/{KINDS}/{NAME}", _Handler.info),
    ("GET", f"/api/{KINDS}/{NAME}/revision/(?P<revision>[^/]+)", _Handler.info),
    ("GET", f"/api/{KINDS}/{NAME}/tree/(?P<revision>[^/]+)(?P<folder>/.*)?", _Handler.tree),
    ("POST", f"/api/{KINDS}/{NAME}/paths-info/(?P<revision>[^/]+)", _Handler.paths_info),
    ("GET", f"/api/{KINDS}/{NAME}/refs", _Handler.refs),
    ("POST", f"/api/{KINDS}/{NAME}/preupload/(?P<revision>[^/]+)", _Handler.preupload),
    ("POST", f"/api/{KINDS}/{NAME}/commit/(?P<revision>[^/]+)", _Handler.commit),
    ("POST", f"/api/{KINDS}/{NAME}/tag/(?P<revision>[^/]+)", _Handler.tag),
    ("POST", f"/{KINDS}/(?P<name>[^/]+/[^/]+?)\\.git/info/lfs/objects/batch", _Handler.batch),
    ("PUT", "/lfs/(?P<oid>[0-9a-f]{64})", _Handler.upload),
    ("GET HEAD", f"/{KINDS}/{NAME}/resolve/(?P<revision>[^/]+)/(?P<path>.+)", _Handler.file),
)
