"""The sample: a chest radiograph that is installed with the packages, also listed in Slicer's Sample Data module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from CausalCLIPSegLib.demo import DEMO_IMAGE
from CausalCLIPSegModule.dicom_files import rememberHeader

_CATEGORY = "CausalCLIPSeg"
_SAMPLE_ATTRIBUTE = "CausalCLIPSeg.Sample"
_THUMBNAIL = Path(__file__).parent.parent / "Resources" / "Icons" / "CausalCLIPSegSample.png"


def loadSample() -> slicer.vtkMRMLVolumeNode:
    """Load the radiograph into the scene, from the disk and never from the internet.

    Raises:
        RuntimeError: the package pydicom-data is not installed, or the radiograph cannot be read.
    """
    path = None
    try:
        from pydicom.data import get_testdata_file

        path = get_testdata_file(DEMO_IMAGE, download=False)
    except ImportError:
        pass
    if path is None:
        raise RuntimeError(_("The sample comes with the installation; see Settings of CausalCLIPSeg."))
    volume = slicer.util.loadVolume(str(path), {"singleFile": True, "name": _("Sample radiograph")})
    rememberHeader(volume, str(path))
    volume.SetAttribute(_SAMPLE_ATTRIBUTE, "1")
    return volume


def whatToExpect(volume: slicer.vtkMRMLVolumeNode) -> str:
    """Return what a person should know about results on the sample; "" for another radiograph."""
    if volume.GetAttribute(_SAMPLE_ATTRIBUTE) is None:
        return ""
    return _(
        "This radiograph shows masses. The network was trained on infections (QaTa-COV19), never on masses: it"
        " outlines what is opaque, so its outlines are too large here. Look at the probability, too."
    )


def registerSample() -> None:
    """Add the radiograph to the list of the Sample Data module."""
    import SampleData

    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category=_CATEGORY,
        sampleName="CausalCLIPSegSample",
        thumbnailFileName=str(_THUMBNAIL),
        uris="",  # nothing is downloaded: the file is already on the disk
        fileNames=DEMO_IMAGE,
        nodeNames=_("Sample radiograph"),
        customDownloader=_showSample,
    )


def _showSample(source: Any) -> None:
    with slicer.util.tryWithErrorDisplay(_("The sample cannot be loaded.")):
        slicer.util.setSliceViewerLayers(background=loadSample(), fit=True)
