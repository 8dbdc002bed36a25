"""The registry of baselines: adding one is a class and one entry here."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from embench.common.shipped import resource_folder
from embench.errors import BaselineError, MissingDependencyError, UnknownNameError
from embench.splits.registry import TRANSFER_PROTOCOLS, protocols_of_baselines

if TYPE_CHECKING:
    from embench.baselines.base import Baseline

Kind = Literal["property-model", "hybrid"]


@dataclass(frozen=True, kw_only=True)
class BaselineSpec:
    """One baseline.

    `factory` is the dotted path ``module:Class`` of a :class:`~embench.baselines.base.Baseline`, imported when it
    is first needed. `prepare`, where there is one, is the dotted path ``module:function`` of a function that takes a
    dataset without targets and stores the features of its entries where `fit` and `predict` find them again; the
    runner calls it on parts of the dataset in parallel before the folds. Nothing that is fitted belongs there.

    `kind` is that of the submission: ``hybrid`` where a new structure needs a calculation with a potential first.
    `uncertainty` says in words what the standard deviation is, and is empty where there is none. `training_data`
    says what the model has seen besides the training side of the fold, and is empty for nothing. `resources` are the
    shipped folders that it reads besides the dataset. `weights` is the file of shipped weights that it starts from,
    where there is one; `own_weights` the environment variable in which users may name a file of theirs. What
    `needs_gpu` is run only where it is asked for by name, and its finished protocols are those with predictions among
    the submissions. `pending` are protocols that were not run yet: no predictions
    of them are committed. `upstream` says in words what has to be computed or trained before the baseline can run,
    and `upstream_hours` how many device-hours that took; None where nobody has reported them.

    `libraries` are the distributions whose versions decide the result; they are part of the record and of the key
    that finished folds are kept under, and installed by the extra `extra`. `tolerance` (eV) is the largest
    difference to the committed predictions at which a run counts as reproduced; `deterministic` says that the same
    machine gives the same predictions bit by bit.
    """

    name: str
    title: str
    description: str
    factory: str
    prepare: str | None = None
    kind: Kind = "property-model"
    uncertainty: str = ""
    training_data: str = ""
    resources: tuple[str, ...] = ()
    weights: str | None = None
    upstream: str | None = None
    upstream_hours: float | None = None
    own_weights: str | None = None
    needs_gpu: bool = False
    libraries: tuple[str, ...] = ("numpy",)
    extra: str = "baselines"
    deterministic: bool = True
    tolerance: float = 1e-5
    protocols: tuple[str, ...] = protocols_of_baselines()
    pending: tuple[str, ...] = ()

    @property
    def finished(self) -> tuple[str, ...]:
        """The protocols whose predictions are committed."""
        if self.needs_gpu:
            # A run on a machine that is lent is taken by embench alignn take, and no list has to change for that.
            folder = resource_folder("submissions") / self.name
            return tuple(name for name in self.protocols if (folder / f"{name}.csv").is_file())
        return tuple(name for name in self.protocols if name not in self.pending)

    def create(self, *, seed: int) -> Baseline:
        """Return a new, unfitted baseline; raises as :func:`load_object` does."""
        baseline: Baseline = load_object(self.factory, extra=self.extra)(seed=seed)
        return baseline


# What a network costs is spent on the protocols that tell most.
_MAIN_PROTOCOLS = ("published", "host-10fold", "prototype-10fold")
_TRANSFER = tuple(spec.name for spec in TRANSFER_PROTOCOLS)
_NETWORKS = ("numpy", "scipy", "torch", "alignn", "jarvis-tools", "lightning", "safetensors", "vesin", "pymatgen")
_WEIGHTS = "alignn-local.safetensors"
_ERROR_MODEL = (
    "an error model, scaled so that 95 % of the residuals of an inner cross-validation grouped by host framework lie "
    "within 1.96 standard deviations"
)
_PRE_TRAINING = "pre-training on seven bulk properties of crystals; its time was not recorded"

BASELINES: tuple[BaselineSpec, ...] = (
    BaselineSpec(
        name="median",
        title="Training median",
        description="The median barrier of the training side, for every entry.",
        factory="embench.baselines.simple:Median",
        uncertainty="root mean square deviation of the training barriers from their median",
        protocols=(*protocols_of_baselines(), *_TRANSFER),
    ),
    BaselineSpec(
        name="nearest-neighbour",
        title="Nearest neighbour",
        description="A copy of the barrier of the most similar hop in the same structure prototype.",
        factory="embench.baselines.simple:NearestNeighbour",
    ),
    BaselineSpec(
        name="composition",
        title="Composition",
        description="Statistics of the elements and the migrating ion, no geometry; one of several scikit-learn "
        "models, chosen on the training side of the fold.",
        factory="embench.baselines.composition:Composition",
        uncertainty="proportional to the prediction plus 0.3 eV; scaled so that 95 % of the residuals of an inner "
        "cross-validation lie within 1.96 standard deviations",
        libraries=("numpy", "scipy", "scikit-learn", "pymatgen"),
        tolerance=1e-3,
        protocols=(*protocols_of_baselines(), *_TRANSFER),
    ),
    BaselineSpec(
        name="simple-trees",
        title="Trees on simple features",
        description="Distances along the straight line, the elements half way and the composition, without an ionic "
        "model, so that anions are read as cations are; extremely randomised trees, nothing chosen.",
        factory="embench.baselines.models.trees:SimpleTrees",
        prepare="embench.baselines.models.trees:prepare",
        uncertainty="proportional to the prediction plus 0.3 eV; scaled so that 95 % of the residuals of an inner "
        "cross-validation lie within 1.96 standard deviations",
        libraries=("numpy", "scipy", "scikit-learn", "pymatgen", "ase"),
        tolerance=1e-3,
        protocols=(*_MAIN_PROTOCOLS, *_TRANSFER),
    ),
    BaselineSpec(
        name="shipped-columns",
        title="Shipped columns",
        description="An untuned random forest on what every entry carries: composition, migrating ion, functional, and "
        "the columns of distances and coordination along the straight line; nothing is computed from the structure.",
        factory="embench.baselines.models.shipped:ShippedColumns",
        uncertainty="proportional to the prediction plus 0.3 eV; scaled so that 95 % of the residuals of an inner "
        "cross-validation grouped by host framework lie within 1.96 standard deviations",
        libraries=("numpy", "scipy", "scikit-learn", "pymatgen"),
        tolerance=1e-3,
    ),
    BaselineSpec(
        name="pathway-descriptors",
        title="Pathway descriptors",
        description="Composition, geometry and SOAP of the straight line; one of several scikit-learn models, with or "
        "without SOAP, chosen on the training side of the fold.",
        factory="embench.baselines.models.descriptors:PathwayDescriptors",
        prepare="embench.baselines.models.descriptors:prepare",
        uncertainty="proportional to the prediction plus 0.3 eV; scaled so that 95 % of the residuals of an inner "
        "cross-validation lie within 1.96 standard deviations",
        libraries=("numpy", "scipy", "scikit-learn", "pymatgen", "ase", "dscribe"),
        tolerance=1e-2,
    ),
    BaselineSpec(
        name="pathway-stack",
        title="Pathway stack",
        description="Composition, geometry, cheap energy profiles and SOAP along the path; the average of support "
        "vector machines and Gaussian processes, none selected.",
        factory="embench.baselines.models.stack:PathwayStack",
        prepare="embench.baselines.models.stack:prepare",
        uncertainty=_ERROR_MODEL,
        libraries=("numpy", "scipy", "scikit-learn", "pymatgen", "ase", "dscribe"),
        tolerance=1e-3,
    ),
    BaselineSpec(
        name="pathway-distilled",
        title="Pathway distilled",
        description="The pathway stack with the NEB barrier of CHGNet that the structure lets expect as a further "
        "input: the potential teaches, and is not needed for a new hop.",
        factory="embench.baselines.models.distilled:PathwayDistilled",
        prepare="embench.baselines.models.stack:prepare",
        uncertainty=_ERROR_MODEL,
        training_data="NEB barriers of CHGNet 0.3.0, trained on MPtrj: general DFT data of inorganic crystals",
        resources=("neb-inputs",),
        upstream="NEB bands of CHGNet by embench-neb-1 for the training side; each entry's processor seconds are in "
        "baselines/neb",
        libraries=("numpy", "scipy", "scikit-learn", "pymatgen", "ase", "dscribe", "pyarrow"),
        tolerance=1e-3,
    ),
    BaselineSpec(
        name="mirrored-stack",
        title="Mirrored stack",
        description="The pathway stack for oxygen vacancies: with all charges of the crystal reversed, the oxygen ion "
        "is the cation that the ionic model asks for, and every feature keeps its meaning.",
        factory="embench.baselines.models.mirrored:MirroredStack",
        prepare="embench.baselines.models.mirrored:prepare",
        uncertainty=_ERROR_MODEL,
        libraries=("numpy", "scipy", "scikit-learn", "pymatgen", "ase", "dscribe"),
        tolerance=1e-3,
        protocols=_TRANSFER,
    ),
    BaselineSpec(
        name="pathway-hybrid",
        title="Pathway hybrid",
        description="The pathway stack with the NEB barriers of Orb-v3 and MACE as further inputs and without SOAP, "
        "averaged with extremely randomised trees.",
        factory="embench.baselines.models.hybrid:PathwayHybrid",
        prepare="embench.baselines.models.hybrid:prepare",
        kind="hybrid",
        uncertainty=_ERROR_MODEL,
        training_data="NEB barriers of Orb-v3 and MACE, both trained on general DFT data of inorganic crystals",
        resources=("potentials",),
        upstream="NEB barriers of Orb-v3 and of MACE for every entry; their authors report no time",
        libraries=("numpy", "scipy", "scikit-learn", "pymatgen", "ase"),
        tolerance=1e-3,
    ),
    BaselineSpec(
        name="pathway-gate",
        title="Pathway gate",
        description="Pathway distilled, the parts of the pathway hybrid, and the NEB barriers of Orb-v3, SevenNet and "
        "MACE, averaged with weights that depend on the hop.",
        factory="embench.baselines.models.pathway_gate:PathwayGate",
        prepare="embench.baselines.models.pathway_gate:prepare",
        kind="hybrid",
        uncertainty=_ERROR_MODEL,
        training_data="NEB bands of Orb-v3, SevenNet, MACE and CHGNet, all trained on general DFT data of inorganic "
        "crystals",
        resources=("neb-inputs", "potentials", "submissions/orb-v3", "submissions/sevennet-mf-ompa"),
        upstream="NEB bands of Orb-v3, SevenNet and MACE for every entry; their authors report no time",
        libraries=("numpy", "scipy", "scikit-learn", "pymatgen", "ase", "dscribe", "pyarrow"),
        tolerance=1e-3,
        protocols=_MAIN_PROTOCOLS,
    ),
    BaselineSpec(
        name="pathway-neb",
        title="Pathway NEB",
        description="Pathway distilled, corrected by NEB bands that embench computed with CHGNet: barriers, ends, "
        "failures and the saddle; averaged with weights that depend on the hop. Anyone can compute the band of a new "
        "hop.",
        factory="embench.baselines.models.pathway_neb:PathwayNeb",
        prepare="embench.baselines.models.pathway_neb:prepare",
        kind="hybrid",
        uncertainty=_ERROR_MODEL,
        training_data="NEB bands of CHGNet 0.3.0, trained on MPtrj: general DFT data of inorganic crystals",
        resources=("neb-inputs",),
        upstream="NEB bands of CHGNet by embench-neb-1; each entry's processor seconds are in baselines/neb",
        libraries=("numpy", "scipy", "scikit-learn", "pymatgen", "ase", "dscribe", "pyarrow"),
        tolerance=1e-3,
        protocols=_MAIN_PROTOCOLS,
    ),
    BaselineSpec(
        name="alignn-scratch",
        title="ALIGNN, from scratch",
        description="A small ALIGNN on five images of the migrating ion and the atoms around them, read out at the "
        "images; the mean of three networks.",
        factory="embench.baselines.alignn.local.model:Scratch",
        libraries=_NETWORKS,
        extra="alignn",
        tolerance=1e-2,
        protocols=_MAIN_PROTOCOLS,
    ),
    BaselineSpec(
        name="alignn-mpt",
        title="ALIGNN, pre-trained",
        description="The same networks as alignn-scratch, pre-trained on seven bulk properties of crystals and "
        "fine-tuned on the training side of the fold.",
        factory="embench.baselines.alignn.local.model:PreTrained",
        training_data="seven bulk properties of crystals, Materials Project origin, no barriers",
        weights=_WEIGHTS,
        upstream=_PRE_TRAINING,
        libraries=_NETWORKS,
        extra="alignn",
        tolerance=1e-2,
        protocols=_MAIN_PROTOCOLS,
    ),
    BaselineSpec(
        name="alignn-local",
        title="ALIGNN with energy profiles",
        description="The pre-trained networks of alignn-mpt with the cheap barriers of bond-valence site energies "
        "along the path as further inputs of the head.",
        factory="embench.baselines.alignn.local.model:WithProfiles",
        prepare="embench.baselines.alignn.local.model:prepare",
        training_data="seven bulk properties of crystals, Materials Project origin, no barriers",
        weights=_WEIGHTS,
        upstream=_PRE_TRAINING,
        libraries=(*_NETWORKS, "scikit-learn", "ase"),
        extra="alignn",
        tolerance=1e-2,
        protocols=_MAIN_PROTOCOLS,
    ),
)


def _pathway_models() -> tuple[BaselineSpec, ...]:
    """Return MODEL-1 to MODEL-4, with both configurations."""
    reads = {
        1: "the initial and the final structure through one backbone, pooled vectors concatenated",
        2: "the initial structure, and the difference that a second backbone sees between both ends",
        3: "one graph with five images of the migrating ion",
        4: "the graph with five images and their surroundings, each with an attention readout",
    }
    small = "A small ALIGNN from scratch on the surroundings of the path, one seed"
    published = "The published recipe: full graphs, 4 + 4 layers of 256, 500 epochs; for a GPU"
    return tuple(
        BaselineSpec(
            name=f"alignn-{'model' if config == 'cpu' else 'paper'}-{model}",
            title=f"MODEL-{model} layout, small (ours)"
            if config == "cpu"
            else f"MODEL-{model}, published recipe (ours)",
            description=f"{small if config == 'cpu' else published}: {reads[model]}.",
            factory=f"embench.baselines.alignn.models:{config.capitalize()}Model{model}",
            prepare=f"embench.baselines.alignn.models:prepare_{config}_{'ends' if model < 3 else 'bands'}",
            training_data="" if config == "cpu" else "bulk properties, where weights are given (see the record)",
            own_weights=None if config == "cpu" else "EMBENCH_ALIGNN_WEIGHTS",
            needs_gpu=config == "paper",
            libraries=_NETWORKS,
            extra="alignn",
            deterministic=config == "cpu",
            tolerance=1e-2,
            protocols=_MAIN_PROTOCOLS,
            # For want of a GPU.
            pending=_MAIN_PROTOCOLS if config == "paper" else (),
        )
        for config in ("cpu", "paper")
        for model in reads
    )


def _full_models() -> tuple[BaselineSpec, ...]:
    """Return MODEL-1 to MODEL-4 at the published size, trained on one GPU in minutes; pre-trained, and from scratch."""
    recipe = "The published network (4 + 4 layers of 256) on canonical edges, trained on one GPU in minutes"
    return tuple(
        BaselineSpec(
            name=f"alignn-full-{model}" + ("" if pretrained else "-scratch"),
            title=f"MODEL-{model}, full{' size' if pretrained else ', scratch'} (ours)",
            description=f"{recipe}, {'from weights pre-trained here' if pretrained else 'from random weights'}.",
            factory=f"embench.baselines.alignn.device.model:{'Pretrained' if pretrained else 'Scratch'}{model}",
            training_data="seven bulk properties of crystals, Materials Project origin, no barriers"
            if pretrained
            else "",
            upstream="pre-training on seven bulk properties of crystals" if pretrained else None,
            own_weights="EMBENCH_ALIGNN_WEIGHTS" if pretrained else None,
            needs_gpu=True,
            libraries=_NETWORKS,
            extra="alignn",
            deterministic=False,
            tolerance=1e-1,
            protocols=("published", "host-10fold"),
        )
        for pretrained in (True, False)
        for model in (1, 2, 3, 4)
    )


BASELINES += _pathway_models() + _full_models()

STUDIES: tuple[BaselineSpec, ...] = tuple(
    BaselineSpec(
        name=name,
        title=f"alignn-local with the {what} of oxygen vacancies",
        description=f"The networks of alignn-local, with the {what} of all oxygen vacancies added to their training.",
        factory=f"embench.baselines.alignn.local.oxygen:{factory}",
        prepare="embench.baselines.alignn.local.model:prepare",
        training_data="the oxygen vacancies of the second dataset",
        weights=_WEIGHTS,
        upstream=_PRE_TRAINING,
        libraries=(*_NETWORKS, "scikit-learn", "ase"),
        extra="alignn",
        tolerance=1e-2,
        protocols=("host-10fold",),
    )
    for name, factory, what in (
        ("alignn-local-oxygen", "WithOxygen", "barriers"),
        ("alignn-local-oxygen-profiles", "WithOxygenProfiles", "barriers and energy profiles"),
    )
)
"""Baselines that answer one question and stand on no board: what they predict is kept in ``baselines/<name>/``."""


def baseline_names() -> tuple[str, ...]:
    """Return the names of all baselines."""
    return tuple(spec.name for spec in BASELINES)


def baseline_spec(name: str) -> BaselineSpec:
    """Return the baseline or study called `name`; raises :class:`~embench.errors.UnknownNameError`."""
    for spec in (*BASELINES, *STUDIES):
        if spec.name == name:
            return spec
    raise UnknownNameError("baseline", name, baseline_names())


def load_object(path: str, *, extra: str) -> Any:
    """Return the object at the dotted path ``module:name``.

    Raises :class:`~embench.errors.MissingDependencyError`, which names `extra`, where a library that the module
    imports is not installed, and :class:`~embench.errors.BaselineError` where there is no such module or object.
    """
    module_name, _, name = path.partition(":")
    try:
        return getattr(importlib.import_module(module_name), name)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", "embench", module_name.partition(".")[0]):
            raise BaselineError(f"there is no module {error.name} to load {path!r} from") from None
        raise MissingDependencyError(missing, extra, f"the baseline {path}") from None
    except AttributeError:
        raise BaselineError(f"the module {module_name} has no {name!r}; a factory is written module:Class") from None
