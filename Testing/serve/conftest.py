"""One server for most tests: a real one, with a real worker, which files in a folder can make wait."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the extra [serve] is not installed")

from dx_images import make_dx, save_dx
from PIL import Image
from running_server import RunningServer, controlled_worker, running_server

from CausalCLIPSegLib.model.card import FURTHER
from CausalCLIPSegLib.serve.settings import Limits


@pytest.fixture(scope="session")
def image() -> bytes:
    """A PNG without symmetry, 90 rows x 120 columns, not calibrated."""
    coarse = np.random.default_rng(5).integers(0, 256, (9, 12))
    return _png(np.kron(coarse, np.ones((10, 10), int)))


@pytest.fixture(scope="session")
def other_image() -> bytes:
    """Another PNG, 64 rows x 80 columns."""
    return _png(np.random.default_rng(6).integers(0, 256, (64, 80)))


def _png(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(values.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="session")
def control(tmp_path_factory) -> Path:
    """The folder whose files control the worker of `server`; see Testing/worker/controlled_worker.py."""
    return tmp_path_factory.mktemp("control")


@pytest.fixture(scope="session")
def allowed(tmp_path_factory) -> Path:
    """A folder whose files the server may read."""
    return tmp_path_factory.mktemp("allowed").resolve()


@pytest.fixture(scope="session")
def further_checkpoints(tiny_reclmis_to_read, tmp_path_factory) -> Path:
    """A folder of further checkpoints: one, of RecLMIS, that is called "second"."""
    folder = tmp_path_factory.mktemp("further")
    shutil.copytree(tiny_reclmis_to_read, folder / "second")
    return folder


@pytest.fixture(scope="session")
def shared_server(
    tiny_checkpoint_to_read, further_checkpoints, control, allowed, tmp_path_factory
) -> Iterator[RunningServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FURTHER, str(further_checkpoints))
        patch.setenv("CONTROL_FOLDER", str(control))
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("tmp")))
        patch.setattr("tempfile.tempdir", None)
        limits = Limits(bytes=1 << 20, pixels=100_000, waiting=3, sessions=500, body_seconds=1, upload_seconds=2)
        with running_server(
            checkpoint=str(tiny_checkpoint_to_read),
            device="cpu",
            worker_command=["env", f"{FURTHER}={further_checkpoints}", *controlled_worker()],
            allowed=(allowed,),
            limits=limits,
        ) as server:
            patch.delenv(FURTHER)  # the server has read it, and other tests must not see these checkpoints
            yield server


@pytest.fixture
def server(shared_server, control) -> Iterator[RunningServer]:
    """The server that most tests share."""
    yield shared_server
    for path in control.iterdir():
        path.unlink()


@pytest.fixture(scope="session")
def dx_image(tmp_path_factory) -> bytes:
    """A DICOM radiograph, calibrated."""
    path = tmp_path_factory.mktemp("dx") / "image.dcm"
    save_dx(make_dx(), path)
    return path.read_bytes()


@pytest.fixture(scope="session")
def opened(shared_server, dx_image) -> str:
    """The path of a session with that radiograph."""
    return shared_server.open_radiograph(dx_image)


@pytest.fixture(scope="session")
def opened_png(shared_server, image) -> str:
    """The path of a session with the PNG."""
    return shared_server.open_radiograph(image)


@pytest.fixture(scope="session")
def done(shared_server, opened) -> str:
    """The path of a run on the DICOM radiograph, done, with segments in both lungs; tests must not change it."""
    run = shared_server.start_run(opened, threshold=0.01)
    document = shared_server.wait(run)
    assert document["state"] == "done", document["error"]
    return run
