"""The registry of protocols: adding one is one entry here and a run of ``make generated``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from embench._version import DATASET_VERSION
from embench.errors import UnknownNameError
from embench.schema import DEFAULT, OXYGEN

SPLITS_VERSION = DATASET_VERSION
"""The splits have the number of the dataset that they divide."""

MAIN_PROTOCOL = "host-10fold"
"""The protocol that decides who is first."""

REST = "rest"
"""The fold of a leave-one-out protocol that pools the values without a fold of their own."""

Kind = Literal["published", "k-fold", "leave-one-out", "transfer"]


@dataclass(frozen=True, kw_only=True)
class ProtocolSpec:
    """How the folds of one protocol are made.

    ``k-fold`` makes `n_folds` folds of about equal size, with about the same distribution of the target by
    stratifying `n_bins` quantiles; the groups of `column` and duplicates stay whole, unless `column` is None.
    Of the `n_seeds` seeds from `first_seed` on the one with the most even folds is taken.

    ``leave-one-out`` makes one fold of each value of `column` that is among `values`, or that at least
    `minimum_size` entries have; the others are pooled in the fold ``rest``.

    ``transfer`` has one fold: all sound entries of the dataset `trained_on` to train on, all of `dataset` to predict.

    `dataset` is the one whose entries are scored; where `trained_on` is None they are trained on as well. `host` is
    what its hosts are called, which are resampled for intervals.

    `title` is what the board calls the protocol. `baselines` says whether every baseline that does not name its
    protocols is run on it: predictions of theirs are committed, which ``make baselines`` makes.
    """

    name: str
    title: str
    measures: str
    baselines: bool = False
    kind: Kind
    column: str | None = None
    n_folds: int = 0
    n_bins: int = 0
    n_seeds: int = 0
    first_seed: int = 0
    values: tuple[str, ...] = ()
    minimum_size: int = 0
    dataset: str = DEFAULT.name
    trained_on: str | None = None
    host: str = "host framework"

    @property
    def train_dataset(self) -> str:
        """The dataset whose entries are trained on."""
        return self.trained_on or self.dataset


PROTOCOLS: tuple[ProtocolSpec, ...] = (
    ProtocolSpec(
        name="published",
        title="Published split",
        baselines=True,
        kind="published",
        column="published_split",
        measures="the split of the literature: comparable with published figures, but most of its test entries have "
        "close relatives in training",
    ),
    ProtocolSpec(
        name="host-10fold",
        title="Unseen host frameworks",
        baselines=True,
        kind="k-fold",
        column="group_host",
        n_folds=10,
        n_bins=10,
        n_seeds=10,
        measures="the main protocol: barriers in host frameworks that the model has not seen",
    ),
    ProtocolSpec(
        name="prototype-10fold",
        title="Unseen structure prototypes",
        baselines=True,
        kind="k-fold",
        column="group_prototype",
        n_folds=10,
        # The largest prototype fills more than a fold: with finer bins that fold is filled further, to complete them.
        n_bins=3,
        n_seeds=10,
        measures="barriers in structure prototypes that the model has not seen, whatever their elements",
    ),
    ProtocolSpec(
        name="leave-one-ion-out",
        title="Unseen migrating ions",
        baselines=True,
        kind="leave-one-out",
        column="mobile_ion",
        values=("Li", "Ca", "Na", "Mg", "K", "Zn"),
        measures="transfer to a migrating ion that the model has not seen",
    ),
    ProtocolSpec(
        name="leave-one-class-out",
        title="Unseen families of materials",
        baselines=True,
        kind="leave-one-out",
        column="structure_class",
        minimum_size=10,
        measures="transfer to a family of materials that the model has not seen",
    ),
    ProtocolSpec(
        name="random-10fold",
        title="Random folds",
        baselines=True,
        kind="k-fold",
        n_folds=10,
        n_bins=10,
        n_seeds=1,
        measures="for comparison only: random folds put relatives of most scored entries into training, which flatters "
        "any model",
    ),
)

TRANSFER_PROTOCOLS: tuple[ProtocolSpec, ...] = (
    ProtocolSpec(
        name="oxygen-10fold",
        title="Oxygen vacancies, unseen materials",
        kind="k-fold",
        column="group_host",
        n_folds=10,
        n_bins=10,
        n_seeds=10,
        dataset=OXYGEN.name,
        host="material",
        measures="barriers of oxygen vacancies in materials that the model has not seen, trained on other oxygen "
        "vacancies",
    ),
    ProtocolSpec(
        name="to-oxygen",
        title="Oxygen vacancies, from cations",
        kind="transfer",
        dataset=OXYGEN.name,
        trained_on=DEFAULT.name,
        host="material",
        measures="transfer to oxygen vacancies of a model that has seen the hops of cations only; zero-shot for "
        "potentials",
    ),
)
"""The protocols of the second dataset. They are never mixed with those of the first: what lists protocols to compare
systems by takes :data:`PROTOCOLS`."""


def protocol_names() -> tuple[str, ...]:
    """Return the names of the protocols that score the barriers of cations."""
    return tuple(spec.name for spec in PROTOCOLS)


def all_protocols() -> tuple[ProtocolSpec, ...]:
    """Return every protocol, those of the second dataset last."""
    return PROTOCOLS + TRANSFER_PROTOCOLS


def all_protocol_names() -> tuple[str, ...]:
    """Return the names of every protocol, those of the second dataset last."""
    return tuple(spec.name for spec in all_protocols())


def protocols_of_baselines() -> tuple[str, ...]:
    """Return the names of the protocols that baselines are run on where they do not name theirs."""
    return tuple(spec.name for spec in PROTOCOLS if spec.baselines)


def host_called(name: str) -> str:
    """Return what the hosts of a protocol are called, in the singular; of what is no protocol, host frameworks."""
    return next((spec.host for spec in all_protocols() if spec.name == name), ProtocolSpec.host)


def protocol_spec(name: str) -> ProtocolSpec:
    """Return how the protocol called `name` is made; raises :class:`~embench.errors.UnknownNameError`."""
    for spec in all_protocols():
        if spec.name == name:
            return spec
    raise UnknownNameError("protocol", name, all_protocol_names())
