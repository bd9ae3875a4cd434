"""`causalclipseg serve`: a page in the browser, and an HTTP API for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from CausalCLIPSegLib.cli.console import out
from CausalCLIPSegLib.cli.options import CheckpointOption, DeviceOption, EngineOption
from CausalCLIPSegLib.errors import CausalCLIPSegError

if TYPE_CHECKING:
    from CausalCLIPSegLib.serve.keys import Keys
    from CausalCLIPSegLib.serve.settings import Settings


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 0,
    show: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    allow: Annotated[
        list[Path] | None, typer.Option(help="Folder whose files clients may open by name; may be repeated.")
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(help="File with a line NAME: KEY for each group of users; also CAUSALCLIPSEG_SERVE_KEYS."),
    ] = None,
    certificate: Annotated[Path | None, typer.Option(help="PEM file with the certificate for TLS.")] = None,
    private_key: Annotated[
        Path | None, typer.Option(help="PEM file with its private key, if the certificate's file lacks it.")
    ] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="A proxy receives the requests by TLS and passes them on.")
    ] = False,
    hostname: Annotated[
        list[str] | None, typer.Option(help="Further name by which clients address the server; may be repeated.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that segment.")] = 1,
    queue: Annotated[int, typer.Option(min=1, max=1000, help="Requests that may wait for a worker.")] = 20,
    max_megabytes: Annotated[int, typer.Option(min=1, max=256, help="Size of a radiograph's file.")] = 128,
    max_megapixels: Annotated[int, typer.Option(min=1, max=64, help="Pixels of a radiograph.")] = 32,
    max_seconds: Annotated[float, typer.Option(min=1, help="Seconds for reading, a run or a file.")] = 120,
    idle_minutes: Annotated[
        float, typer.Option(min=0.1, help="Minutes after which an unused session is deleted.")
    ] = 60,
    without_note: Annotated[
        bool, typer.Option("--without-note", help="Leave the note out of the DICOM files; they still hold the prompt.")
    ] = False,
    access_log: Annotated[
        bool, typer.Option("--access-log", help="Print a line of JSON for each request to standard error.")
    ] = False,
    checkpoint: CheckpointOption = "default",
    device: DeviceOption = "auto",
    engine: EngineOption = "auto",
) -> None:
    """Serve a page for the browser, and an HTTP API for 3D Slicer and other programs."""
    try:
        from CausalCLIPSegLib.serve.launch import Place, admit, log_access
        from CausalCLIPSegLib.serve.launch import serve as run
        from CausalCLIPSegLib.serve.settings import Limits, Settings
    except ModuleNotFoundError as error:
        raise CausalCLIPSegError(
            f"The server needs the package {error.name}; install causalclipseg[serve]."
        ) from error

    place = Place(host, port, keys, certificate, private_key, behind_proxy, tuple(hostname or ()))
    limits = Limits(
        bytes=max_megabytes << 20,
        pixels=max_megapixels * 1_000_000,
        seconds=max_seconds,
        idle_seconds=60 * idle_minutes,
        waiting=queue,
    )

    def settings(found: Keys) -> Settings:
        return Settings(
            keys=found,
            allowed=tuple(_folder(path) for path in allow or ()),
            workers=workers,
            checkpoint=checkpoint,
            device=device,
            engine=engine,
            with_note=not without_note,
            limits=limits,
        )

    admitted, token = admit(place, settings)
    log_access(to_stderr=access_log)
    try:
        run(place, admitted, lambda address: out.print(address, soft_wrap=True), token, show=show)
    except KeyboardInterrupt:  # the usual way to stop a server
        out.print("Stopped; all sessions were deleted.")


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise CausalCLIPSegError(f"{path} is not a folder.")
    return path.resolve()
