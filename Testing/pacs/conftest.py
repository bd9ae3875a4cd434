"""Archives to test against (a real Orthanc, open, with a password, and with TLS), files to store, and the command."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import requests
import trustme
from dicomweb_server import DicomWebServer, running_dicomweb_server
from dx_images import KINDS, make_dx, save_dx
from made_results import hill, make_result
from orthanc import Certificates, Orthanc, running_orthanc, tls_proxy
from pydicom import dcmread
from pydicom.data import get_testdata_file

from CausalCLIPSegLib.export.segmentation_files import write_dicom_seg
from CausalCLIPSegLib.pacs.configuration import CONFIGURATION, PASSWORD, TOKEN, USERNAME
from CausalCLIPSegLib.radiograph import read_radiograph

READER = ("reader", "correct horse")
"""User name and password of the locked archive."""


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Remove proxies, credentials and configuration from the environment; tests set their own."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in (CONFIGURATION, USERNAME, PASSWORD, TOKEN, "REQUESTS_CA_BUNDLE"):
            monkeypatch.delenv(name)
    monkeypatch.setenv(CONFIGURATION, str(tmp_path / "no-pacs.toml"))


@pytest.fixture(scope="session")
def _orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with running_orthanc(tmp_path_factory.mktemp("orthanc")) as archive:
        yield archive


@pytest.fixture
def orthanc(_orthanc: Orthanc) -> Orthanc:
    """An empty Orthanc without access control."""
    root = _orthanc.url.removesuffix("/dicom-web")
    session = requests.Session()
    session.trust_env = False
    for patient in session.get(f"{root}/patients", timeout=30).json():
        session.delete(f"{root}/patients/{patient}", timeout=30).raise_for_status()
    return _orthanc


@pytest.fixture(scope="session")
def locked_orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """An Orthanc that requires a user name and a password."""
    locks = {"AuthenticationEnabled": True, "RegisteredUsers": dict([READER])}
    with running_orthanc(tmp_path_factory.mktemp("locked"), **locks) as archive:
        yield archive


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    files = Certificates(*(folder / f"{name}.pem" for name in ("authority", "certificate", "key", "both")))
    authority.cert_pem.write_to_path(files.authority)
    issued.cert_chain_pems[0].write_to_path(files.certificate)
    issued.private_key_pem.write_to_path(files.key)
    issued.private_key_and_cert_chain_pem.write_to_path(files.certificate_and_key)
    return files


@pytest.fixture(scope="session")
def tls_orthanc(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Orthanc]:
    """An Orthanc behind TLS; a proxy adds the TLS of the web port, as in hospitals.

    (Debian's build of Orthanc crashes at the first request to a web port with TLS.)
    """
    locks = {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(certificates.certificate),
        "DicomTlsPrivateKey": str(certificates.key),
        "DicomTlsTrustedCertificates": str(certificates.authority),
    }
    with running_orthanc(tmp_path_factory.mktemp("tls"), **locks) as archive:
        plain_port = urlsplit(archive.url).port
        assert plain_port is not None
        with tls_proxy(plain_port, certificates) as port:
            yield replace(archive, url=f"https://localhost:{port}/dicom-web")


@pytest.fixture
def server(configure: Callable[[str], Path]) -> Iterator[DicomWebServer]:
    """A DICOMweb archive in memory, which pacs.toml names."""
    with running_dicomweb_server() as archive:
        configure(f'[archives.a]\nurl = "{archive.url}"\ntimeout = 5\nretries = 2\nretry_wait = 0\n')
        yield archive


def sample_file(name: str) -> Path:
    """Return a file of pydicom's test data."""
    return Path(str(get_testdata_file(name, download=False)))


def write_segmentation(image: Path, path: Path) -> None:
    """Write a DICOM-SEG with a segment on either side of the image."""
    radiograph = read_radiograph(image)
    shape = radiograph.pixels.shape
    probability = np.maximum(hill(shape, 0.6, 0.25), hill(shape, 0.3, 0.75))
    write_dicom_seg(make_result(radiograph, probability, sides=("right", "left")), path)


@dataclass
class Files:
    """A folder with DICOM files, and one file that is not DICOM."""

    folder: Path
    image: Path
    compressed: Path
    segmentation: Path


@pytest.fixture(scope="session")
def _segmentation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("segmentation") / "seg.dcm"
    write_segmentation(sample_file("RG1_UNCR.dcm"), path)
    return path


@pytest.fixture
def files(tmp_path: Path, _segmentation: Path) -> Files:
    """A real chest radiograph, its segmentation, and another radiograph of the same patient in JPEG 2000."""
    folder = tmp_path / "push"
    folder.mkdir()
    files = Files(folder, folder / "image.dcm", folder / "j2k.dcm", folder / "seg.dcm")
    files.image.write_bytes(sample_file("RG1_UNCR.dcm").read_bytes())
    files.compressed.write_bytes(sample_file("RG1_J2KR.dcm").read_bytes())
    files.segmentation.write_bytes(_segmentation.read_bytes())
    (folder / "result.json").write_text("{}")
    return files


@pytest.fixture
def three_instances(tmp_path: Path) -> Path:
    """A folder with three instances of one series, whose UIDs are 1.2.3.1 to 1.2.3.3."""
    folder = tmp_path / "three"
    folder.mkdir()
    for number in (1, 2, 3):
        image = dcmread(sample_file("CT_small.dcm"))
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
        image.save_as(folder / f"{number}.dcm")
    return folder


@pytest.fixture(scope="session")
def all_kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with radiographs of all kinds in one study, and a segmentation of each."""
    folder = tmp_path_factory.mktemp("kinds")
    for number, kind in enumerate(KINDS):
        image = make_dx(**KINDS[kind])
        image.SOPInstanceUID = f"2.25.{2000 + number}"
        save_dx(image, folder / f"{kind}.dcm")
        write_segmentation(folder / f"{kind}.dcm", folder / f"{kind}.seg.dcm")
    return folder


@dataclass
class Completed:
    """What a command returned and printed."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def statuses(self) -> list[str]:
        return [line["status"] for line in self.lines]

    @property
    def status_of(self) -> dict[str, str]:
        return {line["instance"]: line["status"] for line in self.lines}


@pytest.fixture
def pacs(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Completed]:
    """Run `causalclipseg pacs ...` in this process."""
    from CausalCLIPSegLib.cli import app
    from CausalCLIPSegLib.cli.run import run_command

    def run(*arguments: str | Path) -> Completed:
        capfd.readouterr()
        monkeypatch.setattr("sys.argv", ["causalclipseg", "pacs", *map(str, arguments)])
        status = run_command(app, tracebacks=True)
        captured = capfd.readouterr()
        return Completed(status, captured.out, captured.err)

    return run


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """Write pacs.toml, and point the program to it."""

    def write(text: str, mode: int = 0o600) -> Path:
        path = tmp_path / "pacs.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        monkeypatch.setenv(CONFIGURATION, str(path))
        return path

    return write
