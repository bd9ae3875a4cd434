"""The command `causalclipseg`. Each subcommand has a file; `options`, `console` and `run` hold what they share.

`app` loads when it is first used (PEP 562), so that Ctrl-C while it loads leaves no traceback.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from CausalCLIPSegLib.interruption import ended_by_interrupt

if TYPE_CHECKING:
    from CausalCLIPSegLib.cli.application import app

__all__ = ["app", "main"]


def main() -> None:
    """Run the command, and end the process with its exit status."""
    with ended_by_interrupt("Stopped; nothing was written."):
        from CausalCLIPSegLib.cli.application import run
    sys.exit(run())


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name != "app":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from CausalCLIPSegLib.cli.application import app

        return app
