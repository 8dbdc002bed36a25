"""How fast the pages of the site are, and what Lighthouse says of them, as a visitor with a slow line would see it.

Run ``python benchmarks/site.py leaderboard/site --out docs/benchmarks.md``, after ``make board``; it renews its section
of the page. It needs Chromium or Chrome and Node.js with Lighthouse (``npm install --no-save lighthouse@12``), whose
simulation of a phone stands for the slow machine: 4 times slower a processor, 1.6 Mbit/s.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

import typer
from sections import OUT, machine, show

from embench.common.markdown import markdown_table

PAGES: Mapping[str, str] = {
    "main page": "index.html",
    "list of entries": "entries.html",
    "an entry": "entries/O-LiFePO4/index.html",
    "a submission": "submissions/pathway-hybrid.html",
    "score a file": "score.html",
    "predict": "predict.html",
    "method": "method.html",
    "changelog": "changelog.html",
}
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
TIMES = {
    "first paint (s)": "first-contentful-paint",
    "largest paint (s)": "largest-contentful-paint",
    "interactive (s)": "interactive",
}
_PACKED = (".html", ".js", ".css", ".json", ".svg", ".xml", ".txt")
_FLAGS = "--headless --no-sandbox --disable-gpu --disable-background-networking"
_TRIALS = 3
_NAMES = ("chromium", "chromium-browser", "google-chrome")


class _Handler(SimpleHTTPRequestHandler):
    """Gives out files compressed, as the hosts of static sites do."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer with the file, in gzip where it is text."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        content, packed = path.read_bytes(), path.suffix in _PACKED
        content = gzip.compress(content, 6) if packed else content
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on the loopback address, and give the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def looked_at(address: str, lighthouse: str) -> dict[str, Any]:
    """Return what Lighthouse reports of a page."""
    browser = os.environ.get("EMBENCH_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    environment = {**os.environ, **({"CHROME_PATH": browser} if browser else {})}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        words = [*lighthouse.split(), address, "--quiet", f"--chrome-flags={_FLAGS}", "--output=json"]
        words += [f"--output-path={out}", f"--only-categories={','.join(CATEGORIES)}"]
        try:
            done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise SystemExit(
                f"error: there is no {words[0]}: npm install --no-save lighthouse@12, or --lighthouse"
            ) from None
        if not out.is_file():
            raise SystemExit(f"error: Lighthouse has failed on {address}: {done.stderr.strip()[-300:]}")
        found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    if "runtimeError" in found and found["runtimeError"]["code"] == "ERRORED_DOCUMENT_REQUEST":
        raise SystemExit(f"error: {address} is not in the site: build it again with make board")
    return found


def measured(address: str, lighthouse: str) -> dict[str, Any]:
    """Return a report with a score in every category: on a busy machine a trace is lost now and then."""
    for _ in range(_TRIALS):
        found = looked_at(address, lighthouse)
        if all(found["categories"][each]["score"] is not None for each in CATEGORIES):
            return found
    raise SystemExit(f"error: Lighthouse gives {address} no score in {_TRIALS} trials")


def row(name: str, runs: list[dict[str, Any]]) -> list[str]:
    """Return one line of the table: medians over the runs."""

    def middle(audit: str) -> float:
        return median(run["audits"][audit]["numericValue"] for run in runs)

    scores = [100 * median(run["categories"][each]["score"] for run in runs) for each in CATEGORIES]
    times = [middle(audit) / 1000 for audit in TIMES.values()]
    size = middle("total-byte-weight") / 1000
    return [
        name,
        *(f"{score:.0f}" for score in scores),
        *(f"{seconds:.1f}" for seconds in times),
        f"{middle('total-blocking-time'):.0f}",
        f"{middle('cumulative-layout-shift'):.3f}",
        f"{size:.0f}",
    ]


def page(rows: list[list[str]], version: str, runs: int, missed: list[str]) -> str:
    """Return the section."""
    header = ["page", *CATEGORIES, *TIMES, "blocked (ms)", "layout shift", "kB sent"]
    said_runs = "one run" if runs == 1 else f"medians of {runs} runs"
    said = f"Below 100 somewhere for: {', '.join(missed)}." if missed else "Nothing that Lighthouse weighs is missed."
    return f"""## The site

*Written by `python benchmarks/site.py leaderboard/site`; not edited by hand.*

Lighthouse {version} on a built site, served compressed from this machine ({machine()}),
with its simulation of a phone (a processor 4 times slower, 1.6 Mbit/s); {said_runs} a page. Scores are of 100.

{markdown_table(header, rows)}

{said}
"""


def main(
    site: Path = typer.Argument(..., exists=True, file_okay=False, help="Folder of a built site."),
    out: Path | None = OUT,
    runs: int = typer.Option(3, "--runs", min=1, help="Runs a page."),
    lighthouse: str = typer.Option("node_modules/.bin/lighthouse", "--lighthouse", help="The command of Lighthouse."),
) -> None:
    """Measure the pages of a site."""
    rows, missed, version = [], set(), ""
    with served(site) as address:
        for name, path in PAGES.items():
            found = [measured(address + path, lighthouse) for _ in range(runs)]
            version = found[0]["lighthouseVersion"]
            rows.append(row(name, found))
            print("  ".join(rows[-1]), flush=True)
            for category in CATEGORIES[1:]:
                for audit in found[0]["categories"][category]["auditRefs"]:
                    if audit["weight"] and found[0]["audits"][audit["id"]]["score"] not in (None, 1):
                        missed.add(f"{audit['id']} ({category})")
    show(page(rows, version, runs, sorted(missed)), out)


if __name__ == "__main__":
    typer.run(main)
