"""Lookup tables of a DICOM header: modality LUT, VOI LUT (PS3.3 C.11.1, C.11.2) and palette (PS3.3 C.7.9)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from pydicom import Dataset

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph.dicom_values import finite_numbers

_PALETTE = tuple(
    (f"{color}PaletteColorLookupTableDescriptor", f"{color}PaletteColorLookupTableData")
    for color in ("Red", "Green", "Blue")
)


class Table(NamedTuple):
    """Entries of a LUT, and the smallest value that is mapped by it.

    Attributes:
        entries: float32.
        first: as the header writes it; see `look_up`.
    """

    entries: npt.NDArray[np.float32]
    first: int


def find_table(header: Dataset, keyword: str) -> Table | None:
    """Return the first valid LUT of a sequence in a header; None if there is none."""
    for item in header.get(keyword) or []:
        table = _table(item, header, "LUTDescriptor", "LUTData")
        if table is not None:
            return table
    return None


def look_up(values: npt.NDArray[Any], table: Table) -> npt.NDArray[np.float32]:
    """Map values through a LUT (PS3.3 C.11.1.1). Values below or above it get its first or last entry.

    Whether the first mapped value is signed depends on Pixel Representation and, after a rescaling, on the values.
    Many files write it with the other sign. It is read so that the table covers as many of the values as possible.

    pydicom.pixels.apply_voi_lut computes in the type of the entries, and wraps around if that has 8 bits.

    Args:
        values: rows x columns, in the unit of the table.
        table: from `find_table`.

    Returns:
        float32, rows x columns.
    """
    low, high = float(values.min()), float(values.max())

    def covered(first: int) -> float:
        return min(high, first + len(table.entries) - 1) - max(low, first)

    other = table.first - 2**16 if table.first >= 2**15 else table.first + 2**16 if table.first < 0 else table.first
    first = max((table.first, other), key=covered)
    index = np.clip(np.rint(values) - first, 0, len(table.entries) - 1)
    return table.entries[index.astype(np.intp)]


def apply_palette(indices: npt.NDArray[np.integer], header: Dataset) -> tuple[npt.NDArray[np.uint16], int]:
    """Return the colors of an image whose pixels are indices into a palette.

    Args:
        indices: rows x columns.
        header: with the three tables of the palette.

    Returns:
        Red, green and blue, rows x columns x 3, and the value of full brightness.

    Raises:
        RadiographError: the header holds no complete palette.
    """
    tables = [_table(header, header, *keywords) for keywords in _PALETTE]
    colors = [look_up(indices, table) for table in tables if table is not None]
    if len(colors) < len(tables):
        raise RadiographError("The pixels of this DICOM file are indices into a palette, but it holds no palette.")
    brightest = max(float(table.entries.max()) for table in tables if table is not None)
    return np.stack(colors, axis=-1).astype(np.uint16), 255 if brightest <= 255 else 65535


def _table(item: Dataset, header: Dataset, descriptor_keyword: str, data_keyword: str) -> Table | None:
    """Return a LUT, or None if it is missing or incomplete. Entries of 8 bits may each take 8 or 16 bits."""
    descriptor, data = finite_numbers(item, descriptor_keyword), item.get(data_keyword)
    if not data or len(descriptor) != 3:
        return None
    if not isinstance(data, bytes):
        entries = np.atleast_1d(np.asarray(data, dtype=np.float32))
        return Table(np.where(entries < 0, entries + 2**16, entries), int(descriptor[1]))  # entries are unsigned
    count = int(descriptor[0]) % 2**16 or 2**16  # 65,536 does not fit into the 16 bits of the descriptor
    byte_order = ">" if header.original_encoding[1] is False else "<"
    entry_type = "u1" if len(data) < 2 * count else f"{byte_order}u2"
    entries = np.frombuffer(data[: len(data) // 2 * 2], entry_type)[:count].astype(np.float32)
    return Table(entries, int(descriptor[1]))
