"""DICOM-SEG of a radiograph to and from a MRML scene."""
