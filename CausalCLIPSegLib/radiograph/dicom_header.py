"""Read the header and the pixel data of a DICOM file in bounded time and memory.

pydicom allocates whatever a file declares: a million empty items, a numeric value of a hundred megabytes, or the
gigabytes to which a few deflated kilobytes expand. Radiographs never need this, so `limits` are enforced here.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset
from pydicom.datadict import dictionary_has_tag, dictionary_keyword, dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph import limits
from CausalCLIPSegLib.radiograph.dicom_layout import pixel_layout
from CausalCLIPSegLib.radiograph.dicom_stream import HEADER_TOO_LONG, TOO_MANY_ELEMENTS, open_limited
from CausalCLIPSegLib.radiograph.dicom_values import first_integer

DAMAGED_PIXELS = "The pixels of this DICOM file are damaged or do not fit its header."

_ITEM_TAGS = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")  # little-endian, big-endian
_BINARY_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW"})

_PIXEL_DATA = 0x7FE00010
_FLOAT_PIXELS = (0x7FE00008, 0x7FE00009)
# Float Pixel Data, Double Float Pixel Data and Pixel Data.
_PIXEL_TAGS = range(0x7FE00008, _PIXEL_DATA + 1)
# Without these sequences the image would look different, or be accepted by mistake.
_NEEDED = frozenset({"ModalityLUTSequence", "VOILUTSequence", "ViewCodeSequence"})


def read_header(path: Path) -> Dataset:
    """Read a DICOM file up to its pixels; preamble and file meta information may be missing.

    Returns:
        the data set with every value converted. It lacks private elements, values longer than
        `limits.MAX_VALUE_BYTES`, sequences that are not needed and longer than `limits.MAX_SEQUENCE_BYTES` together,
        and values that cannot be converted. The transfer syntax of a deflated file is given as Explicit VR Little
        Endian.

    Raises:
        RadiographError: the file unpacks to more bytes, or has more elements or longer lookup tables, than any
            radiograph.
        Exception: whatever pydicom raises for a damaged file.
    """
    with open_limited(path, limits.MAX_HEADER_BYTES, HEADER_TOO_LONG) as file:
        header = read_partial(
            file, lambda tag, vr, length: int(tag) in _PIXEL_TAGS, defer_size=limits.MAX_VALUE_BYTES, force=True
        )
    header.buffer = None
    _convert_all(header, _Budget())
    return header


def read_pixel_data(path: Path, header: Dataset) -> Dataset:
    """Read the pixel data of a DICOM file, without decoding it.

    Args:
        path: the file.
        header: the header of the file, from `read_header`; `dicom_acceptance.reject_unsuitable` has checked its size.

    Returns:
        a data set with Pixel Data, and with the elements of `pixel_layout` that describe how it is stored.

    Raises:
        RadiographError: there are no pixels, or more than the header declares.
        Exception: whatever pydicom raises for a damaged file.
    """
    layout = pixel_layout(header)
    image = Dataset()
    image.file_meta = deepcopy(header.file_meta)
    image.Rows, image.Columns, image.SamplesPerPixel = layout.rows, layout.columns, layout.samples
    image.PhotometricInterpretation, image.BitsAllocated = layout.photometric, layout.allocated
    image.PlanarConfiguration = first_integer(header, "PlanarConfiguration", 0)
    bits = layout.rows * layout.columns * layout.samples * layout.allocated
    # Dividing by 7 instead of 8 leaves room for run-length encoding, which at worst adds one byte to 128.
    max_bytes = min(limits.MAX_HEADER_BYTES + bits // 7, limits.MAX_UNPACKED_BYTES)
    with open_limited(path, max_bytes, DAMAGED_PIXELS) as file:
        pixels = read_partial(
            file,
            lambda tag, vr, length: int(tag) > _PIXEL_DATA,
            force=True,
            specific_tags=[_PIXEL_DATA, *_FLOAT_PIXELS],
        )
    if "PixelData" not in pixels and any(tag in pixels for tag in _FLOAT_PIXELS):
        raise RadiographError("The pixels of this DICOM file are floating-point numbers; a radiograph has integers.")
    if "PixelData" not in pixels or not pixels.PixelData:
        raise RadiographError("This DICOM file holds no image, or its image was cut off.")
    image["PixelData"] = pixels["PixelData"]
    implicit, little_endian = header.original_encoding
    image.set_original_encoding(implicit, little_endian, header.original_character_set)
    return image


@dataclass
class _Budget:
    """How much of a header may still be converted to Python objects."""

    sequence_bytes: int = limits.MAX_SEQUENCE_BYTES
    elements: int = limits.MAX_ELEMENTS

    def spend_elements(self, count: int) -> None:
        self.elements -= count
        if self.elements < 0:
            raise RadiographError(TOO_MANY_ELEMENTS)

    def can_afford(self, sequence: bytes, *, is_needed: bool) -> bool:
        """Return whether a sequence is small enough to be parsed, and spend its bytes if it is and is not needed."""
        has_too_many_items = sum(map(sequence.count, _ITEM_TAGS)) > self.elements
        if is_needed:
            if has_too_many_items:
                raise RadiographError(TOO_MANY_ELEMENTS)
            return True
        if len(sequence) > self.sequence_bytes or has_too_many_items:
            return False
        self.sequence_bytes -= len(sequence)
        return True


def _convert_all(dataset: Dataset, budget: _Budget) -> None:
    """Convert all values now, so that pydicom does not raise, or warn with patient data, when they are used later."""
    for tag, element in list(dataset.items()):
        if not _is_wanted(tag, element, budget):
            del dataset[tag]
            continue
        try:
            converted = dataset[tag]
        except Exception:  # pydicom has no common class for values that do not fit their VR
            del dataset[tag]
            continue
        for item in converted.value if converted.VR == "SQ" else ():
            budget.spend_elements(1)
            _convert_all(item, budget)


def _is_wanted(tag: BaseTag, element: object, budget: _Budget) -> bool:
    """Return whether an element should be converted, and count the objects that it becomes."""
    budget.spend_elements(1)
    if tag.is_private or not dictionary_has_tag(tag):
        return False
    if not isinstance(element, RawDataElement) or not element.length:
        return True
    # Drop values that were skipped, and those that pydicom leaves as bytes whatever VR the dictionary gives.
    keyword = dictionary_keyword(tag)
    is_needed = keyword in _NEEDED
    is_bytes = element.VR == "UN" and len(element.value or b"") >= 0xFFFF
    if element.value is None or (is_bytes and keyword != "LUTData"):
        if is_needed:
            raise RadiographError(HEADER_TOO_LONG)
        return False
    vrs = {element.VR, *dictionary_VR(tag).split(" or ")}
    if "SQ" in vrs:
        return budget.can_afford(element.value, is_needed=is_needed)
    if not vrs <= _BINARY_VRS:
        budget.spend_elements(element.value.count(b"\\"))
    return True
