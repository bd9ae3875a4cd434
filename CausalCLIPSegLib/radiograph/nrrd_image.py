"""Read an NRRD file of one slice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph import nrrd_file
from CausalCLIPSegLib.radiograph.orientation import is_default
from CausalCLIPSegLib.radiograph.radiograph import Radiograph
from CausalCLIPSegLib.radiograph.slices import read_slice, slice_axes

# Factors that turn coordinates of a space into LPS. ITK takes those of all other spaces as LPS.
_TO_LPS = {
    "right-anterior-superior": (-1, -1, 1),
    "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1),
    "las": (1, -1, 1),
    "left-posterior-superior": (1, 1, 1),
    "lps": (1, 1, 1),
}
# Kinds of an axis along which the index is a place or a time; along other axes it is a component.
_DOMAIN_KINDS = frozenset({"domain", "space", "time", "???", "none", ""})


def read_nrrd(path: Path) -> Radiograph:
    """Read an NRRD file of one slice; see `reader.read_radiograph`."""
    try:
        return _read_nrrd(path)
    except nrrd_file.NrrdError as error:
        raise RadiographError(str(error)) from error


def _read_nrrd(path: Path) -> Radiograph:
    header, start = nrrd_file.read_header(path)
    if path.name.lower().endswith(".seg.nrrd") or any(name.startswith("Segment0_") for name in header):
        raise RadiographError("This file holds a segmentation; give it the radiograph that was segmented.")
    sizes = [int(size) for size in header["sizes"]]
    components_axis = _components_axis(header, sizes)
    domain = [axis for axis in range(len(sizes)) if axis != components_axis]
    components = 1 if components_axis is None else sizes[components_axis]
    axes = slice_axes([sizes[axis] for axis in domain], nrrd_file.data_type(header), components)
    values, _ = nrrd_file.read_values(path, header, start)
    values = values.T if components_axis is None else np.moveaxis(values.T, components_axis, -1)
    shape = [sizes[domain[axis]] for axis in axes]
    # The axes are now in the order of the file, so the column comes first.
    values = values.reshape((*shape, components) if components > 1 else shape).swapaxes(0, 1)
    affine = _affine(header, domain)
    is_stated = "space directions" in header and not is_default(affine)
    return read_slice(path.name, values, affine, axes, is_stated=is_stated)


def _components_axis(header: dict[str, Any], sizes: list[int]) -> int | None:
    """Return the axis along which the components of a pixel lie; None if each pixel is one value."""
    kinds = [str(kind).lower() for kind in header.get("kinds", [])]
    directions = header.get("space directions")
    for axis in range(len(sizes)):
        if axis < len(kinds) and kinds[axis] == "complex":
            raise RadiographError("The file holds complex numbers; a radiograph has levels of gray.")
        is_component = axis < len(kinds) and kinds[axis] not in _DOMAIN_KINDS
        if is_component or (directions is not None and axis < len(directions) and _has_no_place(directions[axis])):
            return axis
    return None


def _has_no_place(direction: Any) -> bool:
    return direction is None or not np.isfinite(np.asarray(direction, float)).any()


def _affine(header: dict[str, Any], domain: list[int]) -> npt.NDArray[np.float64]:
    """Return the matrix from the axes in `domain` to millimeters in LPS, where ITK places them."""
    matrix = np.eye(4)
    directions = header.get("space directions")
    if directions is None:
        _set_scalars(matrix, header, domain)
        return matrix
    factors = np.array(_TO_LPS.get(str(header.get("space", "")).lower(), (1, 1, 1)))
    own = np.eye(3)
    for index, axis in enumerate(domain[:3]):
        direction = np.asarray(directions[axis], dtype=float)[:3]
        own[:, index] = 0
        own[: len(direction), index] = direction
    origin = np.zeros(3)
    if (given := header.get("space origin")) is not None:
        given = np.asarray(given, dtype=float)[:3]
        origin[: len(given)] = np.where(np.isfinite(given), given, 0)
    matrix[:3, :3] = own * factors[:, np.newaxis]
    matrix[:3, 3] = origin * factors
    return matrix


def _set_scalars(matrix: npt.NDArray[np.float64], header: dict[str, Any], domain: list[int]) -> None:
    """Put spacings and axis mins into a matrix as ITK does: the mins are those of cells, not of their centers."""
    spacings, centers = header.get("spacings"), header.get("centerings", [])
    minima = header.get("axis mins", header.get("axismins"))
    for index, axis in enumerate(domain[:3]):
        spacing = float(spacings[axis]) if spacings is not None and axis < len(spacings) else 1.0
        if np.isfinite(spacing) and spacing != 0:
            matrix[index, index] = spacing
        if minima is not None and axis < len(minima) and np.isfinite(minima[axis]):
            is_node = axis < len(centers) and str(centers[axis]).lower() == "node"
            matrix[index, 3] = minima[axis] + (0 if is_node else matrix[index, index] / 2)
