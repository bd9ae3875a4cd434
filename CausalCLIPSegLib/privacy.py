"""Keep patient data out of logs and messages.

Third-party libraries log invalid values, queries, addresses and identifiers, and quote them in exception messages.
This module silences the libraries while they work, and reports unexpected errors without their messages.
"""

from __future__ import annotations

import logging
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from CausalCLIPSegLib.memory import TOO_LITTLE_MEMORY, is_out_of_memory

_LOGGERS = (
    *("pydicom", "highdicom", "PIL", "tifffile", "nibabel"),
    *("dicomweb_client", "urllib3", "requests", "retrying", "pynetdicom"),
)


@contextmanager
def silence_libraries() -> Iterator[None]:
    """Suppress warnings and log records of third-party libraries; they may quote patient data."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


def public_message(error: BaseException) -> str:
    """Return a message for the user with the type of an unexpected error, but without its text."""
    if is_out_of_memory(error):
        return TOO_LITTLE_MEMORY
    return f"Something unexpected went wrong ({type(error).__name__}); --verbose tells more."


def safe_traceback(error: BaseException) -> str:
    """Return the type and code locations of each exception in the chain, without the messages.

    Report unexpected errors this way: the messages of third-party exceptions may quote patient data.
    """
    entries = []
    cause: BaseException | None = error
    while cause is not None:
        entries.append(f"{type(cause).__name__}\n{''.join(traceback.format_tb(cause.__traceback__))}")
        cause = cause.__cause__ or cause.__context__
    return "".join(entries)
