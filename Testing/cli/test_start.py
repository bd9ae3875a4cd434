"""Commands start fast, because they import only what they need; no timing here, which would depend on the machine."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

NETWORK = {"onnxruntime", "torch", "open_clip", "timm"}
IMAGES = {"scipy", "highdicom", "pydicom", "PIL", "imagecodecs", "nibabel", "tifffile", "slicerio"}
ARCHIVES = {"pynetdicom", "dicomweb_client", "requests"}
ARRAYS = {"numpy"}

_RUN = """
import io, json, sys
from contextlib import redirect_stdout
from CausalCLIPSegLib.cli import main
sys.argv = ["causalclipseg", *json.loads(sys.argv[1])]
try:
    with redirect_stdout(io.StringIO()):
        main()
except SystemExit as end:
    print(json.dumps([end.code, sorted(sys.modules)]))
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["note", "Left basal opacity."],
        ["note", "--help"],
        ["segment", "--help"],
        ["batch", "--help"],
        ["demo", "--help"],
        ["pacs", "--help"],
        ["seg", "--help"],
        ["seg", "show", "--help"],
        ["doctor", "--help"],
    ],
    ids=" ".join,
)
def test_commands_without_an_image_import_nothing_for_images(arguments):
    output = subprocess.run(
        [sys.executable, "-c", _RUN, json.dumps(arguments)], capture_output=True, text=True, check=True
    ).stdout
    status, modules = json.loads(output)
    assert status == 0
    assert not (NETWORK | IMAGES | ARCHIVES | ARRAYS) & set(modules)
