"""Run a typer application so that an error is one line and an exit status, never a traceback."""

from __future__ import annotations

import logging
from typing import Any

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from CausalCLIPSegLib.cli.console import visible
from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.interruption import STOPPED
from CausalCLIPSegLib.memory import TOO_LITTLE_MEMORY, has_memory_to_start, is_out_of_memory
from CausalCLIPSegLib.privacy import public_message, safe_traceback

log = logging.getLogger(__name__)

UNEXPECTED = 1
"""Exit status after an error that the program did not foresee."""
MISTAKE = 2
"""Exit status after a user's mistake."""
SOME_FAILED = 3
"""Exit status of a command that ran, but failed for some of its images, files or instances."""

_PYDANTIC_PREFIX = "Value error, "
"""Typer checks choices with pydantic, which puts this before the message."""


def run_command(app: typer.Typer, *, tracebacks: bool = False, stopped: str = "Stopped; nothing was written.") -> int:
    """Run the application on the arguments of this process.

    Args:
        app: the application.
        tracebacks: do not catch unexpected errors, so that a developer sees the traceback.
        stopped: the message if the user stops the command.

    Returns:
        The exit status: 0, or the status that the command chose; MISTAKE after a user's mistake or for lack of memory,
        with one line on stderr, or if no command was given, with the help on stderr; STOPPED; or UNEXPECTED.
    """
    try:
        if not has_memory_to_start():
            return fail(TOO_LITTLE_MEMORY, MISTAKE)
        return _command(app).main(standalone_mode=False) or 0
    except CausalCLIPSegError as error:
        log.debug(safe_traceback(error))
        return fail(TOO_LITTLE_MEMORY if is_out_of_memory(error) else str(error), MISTAKE)
    except TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # Typer does not export this class
            typer.echo(error.format_message(), err=True)
            return MISTAKE
        error.message = error.message.removeprefix(_PYDANTIC_PREFIX)
        return fail(error.format_message(), MISTAKE)
    except (typer.Abort, KeyboardInterrupt):
        return fail(stopped, STOPPED)
    except Exception as error:
        if tracebacks:
            raise
        log.debug(safe_traceback(error))
        return fail(public_message(error), MISTAKE if is_out_of_memory(error) else UNEXPECTED)


def _command(app: typer.Typer) -> Any:
    """Return the command of an application; if the user stops it, it raises Abort, which Typer does not swallow."""
    command = get_command(app)
    invoke = command.invoke

    def invoke_until_stopped(context: Any) -> Any:
        """Turn a keyboard interrupt into Abort, because Typer would exit without a message."""
        try:
            return invoke(context)
        except KeyboardInterrupt as error:
            raise typer.Abort from error

    command.invoke = invoke_until_stopped  # type: ignore[assignment]
    return command


def fail(message: str, status: int) -> int:
    """Print an error as one line on stderr, and return the exit status."""
    typer.echo(visible(" ".join(message.split())), err=True)
    return status
