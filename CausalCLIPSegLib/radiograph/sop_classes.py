"""DICOM SOP classes (PS3.4 B.5) of single-frame radiographs."""

from __future__ import annotations

from pydicom import uid

READABLE: frozenset[uid.UID] = frozenset(
    {
        uid.ComputedRadiographyImageStorage,
        uid.DigitalXRayImageStorageForPresentation,
        uid.SecondaryCaptureImageStorage,  # digitized film, and what converters make of PNG and JPEG
    }
)
"""Classes that `read_radiograph` reads. A segmentation that this program writes refers to one of them."""

REFERABLE: frozenset[uid.UID] = READABLE | {uid.DigitalXRayImageStorageForProcessing}
"""Classes that a segmentation of another program may refer to.

"For Processing" is the detector's raw signal. It has the geometry of the radiograph, so its segmentation can be shown.
It does not have the contrast, so `read_radiograph` rejects it.
"""
