"""Read DICOM-SEG of a radiograph into Slicer's scene and write it, by rows and columns, not by millimeters.

The packages of the library may be missing, so modules that need pydicom or highdicom are imported inside functions.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from CausalCLIPSegLib import scene
from CausalCLIPSegLib.errors import CausalCLIPSegError, UnchangedError
from CausalCLIPSegLib.segmentation.tags import TRACKING_ID_TAG, TRACKING_UID_TAG

if TYPE_CHECKING:
    from pydicom import Dataset
    from slicer import vtkMRMLSegmentationNode, vtkMRMLVolumeNode

    from CausalCLIPSegLib.segmentation.segmentation import CodedSegment, Segmentation


def available() -> bool:
    """Whether the packages that read and write segmentations are installed."""
    try:
        import CausalCLIPSegLib.segmentation.dicom_reader  # noqa: F401
    except ImportError:
        return False
    return True


def isRadiograph(sopClass: str) -> bool:
    """Whether images of a SOP class are radiographs, including raw detector data ("For Processing")."""
    from CausalCLIPSegLib.radiograph import sop_classes

    return sopClass in sop_classes.REFERABLE


def readSegmentation(path: str) -> Segmentation:
    """Return the segmentation in a file; raise CausalCLIPSegError if it cannot be read."""
    from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg

    return read_dicom_seg(path)


def radiographInScene(instanceUID: str) -> vtkMRMLVolumeNode | None:
    """Return the volume that was loaded from a DICOM instance; None if it is not in the scene."""
    for volume in slicer.util.getNodesByClass("vtkMRMLVolumeNode"):
        if (volume.GetAttribute("DICOM.instanceUIDs") or "").split() == [instanceUID]:
            return volume
    return None


def showSegmentation(segmentation: Segmentation, volume: vtkMRMLVolumeNode, name: str) -> vtkMRMLSegmentationNode:
    """Show the segments of a file on their radiograph, in a new node; raise ValueError if the sizes differ."""
    return scene.show_segments(slicer.mrmlScene, volume, segmentation.segments, name)


def whyNotExported(node: vtkMRMLSegmentationNode) -> str:
    """Return in one sentence why no DICOM-SEG of a node can be written; "" if one can."""
    from CausalCLIPSegModule.dicom_files import databaseFile

    volume = scene.reference_volume(node)
    if volume is None:
        return _("The segmentation does not lie on a radiograph.")
    path = databaseFile(volume)
    if not path:
        return _("The radiograph did not come from the DICOM database.")
    if node.GetSegmentation().GetNumberOfSegments() == 0:
        return _("Nothing is outlined.")
    if not available():
        return _("The packages of CausalCLIPSeg are not installed.")
    from CausalCLIPSegModule.messages import sayError

    from CausalCLIPSegLib.segmentation.source_image import read_source

    try:
        shape = read_source(Path(path))[1]
    except CausalCLIPSegError as error:
        return sayError(error)
    if shape != scene.image_shape(volume):
        return _("The radiograph was cropped or resampled, so the outlines do not fit it.")
    return ""


def writeSegmentation(node: vtkMRMLSegmentationNode, folder: Path, description: str) -> Path:
    """Write the current segments of a node, except empty ones, to a file in a folder; return the file.

    A segmentation that was read from a file, or was written before, becomes the next instance of the same series. If
    nothing has changed, the earlier instance is written again. If the earlier file is missing or belongs to another
    radiograph, a new series begins.

    Args:
        node: the segmentation.
        folder: exists.
        description: Content Description of the first object of a series.

    Raises:
        ValueError: the segmentation cannot be written; the message says why.
        CausalCLIPSegError: the header of the radiograph does not allow it.
        OSError: the file cannot be written.
    """
    from CausalCLIPSegModule import dicom_files

    from CausalCLIPSegLib.segmentation.dicom_writer import encode, save
    from CausalCLIPSegLib.segmentation.source_image import image_uid, new_segmentation, read_source

    reason = whyNotExported(node)
    if reason:
        raise ValueError(reason)
    volume = scene.reference_volume(node)
    header = read_source(Path(dicom_files.databaseFile(volume)))[0]
    segments = scene.code_segments(node, volume, image_uid(header))
    if not segments:
        raise ValueError(_("Nothing is outlined."))
    coded = tuple(segments.values())
    earlier = dicom_files.dicomFile(node)
    previous = _correctable(earlier, header, coded)
    if previous is None:
        segmentation = new_segmentation(coded, header, description)
    else:
        from CausalCLIPSegLib.segmentation.revision import correct_segments, revise

        coded = correct_segments(previous, coded, rename=True)
        try:
            segmentation = revise(previous, coded, dicom_files.editorName(), dicom_files.nextNumber(earlier))
        except UnchangedError:
            path = folder / f"{previous.sop_instance_uid}.dcm"
            if not path.exists():
                shutil.copyfile(earlier, path)
            return path
    path = folder / f"{segmentation.sop_instance_uid}.dcm"
    save(encode(segmentation, header), path)
    dicom_files.remember(node, segmentation.sop_instance_uid)
    for identifier, written in zip(segments, coded, strict=True):
        segment = node.GetSegmentation().GetSegment(identifier)
        segment.SetTag(TRACKING_ID_TAG, written.tracking_id)
        segment.SetTag(TRACKING_UID_TAG, written.tracking_uid)
    return path


def _correctable(path: str | None, header: Dataset, segments: tuple[CodedSegment, ...]) -> Segmentation | None:
    """Return the segmentation in an earlier file; None if these segments cannot be its correction."""
    from CausalCLIPSegLib.segmentation.source_image import reference_to

    if path is None:
        return None
    try:
        earlier = readSegmentation(path)
    except CausalCLIPSegError:
        return None
    same_source = (
        earlier.source is not None and earlier.source.sop_instance_uid == reference_to(header).sop_instance_uid
    )
    distinct_segments = len({segment.tracking_uid for segment in earlier.segments}) == len(earlier.segments)
    return earlier if same_source and distinct_segments and earlier.shape == segments[0].mask.shape else None
