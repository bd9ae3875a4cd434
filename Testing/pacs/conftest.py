"""Archives to talk to: a real Orthanc, once open, once with a password, once through TLS; films and a segmentation."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import requests
from dx_images import KINDS, make_dx, save_dx
from made_results import hill, make_result
from pydicom.data import get_testdata_file

from CausalCLIPSegLib.export.segmentation_files import write_dicom_seg
from CausalCLIPSegLib.pacs.configuration import CONFIGURATION, PASSWORD, TOKEN, USERNAME
from CausalCLIPSegLib.radiograph import read_radiograph

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
READER = ("reader", "correct horse")


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No proxy, no credentials, no configuration but what a test states."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in (CONFIGURATION, USERNAME, PASSWORD, TOKEN, "REQUESTS_CA_BUNDLE"):
            monkeypatch.delenv(name)
    monkeypatch.setenv(CONFIGURATION, str(tmp_path / "no-pacs.toml"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Orthanc:
    """A running Orthanc."""

    url: str
    dicom_port: int
    move_port: int

    @property
    def address(self) -> str:
        return f"dicom://127.0.0.1:{self.dicom_port}/ORTHANC"


def start_orthanc(folder: Path, **more: Any) -> tuple[subprocess.Popen[bytes], Orthanc]:
    program = shutil.which("Orthanc")
    if program is None or not PLUGIN.exists():
        pytest.skip("Orthanc with its DICOMweb plugin is not installed; see Testing/install-tools")
    http, dicom, move = free_port(), free_port(), free_port()
    settings = {
        "Name": "test",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "index"),
        "Plugins": [str(PLUGIN)],
        "HttpPort": http,
        "HttpBindAddresses": ["127.0.0.1"],
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
                "Host": "127.0.0.1",
                "Port": move,
                **{f"Allow{service}": True for service in ("Echo", "Find", "Get", "Move", "Store")},
            }
        },
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        "OverwriteInstances": False,
        **more,
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    log = (folder / "orthanc.log").open("wb")
    process = subprocess.Popen([program, str(folder / "orthanc.json")], stdout=log, stderr=log)
    archive = Orthanc(f"http://localhost:{http}/dicom-web", dicom, move)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            for port in (http, dicom):
                socket.create_connection(("127.0.0.1", port), 1).close()
            return process, archive
        except OSError:
            time.sleep(0.1)
    process.kill()
    pytest.fail(f"Orthanc did not start: {(folder / 'orthanc.log').read_text(errors='replace')[-2000:]}")


def running(folder: Path, **more: Any) -> Iterator[Orthanc]:
    process, archive = start_orthanc(folder, **more)
    yield archive
    process.terminate()
    process.wait(timeout=30)


@pytest.fixture(scope="session")
def _one_orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    yield from running(tmp_path_factory.mktemp("orthanc"))


@pytest.fixture
def orthanc(_one_orthanc: Orthanc) -> Orthanc:
    """An empty Orthanc that lets everybody in."""
    root = _one_orthanc.url.removesuffix("/dicom-web")
    session = requests.Session()
    session.trust_env = False
    for patient in session.get(f"{root}/patients", timeout=30).json():
        session.delete(f"{root}/patients/{patient}", timeout=30).raise_for_status()
    return _one_orthanc


@pytest.fixture(scope="session")
def locked_orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """An Orthanc that wants a name and a password."""
    yield from running(tmp_path_factory.mktemp("locked"), AuthenticationEnabled=True, RegisteredUsers=dict([READER]))


@dataclass
class Certificates:
    """PEM files: a CA, and a certificate with its key for this machine's own address."""

    ca: Path
    chain: Path
    key: Path
    both: Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    import trustme

    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    files = Certificates(folder / "ca.pem", folder / "chain.pem", folder / "key.pem", folder / "both.pem")
    authority.cert_pem.write_to_path(files.ca)
    issued.cert_chain_pems[0].write_to_path(files.chain)
    issued.private_key_pem.write_to_path(files.key)
    issued.private_key_and_cert_chain_pem.write_to_path(files.both)
    return files


