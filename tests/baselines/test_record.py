from __future__ import annotations

import platform

import numpy as np
import pytest

from embench.baselines.record import hardware, library_versions, peak_memory_mib
from embench.errors import MissingDependencyError


def test_versions():
    assert library_versions(["numpy"], extra="baselines") == {"numpy": np.__version__}
    with pytest.raises(MissingDependencyError, match=r"no-such-library.*'\.\[baselines\]'"):
        library_versions(["no-such-library"], extra="baselines")


def test_hardware_says_what_computes_and_not_which_machine():
    found = hardware()
    assert found["cores"] >= 1
    assert found["system"] == platform.system()
    assert platform.node() not in str(found)


@pytest.mark.slow
def test_peak_memory_grows_with_what_is_held():
    before = peak_memory_mib()
    held = np.ones(int((before + 200) * 2**20 / 8))
    assert peak_memory_mib() > before + 150
    assert held[0] == 1.0
