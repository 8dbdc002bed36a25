"""The mean of two systems, with weights from the other folds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import embench
from embench.baselines.blend import blend
from embench.errors import BaselineError
from embench.evaluation.predictions import canonical_csv

PROTOCOL = "host-10fold"


def system(path: Path, change) -> Path:
    scored = embench.protocol(PROTOCOL).scored_ids
    data = embench.load()
    values = [change(i, float(data[entry_id].migration_barrier)) for i, entry_id in enumerate(scored)]
    path.write_text(canonical_csv(scored, values), encoding="utf-8")
    return path


def test_the_better_system_gets_all_the_weight(tmp_path: Path) -> None:
    right = system(tmp_path / "right.csv", lambda i, barrier: barrier)
    wrong = system(tmp_path / "wrong.csv", lambda i, barrier: 5.0)
    assert set(blend(wrong, right, PROTOCOL).weights.values()) == {1.0}
    assert set(blend(right, wrong, PROTOCOL).weights.values()) == {0.0}


def test_opposite_errors_cancel(tmp_path: Path) -> None:
    # 20 % of E + 0.3 above and below: in the logarithm the mean is right at ln 1.2 / (ln 1.2 − ln 0.8) = 0.45.
    above = system(tmp_path / "above.csv", lambda i, barrier: 1.2 * (barrier + 0.3) - 0.3)
    below = system(tmp_path / "below.csv", lambda i, barrier: 0.8 * (barrier + 0.3) - 0.3)
    found = blend(above, below, PROTOCOL)
    assert set(found.weights.values()) == {0.45}
    data = embench.load()
    target = np.array([data[entry_id].migration_barrier for entry_id in found.entry_ids])
    np.testing.assert_allclose(found.values, target, atol=0.02)


def test_a_fold_has_no_say_in_its_own_weight(tmp_path: Path) -> None:
    fold = next(iter(embench.protocol(PROTOCOL)))
    own = set(fold.test.entry_ids)
    ids = embench.protocol(PROTOCOL).scored_ids
    # The first system is right outside the fold, the second inside it.
    first = system(tmp_path / "a.csv", lambda i, barrier: 6.0 if ids[i] in own else barrier)
    second = system(tmp_path / "b.csv", lambda i, barrier: barrier if ids[i] in own else 6.0)
    assert blend(first, second, PROTOCOL).weights[fold.name] == 0.0


def test_the_published_test_part_has_no_say_either(tmp_path: Path) -> None:
    test = set(embench.protocol("published").scored_ids)
    ids = embench.protocol(PROTOCOL).scored_ids
    for name, right_in_test in (("a", False), ("b", True)):
        folder = tmp_path / name
        folder.mkdir()
        for protocol, scored in ((PROTOCOL, ids), ("published", tuple(test))):
            data = embench.load()
            values = [float(data[x].migration_barrier) if (x in test) == right_in_test else 6.0 for x in scored]
            (folder / f"{protocol}.csv").write_text(canonical_csv(scored, values), encoding="utf-8")
    assert blend(tmp_path / "a", tmp_path / "b", "published").weights == pytest.approx(
        dict.fromkeys(blend(tmp_path / "a", tmp_path / "b", "published").weights, 0.0)
    )


def test_a_prediction_without_logarithm_is_refused(tmp_path: Path) -> None:
    right = system(tmp_path / "right.csv", lambda i, barrier: barrier)
    wrong = system(tmp_path / "wrong.csv", lambda i, barrier: -0.5)
    with pytest.raises(BaselineError, match=r"wrong\.csv predicts -0\.5 eV"):
        blend(right, wrong, PROTOCOL)
