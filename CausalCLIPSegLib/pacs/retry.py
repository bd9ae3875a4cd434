"""Retry idempotent requests with exponential backoff, and give up on an archive that stays unreachable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.pacs.archive import DeniedError, UnreachableError

MAX_WAIT = 60.0
"""Maximum number of seconds between two attempts."""
MAX_LOST_IN_A_ROW = 2
"""Number of lost connections in a row after which a transfer gives up."""


def retrying(retries: int, wait: float) -> Retrying:
    """Return an object that calls a function, and calls it again after an `UnreachableError`.

    Args:
        retries: how often to call again after the first attempt.
        wait: seconds before the first retry; doubled for each further one. A longer wait that the archive asks for is
            obeyed, up to `MAX_WAIT`.
    """
    exponential = wait_exponential_jitter(initial=wait, max=MAX_WAIT, jitter=wait)

    def pause(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        requested = error.retry_after if isinstance(error, UnreachableError) and error.retry_after else 0.0
        return min(MAX_WAIT, max(requested, exponential(state)))

    return Retrying(
        stop=stop_after_attempt(retries + 1),
        wait=pause,
        retry=retry_if_exception_type(UnreachableError),
        reraise=True,
    )


class GiveUpRule:
    """Ends a transfer of many instances after the connection was lost twice in a row or access was denied.

    Attributes:
        reason: why the remaining instances are not tried; "" until then.
    """

    def __init__(self) -> None:
        self.reason = ""
        self._lost_in_a_row = 0

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Watch the transfer of one instance; its error is counted and passed on."""
        try:
            yield
        except CausalCLIPSegError as error:
            self._lost_in_a_row = self._lost_in_a_row + 1 if isinstance(error, UnreachableError) else 0
            if isinstance(error, DeniedError) or self._lost_in_a_row == MAX_LOST_IN_A_ROW:
                self.reason = str(error)
            raise
        self._lost_in_a_row = 0


def seconds_to_wait(retry_after: str) -> float | None:
    """Return the seconds of the header Retry-After, a number or a date (RFC 9110 10.2.3); None if it is neither."""
    if re.fullmatch(r"[0-9]{1,9}", retry_after.strip()):
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
        return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
