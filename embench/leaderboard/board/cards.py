"""What ``leaderboard.json`` says of a submission, its signs of trouble and the bands of a potential, as TypedDicts.

The board as a whole is in :mod:`embench.leaderboard.board.documents`. Energies are in eV; what is undefined is None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from embench.leaderboard.submission.model import Barrier, Kind, Overlap
    from embench.leaderboard.submission.origin import Origin
    from embench.schema.terms import Dispersion, Functional


class SignDocument(TypedDict):
    """A sign of trouble: of which `kind`, on which `protocol` (None where it concerns none), and in words."""

    kind: str
    protocol: str | None
    text: str


class SignsFound(TypedDict):
    """The signs of trouble of each submission, by slug."""

    signs: dict[str, list[SignDocument]]


class TrainingDataCard(TypedDict):
    """What a system was trained on, as its submission says."""

    description: str
    overlaps_scored_entries: Overlap
    overlap_details: str | None


class LevelOfTheoryCard(TypedDict):
    """What the training data of a potential were computed with; `name` is what one filters by, such as ``PBE+U``."""

    name: str
    functional: Functional
    hubbard_u: bool
    dispersion: Dispersion
    details: str | None


class NebCard(TypedDict):
    """How the bands of a potential were computed, and how many of the `n` failed, by kind, as its submission says."""

    protocol: str
    digest: str | None
    n: int
    share_converged: float
    failures: dict[str, int]


class CheckpointCard(TypedDict):
    """The weights of a potential: an address (http or https), the sha256 of their file, and their licence (SPDX)."""

    address: str
    sha256: str
    licence: str


class UpstreamCard(TypedDict):
    """What has to be computed or trained before a system, as its submission says; hours None where unknown."""

    description: str
    device_hours: float | None


class Description(TypedDict):
    """The fields of ``submission.yaml``, as :class:`embench.leaderboard.submission.Submission` describes them."""

    name: str
    version: str
    kind: Kind
    authors: list[str]
    orcid: dict[str, str] | None
    date: str
    description: str
    paper: str | None
    code: str | None
    licence: str
    parameters: int | None
    barrier: Barrier | None
    level_of_theory: LevelOfTheoryCard | None
    neb: NebCard | None
    checkpoint: CheckpointCard | None
    training_data: TrainingDataCard
    uncertainty: str | None
    hardware: str | None
    cost_device_hours: float | None
    cost_by_protocol: dict[str, float]
    upstream: UpstreamCard | None
    seeds: list[int]
    versions: dict[str, str]
    reproduce: str | None
    predictions: dict[str, str]
    n_predicted: int


class SubmissionCard(Description):
    """What the board says of a submission: its description, addresses (http or https), protocols and signs.

    `origin` tells who made and ran the system; see :mod:`embench.leaderboard.submission.origin`. `transfer` are its
    protocols of the second dataset.
    """

    origin: Origin
    paper_url: str | None
    code_url: str | None
    protocols: list[str]
    transfer: list[str]
    signs: list[SignDocument]


class FailureKind(TypedDict):
    """A kind of failure of a band: whether a barrier is left, and whether energies alone show it."""

    name: str
    description: str
    has_value: bool
    from_energies: bool


class ErrorOf(TypedDict):
    """The mean absolute error (eV) of `n` predicted entries; None for none."""

    n: int
    mae: float | None


class ErrorsByFailure(TypedDict):
    """The errors of the entries that a potential has a barrier for: all, those with a failure, those without."""

    all: ErrorOf
    flagged: ErrorOf
    not_flagged: ErrorOf


class CostPoint(TypedDict):
    """Processor seconds of the potential for one entry of `n_sites` atoms."""

    entry_id: str
    n_sites: int
    cpu_seconds: float


class PotentialCard(TypedDict):
    """What the board says of the bands of a potential; what its submission does not tell is None.

    `n` bands were tried. `failures` counts them by kind (only the kinds that could be looked for), `cost` is by rising
    number of atoms, and empty where nothing is known.
    """

    protocol: str | None
    n: int
    share_converged: float | None
    failures: dict[str, int] | None
    errors: ErrorsByFailure | None
    cost: list[CostPoint]


class PotentialsSection(TypedDict):
    """What is known of the bands of potentials.

    `kinds` are all kinds of failure in their order, `systems` by slug. `profiles` are the energies of all images above
    the first one, eV, by entry_id and slug, both ends included; None for an image that the source does not tell. The
    label to draw beside them is ``migration_barrier`` of the entry. `flags` are the failures of the bands that have
    any, by entry_id and slug.
    """

    kinds: list[FailureKind]
    systems: dict[str, PotentialCard]
    profiles: dict[str, dict[str, list[float | None]]]
    flags: dict[str, dict[str, list[str]]]
