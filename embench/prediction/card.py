"""The card of a trained model: what it is, what it has learned from, and how large its errors are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embench.baselines.registry import baseline_spec
from embench.prediction.applicability import OUTSIDE

if TYPE_CHECKING:
    from embench.prediction.model import TrainedModel

_CARD = """\
# {name} {version}

{description}

- Trained by embench {embench_version} on {n} entries of dataset {dataset_version} (`{dataset_digest:.16}…`).
- Migrating ions: {ions}.
- Hops of {shortest:.2f} to {longest:.2f} Å; anions {anions}.
- Versions of the features: {features}.
- Standard deviation: {uncertainty}.
- File: NumPy arrays and JSON in one npz, read without pickles; nothing in it is executed.
- sha256: `{sha256}`

## Errors on crystals that it has not seen

Measured on the out-of-fold predictions of the baseline, by host framework and by prototype.

| protocol | entries | median error (eV) | MAE (eV) | inside the fitted 95 % interval | interval times | shared |
| :--- | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}

The intervals of `embench predict` are multiplied by the factor of the protocol that fits the crystal: that of new hosts
where its prototype is known, else that of new prototypes. Errors in one host resemble each other; `shared` is the share
of their variance that they have in common, and the ways through a crystal take it into account.

The further from the training side, the larger the errors. By the percentile of the distance to the nearest entry that a
fold leaves:

| protocol | {band_names} |
| :--- | {band_rule} |
{bands}

## Where it does not apply

A prediction is marked as outside of what was learned where the migrating ion or the anion was never seen, the hop is
shorter or longer than all, or the nearest training entry is further away in feature space than {limit:.2f}: as far as
{far:.0%} of the training entries are from those of other prototypes. An estimate of a model is no DFT, and it repeats
the errors of the labels that it has learned from.
"""


def _bands(model: TrainedModel) -> dict[str, str]:
    """Return the parts of the table of errors by distance."""
    first, *_ = model.calibrations.values()
    return {
        "band_names": " | ".join(f"{band.low:.0f} to {band.high:.0f}" for band in first.bands),
        "band_rule": " | ".join("---:" for _ in first.bands),
        "bands": "\n".join(
            f"| {found.protocol}, median error (eV) | "
            f"{' | '.join(f'{band.median_error:.3f}' for band in found.bands)} |"
            for found in model.calibrations.values()
        ),
    }


def card_text(model: TrainedModel) -> str:
    """Return the card as Markdown; each number is one of the model file."""
    about, spec = model.about, baseline_spec(model.about.baseline)
    rows = [
        f"| {found.protocol} | {found.n} | {found.median_error:.3f} | {found.mean_error:.3f} | {found.coverage:.1%} | "
        f"{found.factor:.2f} | {found.shared:.2f} |"
        for found in model.calibrations.values()
    ]
    return _CARD.format(
        name=about.name,
        version=about.version,
        description=spec.description,
        embench_version=about.embench_version,
        n=about.n,
        dataset_version=about.dataset_version,
        dataset_digest=about.dataset_digest,
        ions=", ".join(f"{ion} {count}" for ion, count in sorted(about.ions.items(), key=lambda item: -item[1])),
        shortest=about.hop_lengths[0],
        longest=about.hop_lengths[1],
        anions=", ".join(about.anions),
        features=", ".join(f"{name} {version}" for name, version in about.features.items()),
        uncertainty=spec.uncertainty,
        sha256=model.sha256,
        rows="\n".join(rows),
        **_bands(model),
        limit=float(np.quantile(model.nearest["prototype-10fold"], OUTSIDE)),
        far=1 - OUTSIDE,
    )
