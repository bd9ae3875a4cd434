"""Segmentation of one radiograph: its content, DICOM-SEG and .seg.nrrd files, and corrections.

Radiograph and masks correspond by row and column. DICOM-SEG files also contain a nominal plane, which readers require
although a radiograph has none (PS3.3).
"""
