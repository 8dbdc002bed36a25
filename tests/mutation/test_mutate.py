"""The mutants themselves, and one whole run over a package of one function."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.mutation.mutate import mutants_of

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]


def changed(source: str) -> set[str]:
    """The lines that mutants of a source have in place of the original one; all of them are Python."""
    made = mutants_of(source, "module.py")
    for mutant in made:
        compile(mutant.apply(source), "module.py", "exec")
    return {mutant.change(source)[1] for mutant in made}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", {"a <= b", "a >= b"}),
        ("(a) == (b)", {"(a) != (b)"}),
        ("a < b <= c", {"a <= b <= c", "a >= b <= c", "a < b < c", "a < b > c"}),
        ("a is not None", {"a is None"}),
        ("a - b", {"a + b", "((b) - (a))"}),
        ("abs(a - b)", {"(a - b)", "abs(a + b)"}),
        ("(a - b)**2", {"(a + b)**2", "(a - b)*2", "(a - b)**1", "(a - b)**3"}),
        ("a * b**c", {"a / b**c", "a * b*c"}),
        ("x += y", {"x -= y"}),
        ("a and b or c", {"a or b or c", "a and b and c"}),
        ("not a", {"a"}),
        ("-(-n // width)", {"(-n // width)", "-(n // width)", "-(-n / width)"}),
        ("-x", {"x"}),
        ("x = 3", {"x = 4", "x = 2"}),
        ("x = 0.8", {"x = 1.0"}),
        ("x = 1e-9", {"x = 1.0"}),
        ("x = True", {"x = False"}),
        ("min(a)", {"max(a)"}),
        ("np.argmax(a)", {"np.argmin(a)"}),
        ("np.mean(a)", {"np.median(a)"}),
        ("a.mean()", set()),
        ("abs(a)", {"(a)"}),
        ("x = a if b else c", {"x = a if (not (b)) else c"}),
        ("[a for a in b if c]", {"[a for a in b if (not (c))]"}),
        ("def f(a):\n    return a", {"return None"}),
        # What is left out: messages, types, decorators, imports, assertions, guards of zip.
        ("def f(a: A[3]) -> B[4]:\n    pass", set()),
        ("@cache(maxsize=3)\ndef f():\n    pass", set()),
        ("raise ValueError(f'{a + 1}')", set()),
        ("x = f'{a + 1}'", set()),
        ("if TYPE_CHECKING:\n    x = 3", set()),
        ("zip(a, b, strict=True)", set()),
        ("assert a > 3", set()),
        ("x = 'Å' * y  # 3", {"x = 'Å' / y # 3"}),
    ],
)
def test_each_kind_of_change(source: str, expected: set[str]) -> None:
    assert changed(source) == expected


def test_a_mutant_knows_its_statement_and_whether_it_runs_at_import() -> None:
    source = "LIMIT = 3\n\ndef f(x, y=2):\n    if (\n        x > 1\n    ):\n        return x\n    return -x\n"
    found = {mutant.change(source)[1]: (mutant.lines, mutant.at_import) for mutant in mutants_of(source, "module.py")}
    assert found["LIMIT = 4"] == ((1, 1), True)
    assert found["def f(x, y=1):"] == ((3, 3), True)
    assert found["x >= 1"] == ((4, 6), False)
    assert found["return x"] == ((8, 8), False)


def test_what_is_explained_is_there() -> None:
    """Every listed line stands in its file, and every listed mutant is one of those that are made."""
    listed = yaml.safe_load((HERE / "explained.yaml").read_text(encoding="utf-8"))
    for path, rows in listed.items():
        source = (REPOSITORY / path).read_text(encoding="utf-8")
        made = {mutant.change(source) for mutant in mutants_of(source, path)}
        for row in rows:
            assert row["kind"] in ("equivalent", "setting")
            assert len(row["why"]) > 10
            assert any(before == row["line"] for before, _ in made), row
            assert "becomes" not in row or (row["line"], row["becomes"]) in made, row


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the tool forks")
def test_a_run_tells_what_the_tests_notice(tmp_path: Path) -> None:
    """Of `a < b` and `return a`: the bound itself is not tested, the rest is; and a loop without end is ended."""
    for folder in ("embench/small", "tests/small"):
        (tmp_path / folder).mkdir(parents=True)
        for name in (folder, folder.split("/")[0]):
            (tmp_path / name / "__init__.py").touch()
    (tmp_path / "embench" / "small" / "lower.py").write_text("def lower(a, b):\n    return a if a < b else b\n")
    (tmp_path / "tests" / "small" / "test_lower.py").write_text(
        "from embench.small.lower import lower\n\n\n"
        "def test_lower():\n    assert (lower(1, 2), lower(4, 3)) == (1, 3)\n\n\n"
        "def test_elsewhere():\n    assert True\n"
    )
    run = subprocess.run(
        [sys.executable, HERE / "run.py", "embench/small", "--root", tmp_path],
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stderr
    # <= (the same), >= and the negated condition (noticed), and None for all of it.
    assert "embench/small: 4 of 4 mutants: 3 killed, 0 timeout, 1 survived, 0 equivalent, 0 setting" in run.stdout
    assert "-    return a if a < b else b\n+    return a if a <= b else b\n# executed by 1 tests" in run.stdout
