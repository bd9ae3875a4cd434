"""The codes of the findings as a terminology in Slicer."""

from __future__ import annotations

from pathlib import Path

import slicer

import CausalCLIPSegLib

FILE = "ChestRadiographFindings.term.json"


def loadTerminology() -> None:
    """Load the codes of the findings, so that the user can choose and change them in the Segment Editor."""
    # installed, the file is inside the library; in a clone, it is next to it
    library = Path(CausalCLIPSegLib.__file__).parent
    paths = (folder / "Resources" / FILE for folder in (library, library.parent))
    path = next((path for path in paths if path.is_file()), None)
    if path is not None:
        slicer.modules.terminologies.logic().LoadTerminologyFromFile(str(path))
