"""What is told of an error that nobody expected: where it comes from, in no words of others.

Libraries quote in their messages the values of a patient's file, or the words of a note.
"""

from __future__ import annotations

import traceback


def sentence(error: BaseException) -> str:
    """Say for a person that something went wrong."""
    return f"Something unexpected went wrong ({type(error).__name__}); --verbose tells more."


def frames(error: BaseException) -> str:
    """Return for each exception of the chain its name and the lines of code that it passed, without its message."""
    told = []
    cause: BaseException | None = error
    while cause is not None:
        told.append(f"{type(cause).__name__}\n{''.join(traceback.format_tb(cause.__traceback__))}")
        cause = cause.__cause__ or cause.__context__
    return "".join(told)
