"""One server and one browser for all tests of the page."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from dicomweb_server import DicomWebServer, running_dicomweb_server
from dx_images import REAL, save_dx
from page_viewer import CHROMIUM, FLAGS, Server, Viewer
from playwright.sync_api import Browser, sync_playwright
from pydicom import dcmread

SCREENSHOTS = "CAUSALCLIPSEG_SCREENSHOTS"
"""Folder for the pictures of the page that the tests take; without it they lie in pytest's temporary folder."""


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(os.environ[SCREENSHOTS]) if SCREENSHOTS in os.environ else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed; see Testing/install-tools")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def archive() -> Iterator[DicomWebServer]:
    with running_dicomweb_server() as archive:
        yield archive


@pytest.fixture(scope="session")
def server(archive: DicomWebServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that knows the archive."""
    configuration = tmp_path_factory.mktemp("pacs") / "pacs.toml"
    configuration.write_text(f'[archives.ward]\nurl = "{archive.url}"\ntimeout = 5\nretries = 0\n')
    configuration.chmod(0o600)
    server = Server(environment={"CAUSALCLIPSEG_PACS_CONFIG": str(configuration)})
    yield server
    server.stop()


@pytest.fixture(scope="session")
def make_radiograph(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that writes the sample with a quarter of its rows and columns, and with other elements."""

    def make(**elements: Any) -> Path:
        dataset = dcmread(REAL["real CR"])
        pixels = dataset.pixel_array[::4, ::4]
        dataset.Rows, dataset.Columns = pixels.shape
        dataset.PixelData = pixels.tobytes()
        for keyword, value in elements.items():
            setattr(dataset, keyword, value)
        path = tmp_path_factory.mktemp("radiograph") / "small.dcm"
        save_dx(dataset, path)
        return path

    return make


@pytest.fixture(scope="session")
def radiograph(make_radiograph: Callable[..., Path]) -> Path:
    """A small, calibrated radiograph."""
    return make_radiograph(PixelSpacing=[0.5, 0.4])


@pytest.fixture
def new_viewer(browser: Browser, server: Server, screenshots: Path) -> Iterator[Callable[..., Viewer]]:
    """Return a function that opens the page in a browser window of its own."""
    contexts = []
    viewers = []

    def new(server: Server = server, **settings: Any) -> Viewer:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "locale": "en-US", **settings})
        context.set_default_timeout(60_000)  # CI machines can be very busy
        contexts.append(context)
        viewers.append(Viewer(context, server, screenshots))
        return viewers[-1]

    yield new
    for context in contexts:
        context.close()
    assert [problem for viewer in viewers for problem in viewer.problems] == []


@pytest.fixture
def viewer(new_viewer: Callable[..., Viewer]) -> Viewer:
    return new_viewer().open()
