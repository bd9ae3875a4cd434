"""The worker's process, `python -m CausalCLIPSegLib.worker [--verbose]`: serve on standard input and output."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import warnings
from typing import NoReturn

from CausalCLIPSegLib.about import __version__
from CausalCLIPSegLib.atomic_files import remove_unfinished
from CausalCLIPSegLib.memory import has_memory_to_start
from CausalCLIPSegLib.privacy import public_message, safe_traceback
from CausalCLIPSegLib.worker import protocol
from CausalCLIPSegLib.worker.channel import Channel, take_stdout
from CausalCLIPSegLib.worker.libraries import Libraries
from CausalCLIPSegLib.worker.server import Worker

log = logging.getLogger("CausalCLIPSegLib.worker")


def _configure_logging(verbose: bool) -> None:
    """Silence the libraries, which may quote patient data; log our own technical details if `verbose`."""
    logging.basicConfig(level=logging.CRITICAL, stream=sys.stderr, format="%(name)s: %(message)s")
    logging.getLogger("CausalCLIPSegLib").setLevel(logging.DEBUG if verbose else logging.CRITICAL)
    warnings.showwarning = lambda *args, **kwargs: None


def main() -> NoReturn:
    """Serve on standard input and output until the input ends; never returns."""
    parser = argparse.ArgumentParser(prog="python -m CausalCLIPSegLib.worker", description=__doc__.split("\n")[0])
    parser.add_argument("--verbose", action="store_true", help="print technical details of errors on standard error")
    verbose = parser.parse_args().verbose
    channel = Channel(take_stdout(), on_broken=lambda: _exit_now(1))
    _configure_logging(verbose)

    def describe_error(error: BaseException) -> str:
        log.debug(safe_traceback(error))
        return public_message(error)

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that unfinished files are removed
    channel.send(protocol.ReadyEvent(version=__version__, pid=os.getpid()))
    status = 0
    try:
        if not has_memory_to_start():
            raise MemoryError
        libraries = Libraries(channel.send, describe_error)
        worker = Worker(channel.send, libraries, describe_error)
        libraries.start()
        worker.serve(sys.stdin.buffer)
    except KeyboardInterrupt:
        status = 130
    except BaseException as error:
        channel.send(protocol.ErrorEvent(id=None, kind="unexpected", message=describe_error(error)))
        status = 1
    channel.drain(2)
    _exit_now(status)


def _exit_now(status: int) -> NoReturn:
    """Exit immediately: inference in another thread cannot be interrupted."""
    remove_unfinished()
    os._exit(status)
