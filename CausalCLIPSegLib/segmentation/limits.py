"""How large the outlines of one radiograph can be, in whatever file: what is larger is a mistake or malicious."""

MOST_BYTES = 1 << 27
"""Of a file, and of what is unpacked from it."""
MOST_HEADER_BYTES = 1 << 20
"""Up to the pixels; a segment and its frame take 2,000 in DICOM, with a long note among the parameters 12,000."""
MOST_PIXELS = 200_000_000
"""Pixels of all masks together, one byte each; three segments of the largest detectors take a third of it."""
MOST_SEGMENTS = 255