@pytest.fixture(scope="session")
def tls_orthanc(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Orthanc]:
    """An Orthanc behind TLS: its DIMSE port by itself, its web port by a proxy, as in hospitals.

    (Debian's build of Orthanc crashes at the first request when it has to do the TLS of the web port too.)
    """
    locks = {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(certificates.chain),
        "DicomTlsPrivateKey": str(certificates.key),
        "DicomTlsTrustedCertificates": str(certificates.ca),
    }
    for archive in running(tmp_path_factory.mktemp("tls"), **locks):
        plain = urlsplit(archive.url).port
        assert plain is not None
        with tls_proxy(plain, certificates) as port:
            yield replace(archive, url=f"https://localhost:{port}/dicom-web")


@contextmanager
def tls_proxy(plain: int, certificates: Certificates) -> Iterator[int]:
    """Speak TLS on a new port, and pass what is said on to the port `plain`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.both)

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", plain)
        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))

    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(serve, "127.0.0.1", 0, ssl=context), loop).result()
    yield server.sockets[0].getsockname()[1]
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


# -- what is stored ---------------------------------------------------------------------------------------------------


def film_file(name: str) -> Path:
    return Path(str(get_testdata_file(name, download=False)))


def segment(film: Path, path: Path) -> None:
    """Write a segmentation of a film as the program writes it, with a finding on either side."""
    radiograph = read_radiograph(film)
    shape = radiograph.pixels.shape
    probability = np.maximum(hill(shape, 0.6, 0.25), hill(shape, 0.3, 0.75))
    write_dicom_seg(make_result(radiograph, probability, sides=("right", "left")), path)


@dataclass
class Files:
    """A folder with what is pushed."""

    folder: Path
    film: Path
    compressed: Path
    segmentation: Path


@pytest.fixture(scope="session")
def _segmentation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("segmentation") / "seg.dcm"
    segment(film_file("RG1_UNCR.dcm"), path)
    return path


@pytest.fixture
def files(tmp_path: Path, _segmentation: Path) -> Files:
    """A real chest film, a segmentation of it, and another film of the same person in JPEG 2000."""
    folder = tmp_path / "push"
    folder.mkdir()
    given = Files(folder, folder / "film.dcm", folder / "j2k.dcm", folder / "seg.dcm")
    given.film.write_bytes(film_file("RG1_UNCR.dcm").read_bytes())
    given.compressed.write_bytes(film_file("RG1_J2KR.dcm").read_bytes())
    given.segmentation.write_bytes(_segmentation.read_bytes())
    (folder / "result.json").write_text("{}")
    return given


@pytest.fixture(scope="session")
def all_kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with films of all kinds in one study, and a segmentation of each."""
    folder = tmp_path_factory.mktemp("kinds")
    for number, kind in enumerate(KINDS):
        film = make_dx(**KINDS[kind])
        film.SOPInstanceUID = f"2.25.{2000 + number}"
        save_dx(film, folder / f"{kind}.dcm")
        segment(folder / f"{kind}.dcm", folder / f"{kind}.seg.dcm")
    return folder


# -- the command ------------------------------------------------------------------------------------------------------


@dataclass
class Done:
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def pacs(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run `causalclipseg pacs ...` in this process, as the program runs it."""
    from CausalCLIPSegLib.cli import app
    from CausalCLIPSegLib.cli.run import run_command

    def run(*arguments: str | Path) -> Done:
        capfd.readouterr()
        monkeypatch.setattr("sys.argv", ["causalclipseg", "pacs", *map(str, arguments)])
        status = run_command(app, tracebacks=True)
        written = capfd.readouterr()
        return Done(status, written.out, written.err)

    return run


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """Write pacs.toml and let the program find it."""

    def write(text: str, mode: int = 0o600) -> Path:
        path = tmp_path / "pacs.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        monkeypatch.setenv(CONFIGURATION, str(path))
        return path

    return write
