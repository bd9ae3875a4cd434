"""The module's terminology in Slicer's list of terminologies."""

from __future__ import annotations

from pathlib import Path

import slicer

FILE = "ChestRadiographFindings.term.json"


def loadTerminology() -> None:
    """Load the codes of the findings, so that the Segment Editor can choose and change them."""
    import CausalCLIPSegLib

    # inside the library where it is installed, beside it in a clone; the card, which knows, wants pydantic
    library = Path(CausalCLIPSegLib.__file__).parent
    places = (folder / "Resources" / FILE for folder in (library, library.parent))
    path = next((place for place in places if place.is_file()), None)
    if path is not None:
        slicer.modules.terminologies.logic().LoadTerminologyFromFile(str(path))
