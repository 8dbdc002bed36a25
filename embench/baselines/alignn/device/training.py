"""The loop: batches from graphs on the device, OneCycle by how far the run is, stopped in time and gone on from."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from embench.baselines.alignn.device.arrays import Ints
from embench.baselines.alignn.device.network import HopBatch
from embench.baselines.alignn.device.resident import Resident
from embench.errors import InvalidValueError

Floats = npt.NDArray[np.float64]

# OneCycle of torch (Smith and Topin, 2018): a warm-up of three tenths, by half a cosine from a 25th of the highest
# rate, and down to a 10,000th of where it began; the first coefficient of Adam goes the other way.
_WARM_UP, _BEGIN, _END = 0.3, 1 / 25, 1 / 25e4
_BETA = (0.95, 0.85)
# On the way back an angle takes about this much memory (bytes) for every feature: some arrays in 32 bits of the layer
# at work, and two in 16 bits of each layer.
_BYTES_AN_ANGLE = 64
_DEFAULT_ANGLES = 2_000_000


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is trained.

    `learning_rate` is the highest of the OneCycle schedule; biases and parameters of normalisation do not decay. A step
    is made of `batch_size` samples; where they have more than `most_angles` angles in all, gradients of parts are added
    up first (batch normalisation then sees the parts). `precision` is 32 or bf16. `steps` ends an epoch early: for
    trying out.
    """

    epochs: int = 60
    batch_size: int = 16
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    clip: float = 5.0
    seed: int = 0
    precision: str = "bf16"
    most_angles: int | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        if self.precision not in ("32", "bf16"):
            raise InvalidValueError(f"precision = {self.precision!r}: it is '32' or 'bf16'")
        bounds = (self.epochs, self.batch_size, self.steps, self.most_angles)
        if min(value for value in bounds if value is not None) < 1:
            raise InvalidValueError("epochs, batch_size, steps and most_angles are at least 1")


@dataclass(frozen=True, eq=False)
class Samples:
    """What is trained on: graphs on the device, and what the network is to give for them.

    Attributes
    ----------
    graphs : for each graph that the network reads of a sample, those of all samples.
    targets : (n, heads), NaN where there is none.
    train, validation : rows.
    sampling : (len(train),) how often each is drawn, relative to the others; every one once an epoch without it.
    """

    graphs: tuple[Resident, ...]
    targets: Floats
    train: Ints
    validation: Ints
    sampling: Floats | None = None

    def batch(self, rows: Sequence[int] | Ints) -> HopBatch:
        """Return the graphs of some samples, on the device."""
        return HopBatch(tuple(graphs.batch(rows) for graphs in self.graphs))

    @property
    def n_angles(self) -> Ints:
        """The angles of every sample, (n,)."""
        total: Ints = np.sum([graphs.n_angles for graphs in self.graphs], axis=0)
        return total

    @property
    def n_nodes(self) -> Ints:
        """The atoms of every sample, (n,)."""
        total: Ints = np.sum([graphs.n_nodes for graphs in self.graphs], axis=0)
        return total


def one_cycle(progress: float) -> tuple[float, float]:
    """Return the learning rate, as a part of the highest, and the first coefficient of Adam; `progress` is 0 to 1."""
    if progress < _WARM_UP:
        way = (1 - math.cos(math.pi * progress / _WARM_UP)) / 2
        return _BEGIN + (1 - _BEGIN) * way, _BETA[0] + (_BETA[1] - _BETA[0]) * way
    way = (1 - math.cos(math.pi * min(1.0, (progress - _WARM_UP) / (1 - _WARM_UP)))) / 2
    return 1 + (_END - 1) * way, _BETA[1] + (_BETA[0] - _BETA[1]) * way


def parts(rows: Ints, sizes: Ints, most: int) -> list[Ints]:
    """Return `rows` in stretches whose `sizes` (of all rows) sum to at most `most`, or that have one member."""
    found: list[list[int]] = [[]]
    total = 0
    for row in rows.tolist():
        if found[-1] and total + int(sizes[row]) > most:
            found.append([])
            total = 0
        found[-1].append(row)
        total += int(sizes[row])
    return [np.array(part, np.int64) for part in found if part]


def most_angles(device: torch.device, features: int) -> int:
    """Return how many angles fit on the device at a time."""
    if device.type != "cuda":
        return _DEFAULT_ANGLES
    free, _ = torch.cuda.mem_get_info(device)
    return max(1, int(0.8 * free / (_BYTES_AN_ANGLE * features)))


