"""Size limits for files, headers and images. Anything larger is treated as damaged or malicious."""

from __future__ import annotations

from CausalCLIPSegLib.errors import RadiographError

_START_OF_SCAN = b"\xff\xda"

MIN_SIDE = 32
"""Rows and columns. Nothing can be segmented in a smaller image."""
MAX_SIDE = 20_000
"""Rows and columns. The largest flat-panel detectors have fewer than 5,000."""
MAX_PIXELS = 64_000_000
"""Pixels of an image. A film of 35 x 43 cm that is scanned at 50 µm has 60 million."""
MAX_DEEP_PIXELS = 16_000_000
"""Pixels of an image with more than two bytes each, because these need several times the memory. The largest
flat-panel detectors have 15 million pixels."""

MAX_FILE_BYTES = 1 << 28
"""Bytes of an image file: about twice what `MAX_PIXELS` of two bytes take."""
MAX_JPEG_SCANS = 100
"""Scans of a JPEG. A progressive JPEG has about ten; each takes as long to decode as the whole image."""
MAX_PIXELS_PER_BYTE = 1000
"""Compression ratio of DICOM pixel data. Only a blank image exceeds it; a barely legible one reaches about 100."""

MAX_UNPACKED_BYTES = 200_000_000
"""Bytes of DICOM pixel data, or of an inflated data set: three for each of `MAX_PIXELS`."""
MAX_META_BYTES = 1 << 16
"""Bytes of the file meta information (group 2), which takes a few hundred."""
MAX_HEADER_BYTES = 1 << 26
"""Bytes of all values of a DICOM header, except those that are skipped. Thumbnails and private data are included."""
MAX_VALUE_BYTES = 1 << 21
"""Bytes of a single value of a DICOM header. Longer values are skipped, and a file is rejected if it needs one: a
lookup table of 65,536 entries of 16 bits takes 1 << 17."""
MAX_SEQUENCE_BYTES = 1 << 19
"""Bytes of all sequences of a DICOM header that are not needed; further ones are skipped."""
MAX_FRAGMENTS = 100_000
"""Parts of compressed DICOM pixel data. One for each row is the most that was seen."""
MAX_TRAILING_BYTES = 1 << 16
"""Bytes behind uncompressed DICOM pixels, unless all are equal."""
MAX_ELEMENTS = 20_000
"""Elements, sequence items and values of a DICOM header, because pydicom makes an object of each."""
MAX_READS = 100_000
"""Calls of `read` on a DICOM file. An element or an item takes two or three."""

MAX_SEGMENTATION_BYTES = 1 << 27
"""Bytes of a segmentation file, and of what it unpacks to."""
MAX_SEGMENTATION_HEADER_BYTES = 1 << 20
"""Bytes before the pixels of a segmentation. A DICOM segment takes 2,000, or 12,000 with a long note."""
MAX_SEGMENTATION_ITEMS = 10_000
"""Sequence items of a DICOM-SEG header. 255 segments have 4,000."""
MAX_SEGMENTS = 255
"""Segments of a segmentation: as many as a label map of 8 bits holds."""
MAX_MASK_PIXELS = 200_000_000
"""Pixels of all masks of a segmentation, one byte each. Three segments of `MAX_PIXELS` take 192 million."""
MAX_PARAMETERS = 50
"""Algorithm parameters read for a segment. This program writes seven."""
MAX_TEXT_LENGTH = 1024
"""Characters read from a text in a DICOM-SEG. Most text elements of DICOM hold at most 64 (PS3.5 6.2)."""


def has_too_many_scans(jpeg: bytes) -> bool:
    """Return whether a JPEG stream of any kind has more scans than `MAX_JPEG_SCANS`."""
    return jpeg.count(_START_OF_SCAN) > MAX_JPEG_SCANS


def check_size(rows: int, columns: int, pixel_bytes: int = 1) -> None:
    """Reject an image that is too small or too large for a radiograph. Call this before decoding any pixel.

    Args:
        rows: height in pixels.
        columns: width in pixels.
        pixel_bytes: bytes of a decoded pixel with all its channels.

    Raises:
        RadiographError: a side is shorter than `MIN_SIDE` or longer than `MAX_SIDE`, or there are more than
            `MAX_PIXELS` pixels, or more than `MAX_DEEP_PIXELS` of more than two bytes each.
    """
    if min(rows, columns) < MIN_SIDE:
        raise RadiographError(
            f"The image is too small for a radiograph: {columns} x {rows} pixels, at least {MIN_SIDE} are needed "
            "on each side."
        )
    if max(rows, columns) > MAX_SIDE or rows * columns > MAX_PIXELS:
        raise RadiographError(
            f"The image claims to have {columns} x {rows} pixels, more than any radiograph has; the file is "
            "probably damaged."
        )
    if pixel_bytes > 2 and rows * columns > MAX_DEEP_PIXELS:
        raise RadiographError(
            f"The image has {columns} x {rows} pixels in color or of more than 16 bits; an image of this size is read "
            "only in gray of 8 or 16 bits."
        )
