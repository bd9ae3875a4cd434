"""Run a typer application so that a user's mistake is one line, and nobody reads a traceback."""

from __future__ import annotations

import logging
from typing import Any

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.privacy import public_message, safe_traceback

log = logging.getLogger(__name__)

_PREFIX = "Value error, "
"""What pydantic, by which typer checks values, puts before the sentence of a check."""


def run_command(app: typer.Typer, *, tracebacks: bool = False, stopped: str = "Stopped; nothing was written.") -> int:
    """Run the application on the arguments of this process.

    Args:
        app: the application.
        tracebacks: let what nobody expected through, for people who develop.
        stopped: what is true when it is stopped.

    Returns:
        The exit status: 0, or what the command chose; 2 for a user's mistake, which is one line on stderr, or the
        help where no command was given; 130 when it was stopped; 1 for what nobody expected.
    """
    command = get_command(app)
    invoke = command.invoke

    def invoke_until_stopped(context: Any) -> Any:
        """Typer would turn the interrupt into an exit status, and say nothing."""
        try:
            return invoke(context)
        except KeyboardInterrupt as error:
            raise typer.Abort from error

    command.invoke = invoke_until_stopped  # type: ignore[assignment]
    try:
        return command.main(standalone_mode=False) or 0
    except CausalCLIPSegError as error:
        log.debug(safe_traceback(error))
        return _fail(str(error), 2)
    except TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # typer exports no class to ask for
            typer.echo(error.format_message(), err=True)
            return 2
        error.message = error.message.removeprefix(_PREFIX)
        return _fail(error.format_message(), 2)
    except (typer.Abort, KeyboardInterrupt):
        return _fail(stopped, 130)
    except Exception as error:
        if tracebacks:
            raise
        log.debug(safe_traceback(error))
        return _fail(public_message(error), 1)


def _fail(words: str, status: int) -> int:
    typer.echo(" ".join(words.split()), err=True)
    return status
