"""Write a result to files: .seg.nrrd, DICOM-SEG, a picture for a report, and result.json."""

from CausalCLIPSegLib.export.directory import MAPS, PICTURE, PROBABILITY, reject_earlier_result, write_result
from CausalCLIPSegLib.export.overlay import draw_overlay, write_overlay
from CausalCLIPSegLib.export.report import ResultDocument, describe_result, write_report
from CausalCLIPSegLib.export.segmentation_files import write_dicom_probability, write_dicom_seg, write_seg_nrrd

__all__ = [
    "MAPS",
    "PICTURE",
    "PROBABILITY",
    "ResultDocument",
    "describe_result",
    "draw_overlay",
    "reject_earlier_result",
    "write_dicom_probability",
    "write_dicom_seg",
    "write_overlay",
    "write_report",
    "write_result",
    "write_seg_nrrd",
]
