"""Segmentation of one radiograph: its content, DICOM-SEG and .seg.nrrd files, and corrections.

Radiograph and masks correspond by row and column. DICOM-SEG files also contain a nominal plane, which readers require
although a radiograph has none (PS3.3).

Import the modules of this package directly: some of them need highdicom or slicerio, which are slow to import.
"""
