"""The sample: a real chest radiograph that comes with the installation, also in Slicer's Sample Data module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from CausalCLIPSegModule.dicom_files import rememberHeader

FILM = "RG1_UNCR.dcm"
NOTE = "Multiple rounded opacities in the right middle and lower zones and in the left middle and lower zones."

_CATEGORY = "CausalCLIPSeg"
_THUMBNAIL = Path(__file__).parent.parent / "Resources" / "Icons" / "CausalCLIPSegSample.png"


def loadSample() -> Any:
    """Load the film into the scene, from the disk and never from the internet.

    Raises:
        RuntimeError: the package pydicom-data is not installed, or the film cannot be read.
    """
    path = None
    try:
        from pydicom.data import get_testdata_file

        path = get_testdata_file(FILM, download=False)
    except ImportError:
        pass
    if path is None:
        raise RuntimeError(_("The sample comes with the installation; see the section Installation of CausalCLIPSeg."))
    volume = slicer.util.loadVolume(str(path), {"singleFile": True, "name": _("Sample radiograph")})
    rememberHeader(volume, str(path))
    return volume


def registerSample() -> None:
    """Put the film into the list of the Sample Data module."""
    import SampleData

    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category=_CATEGORY,
        sampleName="CausalCLIPSegSample",
        thumbnailFileName=str(_THUMBNAIL),
        uris="",  # nothing is downloaded: the film lies on the disk
        fileNames=FILM,
        nodeNames=_("Sample radiograph"),
        customDownloader=_showSample,
    )


def _showSample(source: Any) -> None:
    with slicer.util.tryWithErrorDisplay(_("The sample cannot be loaded.")):
        slicer.util.setSliceViewerLayers(background=loadSample(), fit=True)
