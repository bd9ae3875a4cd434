"""The command in a separate process, and an image for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from PIL import Image
from pydicom.data import get_testdata_file

from CausalCLIPSegLib.demo import DEMO_IMAGE

ROOT = Path(__file__).parents[2]


@pytest.fixture
def causalclipseg(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs the command in `tmp_path`."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "CausalCLIPSegLib.cli", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
            capture_output=True,
            text=True,
        )

    return run


@pytest.fixture
def rejected(causalclipseg: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[..., str]:
    """Return a function that runs the command, checks that it rejects its input in one line, and returns the line."""

    def run(*arguments: str) -> str:
        completed = causalclipseg(*arguments)
        assert completed.returncode == 2, completed.stderr
        assert completed.stderr.count("\n") == 1, completed.stderr
        assert "Traceback" not in completed.stderr
        return completed.stderr

    return run


@pytest.fixture
def png(tmp_path: Path) -> Path:
    """The image of the demo as a small 8-bit PNG, `image.png` in `tmp_path`."""
    image = SimpleITK.ReadImage(str(get_testdata_file(DEMO_IMAGE, download=False)))
    values = SimpleITK.GetArrayFromImage(image)[0].astype(np.float32)
    low, high = np.percentile(values, [1, 99])
    pixels = (np.clip((values - low) / (high - low), 0, 1) * 255).astype(np.uint8)
    path = tmp_path / "image.png"
    Image.fromarray(pixels).resize((255, 271)).save(path)
    return path
