"""The file imports where there is no Slicer, and brings nothing that Slicer's interpreter lacks."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_nothing_of_slicer_and_nothing_heavy_is_imported_before_a_call():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "sys.modules['slicer'] = sys.modules['vtk'] = None;"
        "import CausalCLIPSegLib.scene;"
        "print([name for name in ('torch', 'pydantic', 'pydicom', 'scipy', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(ROOT)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
