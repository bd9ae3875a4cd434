"""Try again, later and later, what can be asked twice without harm."""

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from CausalCLIPSegLib.pacs.archive import UnreachableError

_LONGEST_WAIT = 60.0


def retrying(retries: int, wait: float) -> Retrying:
    """Return a caller of functions that goes on after an `UnreachableError`.

    Args:
        retries: how often to try again after the first time.
        wait: seconds before the first of these; it doubles each time. An archive that asks for more gets it, up to a
            minute.
    """
    exponential = wait_exponential_jitter(initial=wait, max=_LONGEST_WAIT, jitter=wait)

    def pause(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, UnreachableError) and error.retry_after else 0.0
        return min(_LONGEST_WAIT, max(asked, exponential(state)))

    return Retrying(
        stop=stop_after_attempt(retries + 1),
        wait=pause,
        retry=retry_if_exception_type(UnreachableError),
        reraise=True,
    )
