"""Keep the libraries silent: they log queries, addresses and identifiers, which is patient data."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_TALKATIVE = ("dicomweb_client", "urllib3", "requests", "retrying", "pynetdicom", "pydicom")


@contextmanager
def quiet() -> Iterator[None]:
    """Let the libraries log and warn of nothing, whatever level the program logs at."""
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
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
