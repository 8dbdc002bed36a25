"""Further columns of the predictions file of a potential: what each entry's band was like.

They are read by the board, and never scored but for ``barrier_max_minus_start``, which is scored beside the
predictions.
"""

from __future__ import annotations

MAX_MINUS_START = "barrier_max_minus_start"
ENERGIES = "energies"
FAILURES = "failures"
CPU_SECONDS = "cpu_seconds"

BAND_COLUMNS: dict[str, str] = {
    MAX_MINUS_START: "The highest energy minus that of the initial state, eV.",
    ENERGIES: "The energies of all images above the first one, eV, separated by blanks; - for one that is not known.",
    FAILURES: "The names of the failures of the band, separated by blanks; empty for none.",
    CPU_SECONDS: "Processor seconds of the potential for this entry.",
}
