"""Tags of a segment in scenes and .seg.nrrd files of 3D Slicer; saved files hold them, so they must not change."""

from __future__ import annotations

ALGORITHM_TYPE_TAG = "DICOM.SegmentAlgorithmType"
ALGORITHM_NAME_TAG = "DICOM.SegmentAlgorithmName"
"""Both tags are Slicer's own."""

VERSION_TAG = "CausalCLIPSeg.Version"
"""Version of the weights."""
CHECKPOINT_NAME_TAG = "CausalCLIPSeg.CheckpointName"
CHECKPOINT_TAG = "CausalCLIPSeg.CheckpointSHA256"
PROGRAM_VERSION_TAG = "CausalCLIPSeg.ProgramVersion"
THRESHOLD_TAG = "CausalCLIPSeg.Threshold"
PROMPT_TAG = "CausalCLIPSeg.Prompt"
PROMPT_LATERALITY_TAG = "CausalCLIPSeg.PromptLaterality"

SIDE_TAG = "CausalCLIPSeg.Side"
"""The patient's side."""
KIND_TAG = "CausalCLIPSeg.Kind"
DIGEST_TAG = "CausalCLIPSeg.MaskDigest"
TRACKING_ID_TAG = "CausalCLIPSeg.TrackingID"
TRACKING_UID_TAG = "CausalCLIPSeg.TrackingUID"

PARAMETER_TAGS = {
    "checkpoint": CHECKPOINT_NAME_TAG,
    "checkpoint_sha256": CHECKPOINT_TAG,
    "program_version": PROGRAM_VERSION_TAG,
    "threshold": THRESHOLD_TAG,
    "sentence": PROMPT_TAG,
    "sentence_laterality": PROMPT_LATERALITY_TAG,
}
"""Tags of an algorithm's parameters, by name in DICOM-SEG; the note has none, because these files are shared."""
