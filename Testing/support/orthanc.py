"""Start Orthanc as an archive for tests, plain or through TLS."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

DICOMWEB_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
LOCALHOST = "127.0.0.1"


@dataclass
class Orthanc:
    """A running Orthanc: the base URL of its DICOMweb service, its DIMSE port, and the target port of its C-MOVE."""

    url: str
    dicom_port: int
    move_port: int


@dataclass
class Certificates:
    """PEM files: an authority, and a certificate of this machine and its key, separately and in one file."""

    authority: Path
    certificate: Path
    key: Path
    certificate_and_key: Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOCALHOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_orthanc(folder: Path, **settings: Any) -> Iterator[Orthanc]:
    """Run Orthanc with its files in `folder`; skip the test if it is not installed."""
    program = shutil.which("Orthanc")
    if program is None or not DICOMWEB_PLUGIN.exists():
        pytest.skip("Orthanc with its DICOMweb plugin is not installed; see Testing/install-tools")
    http, dicom, move = free_port(), free_port(), free_port()
    configuration = {
        "Name": "test",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "index"),
        "Plugins": [str(DICOMWEB_PLUGIN)],
        "HttpPort": http,
        "HttpBindAddresses": [LOCALHOST],
        "RemoteAccessAllowed": True,
        "AuthenticationEnabled": False,
        "DicomAet": "ORTHANC",
        "DicomPort": dicom,
        "DicomCheckCalledAet": True,
        "DicomAlwaysAllowEcho": False,
        "DicomAlwaysAllowStore": False,
        "DicomModalities": {
            "us": {
                "AET": "CAUSALCLIPSEG",
                "Host": LOCALHOST,
                "Port": move,
                **{f"Allow{service}": True for service in ("Echo", "Find", "Get", "Move", "Store")},
            }
        },
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        "OverwriteInstances": False,
        **settings,
    }
    (folder / "orthanc.json").write_text(json.dumps(configuration))
    with (folder / "orthanc.log").open("wb") as log:
        process = subprocess.Popen([program, str(folder / "orthanc.json")], stdout=log, stderr=log)
    try:
        _wait_for_ports(process, http, dicom, folder / "orthanc.log")
        yield Orthanc(f"http://localhost:{http}/dicom-web", dicom, move)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for_ports(process: subprocess.Popen[bytes], http: int, dicom: int, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            for port in (http, dicom):
                socket.create_connection((LOCALHOST, port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"Orthanc did not start: {log.read_text(errors='replace')[-2000:]}")


@contextmanager
def tls_proxy(plain_port: int, certificates: Certificates) -> Iterator[int]:
    """Accept TLS connections on a new port, and pass their data on to `plain_port`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.certificate_and_key)

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        plain_reader, plain_writer = await asyncio.open_connection(LOCALHOST, plain_port)
        await asyncio.gather(pump(reader, plain_writer), pump(plain_reader, writer))

    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(serve, LOCALHOST, 0, ssl=context), loop).result()
    yield server.sockets[0].getsockname()[1]
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
