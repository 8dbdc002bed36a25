"""What the submission of a potential says besides: level of theory, NEB runs, weights. Imports pydantic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from embench.leaderboard.submission.types import Address, Digest, Licence, Line, ShortLine, Strict
from embench.neb.failures import FAILURES
from embench.schema.terms import Dispersion, Functional

if TYPE_CHECKING:
    FailureName = str
else:
    FailureName = Literal[tuple(failure.name for failure in FAILURES)]


class LevelOfTheory(Strict):
    """What the training data of a potential were computed with; the board filters by it."""

    functional: Functional = Field(
        description="The exchange-correlation functional; mixed where there are several, other for none of these."
    )
    hubbard_u: bool = Field(description="Whether some elements have a Hubbard U (DFT+U).")
    dispersion: Dispersion = Field(description="The dispersion correction: none, D3, D3(BJ), D4, or other.")
    details: Line | None = Field(default=None, description="Which elements have a U, versions, data sets.")


class NebRun(Strict):
    """How the bands were computed, and what became of them. ``embench neb collect`` fills it in."""

    protocol: ShortLine = Field(description="embench-neb-1, or what else was done, in a few words.")
    digest: Digest | None = Field(
        default=None, description="The sha256 of the settings, for a protocol of embench (embench neb protocol)."
    )
    n: Annotated[int, Field(ge=1, le=10**6)] = Field(description="Number of bands that were computed or tried.")
    share_converged: Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)] = Field(
        description="Share of these that converged, 0 to 1."
    )
    failures: dict[FailureName, Annotated[int, Field(ge=0, le=10**6)]] = Field(
        default={}, description="Number of bands with each kind of failure; kinds without any may be left out."
    )


class Checkpoint(Strict):
    """The weights of a potential."""

    address: Address = Field(description="Where the weights can be had: an address (https).")
    sha256: Digest = Field(description="The sha256 of the file with the weights: 64 digits, 0 to 9 and a to f.")
    licence: Licence = Field(description="Licence of the weights as an SPDX identifier, such as MIT.")
