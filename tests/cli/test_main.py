"""What every command has in common."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import warnings
import embench.cli.app

def command():
    warnings.warn_explicit("there is no val_dataloader", UserWarning, "a.py", 1, module="lightning.pytorch.trainer")
    warnings.warn_explicit("look at this", UserWarning, "b.py", 1, module="embench.data")

embench.cli.app.app = command
embench.cli.main()
"""


def run(*options: str) -> str:
    done = subprocess.run([sys.executable, *options, "-c", SCRIPT], capture_output=True, text=True, timeout=60)
    return done.stderr


def test_warnings_of_the_training_loop_are_for_its_developers():
    found = run()
    assert "look at this" in found
    assert "val_dataloader" not in found
    # Who asks for all warnings gets all.
    assert "val_dataloader" in run("-W", "always")