class Training:
    """A training that can be stopped after any epoch, kept, and gone on with.

    With `choose` the parameters of the best epoch are kept beside those of the last.

    Attributes
    ----------
    log : what every finished epoch gave: losses, learning rate, seconds.
    best : the parameters with the lowest validation loss, where there are validation samples.
    """

    def __init__(
        self, network: nn.Module, samples: Samples, recipe: Recipe, device: torch.device, *, choose: bool = True
    ) -> None:
        self.choose = choose
        self.network, self.samples, self.recipe, self.device = network.to(device), samples, recipe, device
        features = int(getattr(getattr(network, "sizes", None), "hidden", 256))
        self.most_angles = recipe.most_angles or most_angles(device, features)
        decayed = [value for value in network.parameters() if value.ndim > 1]
        others = [value for value in network.parameters() if value.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=device.type == "cuda")
        self.epoch, self.epochs, self.progress = 0, recipe.epochs, 0.0
        self.log: list[dict[str, float]] = []
        self.best: dict[str, Tensor] | None = None
        self._targets = torch.as_tensor(samples.targets, dtype=torch.float32, device=device)
        self._sizes = samples.n_angles

    @property
    def finished(self) -> bool:
        """Whether all epochs are done."""
        return self.epoch >= self.epochs

    @property
    def steps(self) -> int:
        """The number of steps of an epoch."""
        whole = -(-len(self.samples.train) // self.recipe.batch_size)
        return min(whole, self.recipe.steps or whole)

    def run(self, until: float, *, by_time: bool = False, tell: Callable[[str], None] | None = None) -> bool:
        """Train until all epochs are done, or until the monotonic clock shows `until`; return whether they are done.

        An epoch that is not done by then counts as not begun. `by_time` plans anew after every epoch how many will fit,
        up to those of the recipe, and bends the schedule so that it ends with the last one.
        """
        while not self.finished:
            left = until - time.monotonic()
            if by_time and self.log:
                fits = int(left / (1.03 * max(each["seconds"] for each in self.log[-3:])))
                self.epochs = min(self.recipe.epochs, max(self.epoch + fits, self.epoch))
                if not fits:
                    break
            before = self.kept()
            if not self._epoch(until):
                self.restore(*before)
                return False
            if tell is not None:
                tell(_line(self.log[-1], self.epochs))
        return self.finished

    def _epoch(self, until: float) -> bool:
        began = time.monotonic()
        self.network.train()
        order = self._order()
        total = torch.zeros((), device=self.device)
        # On a GPU the host runs ahead: after some steps it waits, to know what time it is.
        for step in range(self.steps):
            if step % 8 == 0:
                _wait(self.device)
                if time.monotonic() > until:
                    return False
            rows = order[step * self.recipe.batch_size : (step + 1) * self.recipe.batch_size]
            torch.manual_seed(int(np.random.SeedSequence([self.recipe.seed, self.epoch, step]).generate_state(1)[0]))
            total += self.step(rows)
            left = (self.epochs - self.epoch) * self.steps - step - 1
            self.progress += (1 - self.progress) / left if left else 0.0
        loss = float(total) / self.steps
        rate = self.optimizer.param_groups[0]["lr"]
        self.epoch += 1
        entry = {"epoch": float(self.epoch), "train": loss, "learning_rate": rate}
        if len(self.samples.validation):
            entry["validation"] = self.loss(self.samples.validation)
            if self.choose and all(entry["validation"] < each["validation"] for each in self.log):
                self.best = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.log.append(entry | {"seconds": time.monotonic() - began})
        return True

    def _order(self) -> Ints:
        random = np.random.default_rng([self.recipe.seed, self.epoch])
        rows, weights = self.samples.train, self.samples.sampling
        if weights is None:
            return random.permutation(rows)
        return random.choice(rows, len(rows), p=weights / weights.sum())

    def step(self, rows: Ints) -> Tensor:
        """Make one step on a batch of samples and return its loss, which the device may still be computing."""
        factor, beta = one_cycle(self.progress)
        for group in self.optimizer.param_groups:
            group["lr"], group["betas"] = self.recipe.learning_rate * factor, (beta, 0.999)
        known = max(1, int(np.isfinite(self.samples.targets[rows]).sum()))
        total = self._gradients(rows, known)
        if self.recipe.clip:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.clip)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return total

    def _gradients(self, rows: Ints, known: int) -> Tensor:
        """Leave the gradient of the loss of a batch with the parameters, and return the loss."""
        while True:
            total = torch.zeros((), device=self.device)
            try:
                for part in self._parts(rows):
                    loss = self._errors(part) / known
                    loss.backward()  # type: ignore[no-untyped-call]
                    total += loss.detach()
                return total
            except torch.OutOfMemoryError:
                if self.most_angles <= int(self._sizes[rows].max()):
                    raise
                # The same step from smaller parts, and so from now on.
                self.most_angles //= 2
                self.optimizer.zero_grad()
            # Outside of the handler, which would keep alive what did not fit.
            torch.cuda.empty_cache()

    def _errors(self, rows: Ints) -> Tensor:
        """Return the sum of the absolute errors of some samples."""
        with self._autocast():
            output = self.network(self.samples.batch(rows)).float()
        target = self._targets[torch.from_numpy(rows).to(self.device, non_blocking=True)]
        known = torch.isfinite(target)
        errors: Tensor = ((output - torch.where(known, target, 0.0)).abs() * known).sum()
        return errors

    def _autocast(self) -> Any:
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.recipe.precision == "bf16")

    def loss(self, rows: Ints) -> float:
        """Return the mean absolute error over the targets of some samples, in evaluation mode."""
        self.network.eval()
        total = torch.zeros((), device=self.device)
        with torch.no_grad():
            for part in self._parts(rows):
                total += self._errors(part)
        return float(total) / max(1, int(np.isfinite(self.samples.targets[rows]).sum()))

    def use_best(self) -> None:
        """Take the parameters of the best epoch, where there are some."""
        if self.best is not None:
            self.network.load_state_dict(self.best)

    def predict(self, rows: Ints) -> Floats:
        """Return what the network gives for some samples (n, heads), in 32 bits."""
        return predict(self.network, self.samples, rows, self.most_angles)

    def _parts(self, rows: Ints) -> list[Ints]:
        return parts(rows, self._sizes, self.most_angles)

    def kept(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return what is needed to go on: copies of the tensors by name, and plain values."""
        tensors = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        for name, value in self.network.named_parameters():
            moments = self.optimizer.state.get(value, {})
            tensors |= {f"{key}.{name}": moments[key] for key in ("exp_avg", "exp_avg_sq") if key in moments}
        tensors |= {f"best.{name}": value for name, value in (self.best or {}).items()}
        steps = {float(each["step"]) for each in self.optimizer.state.values()}
        plain = {
            "epoch": self.epoch,
            "epochs": self.epochs,
            "progress": self.progress,
            "steps": max(steps, default=0.0),
            "log": list(self.log),
        }
        return {name: value.detach().clone() for name, value in tensors.items()}, plain

    def restore(self, tensors: dict[str, Tensor], plain: dict[str, Any]) -> None:
        """Go on where :meth:`kept` was called; the moments may have been kept in 16 bits."""
        by_kind: dict[str, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            kind, _, rest = name.partition(".")
            by_kind.setdefault(kind, {})[rest] = value
        self.network.load_state_dict(by_kind["network"])
        self.optimizer.state.clear()
        for name, value in self.network.named_parameters():
            if name in by_kind.get("exp_avg", {}):
                self.optimizer.state[value] = {
                    "step": torch.tensor(plain["steps"], device=self.device if self.device.type == "cuda" else "cpu"),
                    **{key: by_kind[key][name].to(value) for key in ("exp_avg", "exp_avg_sq")},
                }
        own = self.network.state_dict()
        best = {name: value.to(own[name]) for name, value in by_kind.get("best", {}).items()}
        self.best = best or None
        self.epoch, self.epochs, self.progress = plain["epoch"], plain["epochs"], plain["progress"]
        self.log = list(plain["log"])


def predict(network: nn.Module, samples: Samples, rows: Ints, most: int) -> Floats:
    """Return what a network gives for some samples (n, heads), in 32 bits; `most` angles at a time."""
    network.eval()
    with torch.no_grad():
        outputs = [network(samples.batch(part)).float().cpu() for part in parts(rows, samples.n_angles, most)]
    return torch.cat(outputs).double().numpy()


def _line(entry: dict[str, float], epochs: int) -> str:
    seen = f", validation {entry['validation']:.4f}" if "validation" in entry else ""
    return f"epoch {entry['epoch']:.0f} of {epochs}: train {entry['train']:.4f}{seen}, {entry['seconds']:.2f} s"


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Make what torch draws inside depend on `seed` only, and leave its generator as it was."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
