"""The document of a prediction as TypedDicts: what ``embench predict --json`` writes, name by name.

Energies are in eV, lengths in Å, rates in 1/s. What is not known is None, ``null`` in JSON.
"""

from __future__ import annotations

from typing import Literal, TypedDict

FORMAT = "embench-prediction-1"
"""The version of the document. It changes when a name is taken away or means something else, not when one is added."""


class ModelDocument(TypedDict):
    """The model, its file, and the training data."""

    name: str
    version: str
    sha256: str
    baseline: str
    dataset_version: str
    n: int


class KinDocument(TypedDict):
    """What of the training data the crystal is like, and on which protocol its errors were measured.

    `coverage` is the share of the entries of the protocol within the 95 % interval that the baseline gives, `factor`
    what these intervals were then multiplied by, `shared` the share of the variance that hops of one host have in
    common.
    """

    host_formula: str
    prototype: str | None
    host: str | None
    n_prototype: int
    n_host: int
    protocol: str
    median_error: float
    mean_error: float
    coverage: float
    factor: float
    shared: float
    sentence: str


class RelativeDocument(TypedDict):
    """A training entry that is near, and its distance in feature space."""

    entry_id: str
    formula: str
    mobile_ion: str
    prototype: str
    barrier: float
    hop_distance: float
    flags: list[str]
    distance: float


class PublishedDocument(TypedDict):
    """An entry of the dataset that is the same hop; `difference` is that of its surroundings, Å."""

    entry_id: str
    barrier: float
    functional: str
    concentration_limit: str
    flags: list[str]
    difference: float


class PotentialDocument(TypedDict):
    """The NEB barrier of a potential: its status, failures, cost, and the hybrid that knows it where one does."""

    potential: str
    protocol: str
    status: str
    barrier: float | None
    barrier_forward: float | None
    barrier_backward: float | None
    failures: list[str]
    reason: str | None
    cpu_seconds: float
    hybrid: float | None
    hybrid_model: str | None
    hybrid_low: float | None
    hybrid_high: float | None


class HopDocument(TypedDict):
    """One hop: where it is, its barrier with the 95 % interval, and how far to trust that.

    `start_site`, `end_site` and `image` are those of the network; None for a hop that was given by its ends.
    `outside` says why the hop is outside of what was learned; it is empty where it is not. `percentile` is the share
    of training entries that are nearer to the nearest one of another host, or prototype, and `expected_error` the
    median error of those that are as far.
    """

    number: int
    entry_id: str
    start_site: int | None
    end_site: int | None
    image: list[int]
    length: float
    vector: list[float]
    multiplicity: int
    concentration_limit: str
    n_sites: int
    barrier: float
    sigma: float
    low: float
    high: float
    probability_good: float
    distance: float
    percentile: float
    expected_error: float
    outside: list[str]
    warnings: list[str]
    relatives: list[RelativeDocument]
    published: list[PublishedDocument]
    potential: PotentialDocument | None
    kin: KinDocument
    notes: list[str]


class ShareDocument(TypedDict):
    """A hop, and the share of the samples in which it limits the way."""

    hop: int
    share: float


class WayDocument(TypedDict):
    """The easiest way through the crystal in at least `dimension` dimensions, with 95 % intervals.

    `known_by` is ``model``, or ``potential`` where the barriers are those of NEB.
    """

    dimension: int
    barrier: float
    low: float
    high: float
    limiting: list[int]
    limiting_shares: list[ShareDocument]
    rate: float
    rate_low: float
    rate_high: float
    probability_good: float
    outside: bool
    known_by: Literal["model", "potential"]


class ConnectionDocument(TypedDict):
    """A hop of the network, from site `start` to the copy of site `end` in the cell `image`."""

    start: int
    end: int
    image: list[int]
    hop: int


class NetworkDocument(TypedDict):
    """The sites of the ion, (n, 3) fractional, in the cell `lattice`, and all hops between them."""

    lattice: list[list[float]]
    sites: list[list[float]]
    kinds: list[str]
    connections: list[ConnectionDocument]
    connecting_lengths: dict[str, float]
    temperature: float


class AtomsDocument(TypedDict):
    """The initial state of the first hop: site 0 migrates."""

    lattice: list[list[float]]
    symbols: list[str]
    frac_coords: list[list[float]]


class PredictionDocument(TypedDict):
    """The barriers of one crystal, or of hops that were given one by one."""

    format: str
    embench_version: str
    model: ModelDocument
    name: str
    formula: str
    ion: str
    space_group: str | None
    threshold: float
    hops: list[HopDocument]
    ways: list[WayDocument]
    network: NetworkDocument | None
    atoms: AtomsDocument
    warnings: list[str]
    notes: list[str]


class RefusedDocument(TypedDict):
    """A structure that no barrier could be predicted for, and the reason."""

    format: str
    embench_version: str
    name: str
    error: str
