"""`python -m training`: run one of the commands in `commands`."""

import sys

from CausalCLIPSegLib.interruption import ended_by_interrupt

with ended_by_interrupt("Stopped."):
    from CausalCLIPSegLib.cli.run import run_command
    from training.commands import app

if __name__ == "__main__":
    sys.exit(run_command(app, tracebacks=True, stopped="Stopped."))
