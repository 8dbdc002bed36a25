"""Signs of trouble: every cheat that is built here is seen, and no honest submission is suspected."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, localcontext
from pathlib import Path

import numpy as np
import pytest

import embench
from embench.curation.sheet import TABLE_FILE, TEST_SHEET, read_sheet
from embench.evaluation.predictions import read_predictions
from embench.evaluation.scored import scored_set
from embench.leaderboard.board.stored import read_board
from embench.leaderboard.signs import Sign, sign_lines, signs_of_trouble
from embench.leaderboard.signs.beyond import _ratio, difference_of_repeats, partial_correlation
from embench.leaderboard.signs.hosts import errors_of_hosts
from embench.leaderboard.signs.labels import poisson_tail
from embench.leaderboard.signs.leaked import gap_between
from embench.leaderboard.signs.predicted import label_seen_in_training, seen_in_training
from embench.leaderboard.submission import Submission, read_submission, read_submissions
from embench.splits import protocol_names
from tests.leaderboard.make import write_submission

SUBMISSIONS = Path(__file__).parents[2] / "leaderboard" / "submissions"
Values = dict[str, float]
Signs = Callable[..., list[Sign]]


@pytest.fixture(scope="module")
def honest() -> tuple[Submission, ...]:
    """The submissions on the committed board: one that a pull request brings may have signs, for a person to judge."""
    on_board = read_board(SUBMISSIONS.parent / "leaderboard.json")["submissions"]
    return tuple(submission for submission in read_submissions(SUBMISSIONS) if submission.slug in on_board)


@pytest.fixture
def signs(honest, tmp_path) -> Signs:
    """The signs of trouble of a submission with these predictions, beside the committed ones."""

    def signs(files: Mapping[str, Values], **changes: object) -> list[Sign]:
        folder = write_submission(tmp_path / "cheat", files, name="Cheat", **changes)
        return signs_of_trouble([*honest, read_submission(folder)], only=["cheat"])["cheat"]

    return signs


# One potential, run by its literature and by embench: that the two are alike is true, and their descriptions say why.
SAME_POTENTIAL = frozenset({"chgnet", "chgnet-0.3.0"})


def unexplained(found: Mapping[str, Sequence[Sign]]) -> dict[str, list[Sign]]:
    """The signs without those that say of one run of a potential that it is like the other."""

    def explained(slug: str, sign: Sign) -> bool:
        others = SAME_POTENTIAL - {slug}
        return slug in SAME_POTENTIAL and sign.kind == "like-another" and any(f"({o})" in sign.text for o in others)

    return {slug: [sign for sign in signs if not explained(slug, sign)] for slug, signs in found.items()}


def labels(protocol: str) -> Values:
    scored = scored_set(protocol)
    return dict(zip(scored.entry_ids, scored.target.tolist(), strict=True))


def predictions(slug: str, protocol: str) -> Values:
    path = read_submission(SUBMISSIONS / slug).file(protocol)
    assert path is not None
    found = read_predictions(path, known=embench.load().entry_ids)
    scored = set(scored_set(protocol).entry_ids)  # what was made for 1.0.0 has one more
    return {key: value for key, value in zip(found.entry_ids, found.values, strict=True) if key in scored}


def noisy(values: Values, width: float, *, seed: int = 0) -> Values:
    noise = np.random.default_rng(seed).normal(scale=width, size=len(values)).tolist()
    return {entry_id: value + shift for (entry_id, value), shift in zip(values.items(), noise, strict=True)}


def mixed(share: float, first: Values, second: Values) -> Values:
    """The first values for a share of the entries, the second for the others."""
    take = (np.random.default_rng(1).random(len(second)) < share).tolist()
    return {
        entry_id: first[entry_id] if mine else second[entry_id] for entry_id, mine in zip(second, take, strict=True)
    }


def kinds(found: list[Sign], protocol: str | None = None) -> set[str]:
    return {sign.kind for sign in found if protocol is None or sign.protocol == protocol}


def test_no_honest_submission_is_suspected(honest):
    found = signs_of_trouble(honest)
    assert {slug: sign_lines(signs) for slug, signs in unexplained(found).items() if signs} == {}
    assert list(found) == [submission.slug for submission in honest]


# Predictions that are labels


@pytest.mark.parametrize("protocol", ["published", "host-10fold"])
def test_the_labels(signs, protocol):
    found = signs({protocol: labels(protocol)})
    assert {"equal-to-labels", "close-to-labels"} <= kinds(found, protocol)
    assert any("within 0.000 eV of the label" in sign.text for sign in found)


def test_nearly_the_labels(signs):
    assert "close-to-labels" in kinds(signs({"published": noisy(labels("published"), 0.04)}))
    # A median of 0.67 standard deviations.
    assert "close-to-labels" not in kinds(signs({"published": noisy(labels("published"), 0.15)}))


@pytest.mark.parametrize(("share", "noise"), [(0.1, 0.0), (0.3, 0.0), (0.5, 0.003)])
def test_the_labels_of_some_entries(signs, share, noise):
    protocol = "host-10fold"
    found = signs({protocol: mixed(share, noisy(labels(protocol), noise), predictions("pathway-stack", protocol))})
    assert "equal-to-labels" in kinds(found, protocol)


def test_copies_of_training_labels_are_no_cheat(honest):
    # In random folds the nearest neighbour hits 14 labels to 0.5 meV, all of them present in training.
    scored, copied = scored_set("random-10fold"), predictions("nearest-neighbour", "random-10fold")
    hit = np.array([abs(copied[i] - t) <= 5e-4 for i, t in zip(scored.entry_ids, scored.target, strict=True)])
    assert hit.sum() == 14
    assert label_seen_in_training("random-10fold")[hit].all()


@pytest.mark.parametrize(
    ("count", "mean"), [(0, 0.5), (1, 0.5), (5, 0.5), (14, 2.3), (300, 200.0), (60, 0.5), (2, 40.0)]
)
def test_poisson_tail(count, mean):
    with localcontext(prec=400):
        # One minus the sum of the lower terms, with digits enough for what cancels.
        lower, term = Decimal(0), (-Decimal(mean)).exp()
        for k in range(count):
            lower += term
            term *= Decimal(mean) / (k + 1)
        expected = float(1 - lower)
    assert poisson_tail(count, mean) == pytest.approx(expected, rel=1e-9)


# Predictions of others


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda values: dict(reversed(values.items())), "100% of the predictions are the same numbers"),
        (lambda values: noisy(values, 0.005), "The predictions differ by 0.00"),
        (lambda values: {key: 1.1 * value + 0.05 for key, value in values.items()}, "On another scale"),
        (lambda values: mixed(0.4, values, noisy(values, 0.3)), "of the predictions are the same numbers"),
    ],
)
def test_predictions_of_another(signs, change, words):
    found = signs({"published": change(predictions("model-3", "published"))})
    (sign,) = [sign for sign in found if sign.kind == "like-another"]
    assert sign.text.startswith(words) or words in sign.text
    assert sign.text.endswith("those of MODEL-3 (fine-tuned ALIGNN) (model-3).")


def test_the_file_of_another(honest, tmp_path):
    folder = write_submission(tmp_path / "cheat", {"published": labels("published")})
    (folder / "published.csv").write_bytes((SUBMISSIONS / "model-3" / "published.csv").read_bytes())
    found = signs_of_trouble([*honest, read_submission(folder)])
    assert "byte for byte" in found["cheat"][0].text
    # Which of the two is the copy cannot be told from the predictions.
    assert [sign.kind for sign in found["model-3"]] == ["like-another"]
    assert {slug for slug, signs in unexplained(found).items() if signs} == {"cheat", "model-3"}


def test_an_ensemble_of_others_is_no_copy(signs):
    first, second = (predictions(slug, "host-10fold") for slug in ("pathway-stack", "pathway-descriptors"))
    assert signs({"host-10fold": {key: 0.5 * first[key] + 0.5 * second[key] for key in first}}) == []


# Leakage


@pytest.mark.parametrize(("protocol", "column"), [("published", "group_host"), ("random-10fold", "group_compound")])
def test_labels_of_entries_with_relatives(signs, protocol, column):
    leaked = seen_in_training(protocol, column).tolist()
    own, known = predictions("pathway-stack", protocol), noisy(labels(protocol), 0.06)
    values = {i: known[i] if seen else own[i] for i, seen in zip(scored_set(protocol).entry_ids, leaked, strict=True)}
    assert "better-on-leaked" in kinds(signs({protocol: values}), protocol)


def test_which_entries_have_relatives():
    # FACTS: 23 of the 60 test entries share the compound with a training entry, 45 the host framework.
    assert seen_in_training("published", "group_compound").sum() == 23
    assert seen_in_training("published", "group_host").sum() == 45
    assert not seen_in_training("host-10fold", "group_host").any()


def test_gap_between_by_hand():
    # Two hosts inside and two outside: means 1 and 3.5. Residuals summed by host, divided by the size of the side:
    # outside (-1.5 + 0.5) / 4 and (0.5 + 0.5) / 4, inside 1/2 and -1/2.
    values = np.array([2.0, 0.0, 2.0, 4.0, 4.0, 4.0])
    leaked = np.array([True, True, False, False, False, False])
    gap, error = gap_between(values, leaked, np.array([0, 1, 2, 2, 3, 3]))
    assert gap == pytest.approx(2.5)
    assert error == pytest.approx(np.sqrt(2 * 0.25**2 + 2 * 0.5**2))


# In-sample predictions


@pytest.fixture(scope="module")
def fitted(shared: Path) -> dict[str, Values]:
    """What published models predict for the entries that they were trained on, and MODEL-3 for the others."""
    rows = read_sheet(shared / "upstream" / TABLE_FILE, "TRAINING-PREDICTIONS")
    others = {row["SYS_NAME"]: row["PREDICTION"] for row in read_sheet(shared / "upstream" / TABLE_FILE, TEST_SHEET)}
    scored = scored_set("host-10fold").entry_ids
    found = {}
    for model in ("MODEL-1", "MODEL-2", "MODEL-3", "MODEL-4"):
        values = others | {row["SYS_NAME"]: row[model] for row in rows if row[model] is not None}
        found[model] = {entry_id: float(values[entry_id]) for entry_id in scored}
    return found


@pytest.mark.parametrize("model", ["MODEL-1", "MODEL-2", "MODEL-3", "MODEL-4"])
def test_training_predictions_of_published_models(signs, fitted, model):
    # Half of the errors of these models on their training entries are below 0.09 eV, which alone proves nothing.
    assert "good-where-others-fail" in kinds(signs({"host-10fold": fitted[model]}), "host-10fold")


def test_one_model_for_all_protocols(signs):
    values = predictions("composition", "random-10fold")
    found = signs({name: {i: values[i] for i in scored_set(name).entry_ids} for name in protocol_names()})
    (sign,) = [sign for sign in found if sign.kind == "same-in-two-protocols"]
    assert "100% of" in sign.text
    assert "in 14 other pairs" in sign.text  # 6 protocols have 15 pairs
    once = signs({"all": values})
    assert "same-in-two-protocols" in kinds(once)
    # A potential is not trained on barriers: one file for all protocols is as it should be.
    assert "same-in-two-protocols" not in kinds(signs({"all": noisy(values, 0.2)}, kind="potential-neb"))


def test_better_without_relatives(signs):
    honest_random = predictions("composition", "random-10fold")
    target, model = labels("host-10fold"), predictions("composition", "host-10fold")
    fitted = {key: 0.7 * model[key] + 0.3 * target[key] for key in model}
    found = signs({"random-10fold": honest_random, "host-10fold": fitted})
    assert "better-without-relatives" in kinds(found, "host-10fold")


def test_no_loss_without_relatives(signs):
    # Fitted anew for every protocol, always on all entries: nothing is the same, and nothing gets worse.
    found = signs(
        {
            name: noisy(labels(name), 0.2, seed=seed)
            for seed, name in enumerate(("random-10fold", "host-10fold", "prototype-10fold"))
        }
    )
    assert {"no-loss-without-relatives", "good-where-others-fail"} <= kinds(found, "prototype-10fold")


def test_declared(signs):
    data = {"description": "everything", "overlaps_scored_entries": "barriers"}
    found = signs({"published": noisy(predictions("composition", "published"), 0.2)}, training_data=data)
    assert [(sign.kind, sign.protocol) for sign in found] == [("declared-overlap", None)]


def test_lines_say_the_same_once():
    found = [Sign("a", "published", "One."), Sign("b", None, "Two."), Sign("a", "host-10fold", "One.")]
    assert sign_lines(found) == ["published, host-10fold: One.", "Two."]


# Cheats in the dress of any kind of system


KINDS = ("property-model", "hybrid", "potential-neb", "literature")
MAIN = "host-10fold"


def best_of(slugs: tuple[str, ...], protocol: str) -> Values:
    """Of several systems the prediction that is nearest to the label, entry by entry."""
    given = [predictions(slug, protocol) for slug in slugs]
    return {i: min((values[i] for values in given), key=lambda v: abs(v - t)) for i, t in labels(protocol).items()}


def by_host(protocol: str, change: Callable[[np.ndarray], np.ndarray]) -> Values:
    """The labels of each host framework, changed together."""
    scored = scored_set(protocol)
    hosts, found = scored.labels["group_host"], scored.target.copy()
    for host in np.unique(hosts.astype(str)):
        found[hosts == host] = change(scored.target[hosts == host])
    return dict(zip(scored.entry_ids, found.tolist(), strict=True))


def mixture(
    share: float, slug: str = "pathway-hybrid", noise: float = 0.0, protocol: str = MAIN, seed: int = 0
) -> Values:
    """A share of the label, and of the predictions of a system what is left."""
    own, known = predictions(slug, protocol), labels(protocol)
    return noisy({i: (1 - share) * own[i] + share * known[i] for i in known}, noise, seed=seed)


def mended(share: float) -> Values:
    """The predictions of the best system, where it is worst replaced by labels with noise."""
    own, known = predictions("pathway-hybrid", MAIN), noisy(labels(MAIN), 0.1)
    worst = sorted(own, key=lambda i: -abs(own[i] - labels(MAIN)[i]))[: round(share * len(own))]
    return own | {i: known[i] for i in worst}


CHEATS: dict[str, tuple[Callable[[], Values], str]] = {
    **{
        f"labels with noise of {width} eV, seed {seed}": (
            lambda width=width, seed=seed: noisy(labels(MAIN), width, seed=seed),
            "knows-the-rest",
        )
        for width in (0.05, 0.076, 0.1, 0.2, 0.3)
        for seed in (0, 1)
    },
    "labels that are off by a fifth": (
        lambda: {
            i: v * f
            for (i, v), f in zip(labels(MAIN).items(), np.random.default_rng(0).lognormal(0, 0.2, 615), strict=True)
        },
        "knows-the-rest",
    ),
    **{
        f"{share} of the label": (lambda share=share: mixture(share), "knows-the-rest")
        for share in (0.1, 0.2, 0.3, 0.5)
    },
    **{
        f"{share} of the label, with noise": (lambda share=share: mixture(share, noise=0.05, seed=3), "knows-the-rest")
        for share in (0.1, 0.2, 0.3)
    },
    "0.3 of the label in a potential": (lambda: mixture(0.3, "mace-relax"), "knows-the-rest"),
    "0.3 of the label in a weak model": (lambda: mixture(0.3, "composition", noise=0.05), "knows-the-rest"),
    "the best of two": (lambda: best_of(("pathway-hybrid", "pathway-stack"), MAIN), "knows-the-rest"),
    "the best of three": (
        lambda: best_of(("pathway-hybrid", "pathway-stack", "pathway-descriptors"), MAIN),
        "knows-the-rest",
    ),
    "the best of three weak ones": (
        lambda: best_of(("composition", "mace-relax", "alignn-mpt"), MAIN),
        "knows-the-rest",
    ),
    "the worst tenth mended": (lambda: mended(0.1), "knows-the-rest"),
    "the worst twentieth mended": (lambda: mended(0.05), "knows-the-rest"),
    "labels for a third": (
        lambda: mixed(0.33, noisy(labels(MAIN), 0.05), predictions("pathway-hybrid", MAIN)),
        "knows-the-rest",
    ),
    "means of hosts": (lambda: by_host(MAIN, lambda t: np.full(len(t), t.mean())), "knows-host-means"),
    "medians of hosts": (lambda: by_host(MAIN, lambda t: np.full(len(t), np.median(t))), "knows-host-means"),
    "means of hosts with noise": (
        lambda: noisy(by_host(MAIN, lambda t: np.full(len(t), t.mean())), 0.1),
        "knows-host-means",
    ),
    "half the means of hosts": (
        lambda: {
            i: 0.5 * v + 0.5 * predictions("pathway-hybrid", MAIN)[i]
            for i, v in by_host(MAIN, lambda t: np.full(len(t), t.mean())).items()
        },
        "knows-the-rest",
    ),
    **{
        f"labels permuted in hosts, noise {width}": (
            lambda width=width: noisy(by_host(MAIN, np.random.default_rng(0).permutation), width),
            "knows-host-means",
        )
        for width in (0.0, 0.05, 0.1)
    },
}


@pytest.mark.parametrize("number", range(len(CHEATS)), ids=list(CHEATS))
def test_a_cheat_of_any_kind(signs, number):
    """Each in the dress of another kind, potentials twice as often: their signs were all off once."""
    make, sign = list(CHEATS.values())[number]
    kind = ("potential-neb", *KINDS)[number % 5]
    assert sign in kinds(signs({MAIN: make()}, kind=kind), MAIN)


@pytest.mark.parametrize("kind", KINDS)
def test_the_labels_with_little_noise_as_any_kind(signs, kind):
    """MAE 0.061 eV, which was no sign in a potential once."""
    values = noisy(labels(MAIN), 0.076, seed=1)
    found = kinds(signs({MAIN: values}, kind=kind), MAIN)
    assert {"better-than-repeats", "far-better", "knows-the-rest", "good-where-others-fail"} <= found
    assert np.mean([abs(values[i] - t) for i, t in labels(MAIN).items()]) < 0.07


def test_a_potential_that_is_right_where_the_labels_are_wrong(signs):
    """Labels for a tenth of the entries, the hardest, in the predictions of a potential."""
    own, known = predictions("mace-relax", MAIN), labels(MAIN)
    others = [predictions(slug, MAIN) for slug in ("composition", "alignn-mpt", "pathway-stack", "pathway-descriptors")]
    hard = sorted(known, key=lambda i: -np.median([abs(other[i] - known[i]) for other in others]))[:90]
    values = {i: own[i] for i in known} | noisy({i: known[i] for i in hard}, 0.1)
    assert "good-where-others-fail" in kinds(signs({MAIN: values}, kind="potential-neb"), MAIN)


def test_the_published_split_is_too_small_to_tell_what_others_explain(signs):
    """Of its 60 entries only what is far better than the next best is told."""
    found = kinds(signs({"published": noisy(labels("published"), 0.1)}, kind="potential-neb"), "published")
    assert "far-better" in found
    assert "knows-the-rest" not in found


def test_what_independent_calculations_differ_by():
    # docs/label-audit.md, from the audit's 21 pairs
    assert difference_of_repeats() == pytest.approx(0.077, abs=5e-4)


def test_partial_correlation_is_that_of_the_inverse_of_the_correlations():
    # The textbook formula: minus the off-diagonal element of the inverse, over the root of the diagonal ones.
    values = np.random.default_rng(0).normal(size=(4, 200))
    values[0] += values[2] + 0.3 * values[1]
    inverse = np.linalg.inv(np.corrcoef(values))
    expected = -inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1])
    assert partial_correlation(values[0], values[1], values[2:]) == pytest.approx(expected)
    assert partial_correlation(values[2] + values[3], values[1], values[2:]) == 0.0


def test_errors_of_hosts_by_hand():
    # Two hosts of two entries, one of a single one: means 2 and -1, and the errors around them.
    between, within = errors_of_hosts(np.array([1.0, 3.0, -1.5, -0.5, 9.0]), np.array([0, 0, 1, 1, 2]))
    assert between.tolist() == [2.0, 1.0]
    assert within.tolist() == [1.0, 1.0, 0.5, 0.5]


def test_the_labels_themselves_are_a_rival_like_any_other():
    """Two submissions of the labels are equal, and all others are infinitely worse: none of both is NaN."""
    assert _ratio(0.1, 0.2) == 0.5
    assert _ratio(0.1, 0.0) == math.inf
    assert _ratio(0.0, 0.0) == 1.0
