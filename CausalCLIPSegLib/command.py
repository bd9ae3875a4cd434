"""Run a typer application so that a user's mistake is one line, and nobody reads a traceback."""

from __future__ import annotations

import logging

import typer
from typer.exceptions import TyperException

from CausalCLIPSegLib.errors import CausalCLIPSegError

log = logging.getLogger(__name__)


def run_command(app: typer.Typer, *, tracebacks: bool = False) -> int:
    """Run the application on the arguments of this process.

    Args:
        app: the application.
        tracebacks: let what nobody expected through, for people who develop.

    Returns:
        The exit status: 0; 2 for a user's mistake, which is one line on stderr; 130 when it was stopped; 1 for what
        nobody expected.
    """
    try:
        return app(standalone_mode=False) or 0
    except CausalCLIPSegError as error:
        log.debug("the cause", exc_info=error)
        return _fail(str(error), 2)
    except TyperException as error:
        return _fail(error.format_message(), 2)
    except (typer.Abort, KeyboardInterrupt):
        return _fail("Stopped; nothing was written.", 130)
    except Exception as error:
        if tracebacks:
            raise
        log.debug("the cause", exc_info=error)
        return _fail(f"Something unexpected went wrong ({type(error).__name__}); --verbose tells more.", 1)


def _fail(sentence: str, status: int) -> int:
    typer.echo(" ".join(sentence.split()), err=True)
    return status
