"""Keep patient data out of logs and messages.

Libraries log odd values, queries, addresses and identifiers, and quote them in the messages of their exceptions. So
libraries are silenced while they work, and an unexpected error is reported by its type and its lines of code only.
"""

from __future__ import annotations

import logging
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOUD = (
    *("pydicom", "highdicom", "pylibjpeg", "openjpeg", "libjpeg", "PIL"),
    *("dicomweb_client", "urllib3", "requests", "retrying", "pynetdicom"),
)


@contextmanager
def silence_libraries() -> Iterator[None]:
    """Hold back what the libraries say of odd values: it is not for the user, and may quote the patient's data."""
    loggers = [logging.getLogger(name) for name in _LOUD]
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
    """Say for a person that something went wrong."""
    return f"Something unexpected went wrong ({type(error).__name__}); --verbose tells more."


def safe_traceback(error: BaseException) -> str:
    """Return for each exception of the chain its name and the lines of code that it passed, without its message."""
    told = []
    cause: BaseException | None = error
    while cause is not None:
        told.append(f"{type(cause).__name__}\n{''.join(traceback.format_tb(cause.__traceback__))}")
        cause = cause.__cause__ or cause.__context__
    return "".join(told)
