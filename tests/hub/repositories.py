"""What the loopback hub keeps: repositories as commits of files, branches, tags and pull requests."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

LARGE = (".parquet", ".bin", ".png")


@dataclass(frozen=True)
class StoredFile:
    content: bytes
    large: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def blob(self) -> str:
        """The git object: of the content, or of the pointer that git holds in place of a large file."""
        content = self.content
        if self.large:
            pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(content)}\n"
            content = pointer.encode()
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.large else self.blob

    def described(self, path: str) -> dict[str, Any]:
        entry: dict[str, Any] = {"type": "file", "path": path, "size": len(self.content), "oid": self.blob}
        if self.large:
            entry["lfs"] = {"oid": self.sha256, "size": len(self.content), "pointerSize": 130}
        return entry


class Conflict(Exception):
    """The parent of a commit is not the head of its branch."""


class Invalid(Exception):
    """A commit that cannot be made."""


@dataclass
class Repository:
    kind: str
    name: str
    commits: dict[str, dict[str, StoredFile]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    refs: dict[str, str] = field(default_factory=dict)
    sdk: str | None = None
    visibility: str | None = None

    def __post_init__(self) -> None:
        self._add("refs/heads/main", {".gitattributes": StoredFile(b"*.parquet filter=lfs\n", False)}, "initial commit")

    def _add(self, ref: str, files: dict[str, StoredFile], message: str) -> str:
        state = json.dumps([self.name, message, len(self.commits), {path: files[path].blob for path in sorted(files)}])
        oid = hashlib.sha1(state.encode()).hexdigest()
        self.commits[oid] = files
        self.messages.append(message)
        self.refs[ref] = oid
        return oid

    def resolve(self, revision: str) -> str | None:
        """Return the commit that a branch, tag, pull request or (shortened) commit names."""
        for ref in (f"refs/heads/{revision}", f"refs/tags/{revision}", revision):
            if ref in self.refs:
                return self.refs[ref]
        found = [oid for oid in self.commits if len(revision) >= 7 and oid.startswith(revision)]
        return found[0] if len(found) == 1 else None

    def files(self, revision: str = "main") -> dict[str, bytes]:
        """Return the contents of all files at a revision."""
        oid = self.resolve(revision)
        assert oid is not None, f"no revision {revision}"
        return {path: file.content for path, file in self.commits[oid].items()}

    @property
    def tags(self) -> dict[str, str]:
        return {ref.removeprefix("refs/tags/"): oid for ref, oid in self.refs.items() if ref.startswith("refs/tags/")}

    def write(self, path: str, content: bytes, message: str = "edited on the hub") -> str:
        """Commit one file, as a person who edits it on the hub does."""
        files = self.commits[self.refs["refs/heads/main"]] | {path: StoredFile(content, path.endswith(LARGE))}
        return self._add("refs/heads/main", files, message)

    def commit(self, lines: list[dict[str, Any]], uploaded: dict[str, bytes], *, pull_request: bool) -> tuple[str, str]:
        """Carry out the lines of a commit; return the commit and the ref that it is on."""
        header = next(line["value"] for line in lines if line["key"] == "header")
        head = self.refs["refs/heads/main"]
        if header.get("parentCommit") not in (None, head):
            raise Conflict
        files = dict(self.commits[head])
        for line in lines:
            self._apply(line["key"], line["value"], files, uploaded)
        ref = "refs/heads/main"
        if pull_request:
            ref = f"refs/pr/{sum(name.startswith('refs/pr/') for name in self.refs) + 1}"
        return self._add(ref, files, header["summary"]), ref

    @staticmethod
    def _apply(key: str, value: Any, files: dict[str, StoredFile], uploaded: dict[str, bytes]) -> None:
        import base64

        if key == "file":
            files[value["path"]] = StoredFile(base64.b64decode(value["content"]), False)
        elif key == "lfsFile":
            if value["oid"] not in uploaded:
                raise Invalid(f"the large file {value['path']} was not uploaded")
            files[value["path"]] = StoredFile(uploaded[value["oid"]], True)
        elif key == "deletedFile":
            if files.pop(value["path"], None) is None:
                raise Invalid(f"A file with this name doesn't exist: {value['path']}")
        elif key != "header":
            raise Invalid(f"unknown operation {key}")

    def merge(self, number: int) -> None:
        """Merge a pull request, as its owner does on the hub."""
        self.refs["refs/heads/main"] = self.refs[f"refs/pr/{number}"]
