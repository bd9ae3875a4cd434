"""DICOM Segmentation of one radiograph: what it says, how it is written, read, corrected, and turned into .seg.nrrd.

The film and the masks meet by row and column. The plane that is written beside is nominal (PS3.3 has none for a
radiograph), because readers of segmentations ask for one.
"""
