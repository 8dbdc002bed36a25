"""Calls to the hub: patience with a time limit, errors in words, and no token in any of them.

The client of the hub (``HfApi``) does the work, but by default waits for ever for an answer and sends again only what
belongs to an upload: the time limit and the further attempts are therefore ours.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from embench.errors import HubError, MissingDependencyError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

T = TypeVar("T")
Say = Callable[[str], object]


def silent(_text: str) -> None:
    """Say nothing."""


# Answers after which the same request may succeed: too many requests, and failures of the server or before it.
TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, kw_only=True)
class Hub:
    """A hub and how patient to be with it.

    Parameters
    ----------
    endpoint
        Address of the hub; None for the one that ``HF_ENDPOINT`` names, or huggingface.co.
    timeout
        Seconds that the hub may stay silent before a request is given up.
    attempts
        How often a request is sent that fails for reasons on the side of the hub.
    wait
        Seconds before the second attempt; doubled before each further one.
    say
        Called with a sentence when something takes another attempt.
    """

    endpoint: str | None = None
    timeout: float = 60.0
    attempts: int = 3
    wait: float = 1.0
    say: Say = field(default=silent, repr=False)

    @property
    def api(self) -> HfApi:
        """The client of the hub; it finds the token of the login or of ``HF_TOKEN`` itself."""
        return import_hub().HfApi(endpoint=self.endpoint)  # type: ignore[no-any-return]

    @property
    def address(self) -> str:
        """The address of the hub."""
        return str(self.api.endpoint)

    def call(self, purpose: str, action: Callable[[], T]) -> T:
        """Return what `action` returns; try again while the hub fails, with growing pauses.

        `action` must be safe to repeat. Raises :class:`~embench.errors.HubError` that says what did not work.
        """
        import_hub()  # what is missing is no failure of the hub
        for attempt in range(1, self.attempts + 1):
            try:
                with self.limited():
                    return action()
            except recoverable() as error:
                if attempt == self.attempts or not is_transient(error):
                    raise self.explain(purpose, error) from None
                self.pause(purpose, error, attempt)
        raise AssertionError("the last attempt returns or raises")

    def pause(self, purpose: str, error: Exception, attempt: int) -> None:
        """Say why the next attempt is needed, and wait before it."""
        seconds = self.wait * 2 ** (attempt - 1)
        self.say(f"{purpose}: {self.reason(error)}; attempt {attempt + 1} of {self.attempts} in {seconds:g} s")
        time.sleep(seconds)

    @contextmanager
    def limited(self) -> Iterator[None]:
        """Let no request of the client stay without an answer for longer than the time limit.

        By default the client waits for ever.
        """
        session = import_hub().get_session()
        before = session.timeout
        session.timeout = self.timeout
        try:
            yield
        finally:
            session.timeout = before

    def explain(self, purpose: str, error: Exception) -> HubError:
        """Return the error to raise for what the client raised: what failed, why, and the way out."""
        return HubError(f"{purpose} failed: {self.reason(error)}{_way_out(error)}")

    def reason(self, error: Exception) -> str:
        """Return in words why a request failed."""
        httpx2 = _import_httpx()

        error = _cause(error)
        status = status_of(error)
        if isinstance(error, httpx2.TimeoutException):
            return f"{self.address} did not answer within {self.timeout:g} s"
        if isinstance(error, httpx2.TransportError):
            return f"the connection to {self.address} failed ({redact(str(error)) or type(error).__name__})"
        if status == 401 and not _is_unknown_repository(error):
            return f"{self.address} refused the token (401)"
        if status is not None and status >= 500:
            return f"{self.address} answered with a failure of its own ({status})"
        return redact(" ".join(str(error).split()))


def import_hub() -> Any:
    """Return the library ``huggingface_hub``; raises :class:`~embench.errors.MissingDependencyError` without it."""
    try:
        import huggingface_hub
    except ImportError:
        raise MissingDependencyError("huggingface-hub", "hub", "talking to the hub") from None
    return huggingface_hub


def _import_httpx() -> Any:
    """Return the library ``httpx2``, which ``huggingface_hub`` talks with."""
    try:
        import httpx2
    except ImportError:
        raise MissingDependencyError("httpx2", "hub", "talking to the hub") from None
    return httpx2


def recoverable() -> tuple[type[Exception], ...]:
    """Return the kinds of errors by which the client says that a request failed.

    ``RuntimeError`` is how it reports a failed upload, ``ValueError`` an answer or a name that it cannot use.
    """
    httpx2 = _import_httpx()

    return (httpx2.HTTPError, OSError, RuntimeError, ValueError)


def is_transient(error: Exception) -> bool:
    """Return whether the same request may succeed later."""
    httpx2 = _import_httpx()

    error = _cause(error)
    return isinstance(error, httpx2.TransportError) or status_of(error) in TRANSIENT


def status_of(error: Exception) -> int | None:
    """Return the HTTP status that `error` is about, if any."""
    status = getattr(getattr(_cause(error), "response", None), "status_code", None)
    return status if isinstance(status, int) else None


def redact(text: str) -> str:
    """Return `text` without the token, whoever may have put it there."""
    token = import_hub().get_token()
    return text.replace(token, "<token>") if token else text


def _cause(error: Exception) -> Exception:
    """Return the failed request behind an error of the client, which wraps it when an upload or download fails."""
    httpx2 = _import_httpx()

    cause = error.__cause__
    return cause if isinstance(cause, httpx2.HTTPError) and not isinstance(error, httpx2.HTTPError) else error


def _is_unknown_repository(error: Exception) -> bool:
    from huggingface_hub.errors import RepositoryNotFoundError

    return isinstance(error, RepositoryNotFoundError)


def _way_out(error: Exception) -> str:
    from huggingface_hub.errors import LocalTokenNotFoundError, RepositoryNotFoundError, RevisionNotFoundError

    error = _cause(error)
    status = status_of(error)
    if isinstance(error, RevisionNotFoundError):
        return "; ask for a revision that exists, such as main or the tag of a version"
    if isinstance(error, RepositoryNotFoundError):
        return "; check the name of the repository, and log in if it is private"
    if isinstance(error, LocalTokenNotFoundError) or status == 401:
        return "; log in with hf auth login, or set HF_TOKEN to a token that may write"
    if status == 403:
        return "; use a token that may write to this repository"
    if is_transient(error):
        return "; try again later"
    return ""
