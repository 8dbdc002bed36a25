"""Many structures: on processes or a cluster, what is finished is kept, and a bad structure is a row and no end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from embench.common.executor import Executor, SerialExecutor
from embench.errors import EmbenchError, MissingDependencyError
from embench.prediction.bands import band_files
from embench.prediction.crystal import Choices, predict_source
from embench.prediction.document import document, refused
from embench.prediction.documents import PredictionDocument, RefusedDocument
from embench.prediction.inputs import Source
from embench.prediction.model import DEFAULT, load_model
from embench.prediction.store import ResultStore

# Structures that are read ahead: a list of ten thousand is never in memory as a whole.
_CHUNK = 256


@dataclass(frozen=True, kw_only=True)
class PredictTask:
    """One structure to predict, as it is sent to a worker."""

    source: Source
    choices: Choices
    model: str
    bands: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PredictDone:
    """What a worker sends back: the document, the seconds of the processor, and the files of bands by their path."""

    name: str
    document: PredictionDocument | RefusedDocument
    seconds: float
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Count:
    """How far a run is: structures done (those of an earlier run included), and how many of them were refused."""

    done: int = 0
    refused: int = 0


Progress = Callable[[PredictDone | None, Count], None]


def predict_one(task: PredictTask) -> PredictDone:
    """Predict one structure; what is wrong with it becomes a document with the reason. Runs in a worker."""
    clock = time.process_time()
    name = task.source.name
    files: dict[str, str] = {}
    found: PredictionDocument | RefusedDocument
    try:
        result = predict_source(task.source, task.choices, load_model(task.model))
        found = document(result)
        if task.bands:
            for number, each in enumerate(result.predictions, start=1):
                made = band_files(each.hop, task.bands)
                files |= {f"hop-{number}/{path}": text for path, text in made.items()}
    except MissingDependencyError:  # the same for every structure: no fault of this one
        raise
    except EmbenchError as error:
        found = refused(name, error)
    except (ArithmeticError, LookupError, MemoryError, RuntimeError, TypeError, ValueError) as error:
        # What libraries say to structures that nobody has thought of: it must not end a screening.
        found = refused(name, RuntimeError(f"{type(error).__name__}: {error}"))
    return PredictDone(name=name, document=found, seconds=round(time.process_time() - clock, 3), files=files)


def predict_many(
    found: Iterator[Source] | Sequence[Source],
    choices: Choices,
    *,
    model: str = DEFAULT,
    out: Path,
    bands: Sequence[str] = (),
    pages: bool = False,
    executor: Executor | None = None,
    progress: Progress | None = None,
    retry: bool = False,
) -> Count:
    """Predict structures and write what is found as it comes; return how many are done, and how many were refused.

    Parameters
    ----------
    found : of :func:`embench.prediction.inputs.sources`.
    out : folder of the results, see :class:`~embench.prediction.store.ResultStore`. Structures that it has results of
        are not computed again, except refused ones where `retry` is set.
    bands : formats of :mod:`embench.prediction.bands` to write for each hop.
    pages : write a page for each structure.
    progress : called with each structure that is finished.

    Raises :class:`~embench.errors.InvalidValueError` where the folder holds results of another run.
    """
    store = ResultStore(out)
    trained = load_model(model)
    key = {"model": trained.label, "sha256": trained.sha256, "choices": choices.to_dict()}
    known = store.open(key)
    done, refusals = len(known), sum(known.values())
    report = progress or (lambda *_: None)
    report(None, Count(done=done, refused=refusals))
    tasks = (
        PredictTask(source=source, choices=choices, model=_absolute(model), bands=tuple(bands))
        for source in found
        if source.name not in known or (retry and known[source.name])
    )
    runner = executor or SerialExecutor()
    while chunk := list(islice(tasks, _CHUNK)):
        for item in runner.run(predict_one, chunk):
            store.add(item.document, item.seconds, again=item.name in known)
            _write_files(out, item, pages=pages)
            failed = "error" in item.document
            done += item.name not in known
            refusals += failed - bool(known.get(item.name))
            report(item, Count(done=done, refused=refusals))
    store.finish()
    return Count(done=done, refused=refusals)


def _write_files(out: Path, item: PredictDone, *, pages: bool) -> None:
    from embench.common.files import write_text
    from embench.prediction.store import file_name

    folder = out / "bands" / file_name(item.name)
    for path, text in item.files.items():
        write_text(folder / path, text)
    if pages and "error" not in item.document:
        from embench.prediction.page import page

        write_text(out / "pages" / f"{file_name(item.name)}.html", page(item.document))


def _absolute(model: str) -> str:
    """Return a file as a path that other processes find; a name stays as it is."""
    return str(Path(model).resolve()) if Path(model).is_file() else model
