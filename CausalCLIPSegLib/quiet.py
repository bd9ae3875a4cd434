"""Keep libraries silent while they handle a patient's data: they log odd values, queries, addresses, identifiers."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOUD = (
    *("pydicom", "highdicom", "pylibjpeg", "openjpeg", "libjpeg", "PIL"),
    *("dicomweb_client", "urllib3", "requests", "retrying", "pynetdicom"),
)


@contextmanager
def quiet() -> Iterator[None]:
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
