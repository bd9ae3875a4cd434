"""The package scene can be imported without Slicer, and imports no package that is slow to load."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_scene_imports_neither_slicer_nor_slow_packages():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "sys.modules['slicer'] = sys.modules['vtk'] = None;"
        "import CausalCLIPSegLib.scene;"
        "print([name for name in ('torch', 'pydantic', 'pydicom', 'scipy', 'PIL') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code, str(ROOT)], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
