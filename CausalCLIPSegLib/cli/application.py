"""The application of the command `causalclipseg`: its subcommands and its options."""

from __future__ import annotations

import logging
import signal
import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from CausalCLIPSegLib.about import RESEARCH_ONLY, __version__
from CausalCLIPSegLib.cli import batch, doctor, note, pacs, seg, segment, serve
from CausalCLIPSegLib.cli.console import out
from CausalCLIPSegLib.cli.run import MISTAKE, fail, run_command

app = typer.Typer(
    help="Segment on a chest radiograph what a radiology note refers to. " + RESEARCH_ONLY,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(segment.segment)
app.command()(batch.batch)
app.command()(segment.demo)
app.command()(note.note)
app.command()(doctor.doctor)
app.command()(serve.serve)
app.add_typer(pacs.app, name="pacs")
app.add_typer(seg.app, name="seg")


def _print_version(value: bool) -> None:
    if value:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Print technical details, including those of errors.")
    ] = False,
) -> None:
    logging.basicConfig(level=logging.CRITICAL, format="%(name)s: %(message)s")
    # Leave out the loggers of libraries, which may quote patient data.
    logging.getLogger("CausalCLIPSegLib").setLevel(logging.DEBUG if verbose else logging.CRITICAL)


def run() -> int:
    """Run the command, and return its exit status; see `run_command`.

    An empty argument is rejected: as a path it would stand for the current folder, for instance if a script leaves a
    variable unset.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # file names may hold bytes that are not text
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a stopped command removes unfinished files
    if any(not argument.strip() for argument in sys.argv[1:]):
        return fail("An argument is empty; perhaps a variable of a script is not set.", MISTAKE)
    return run_command(app)
