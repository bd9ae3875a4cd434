"""A process of its own that reads one radiograph, so that a hostile file can neither stop nor fill the server.

`python -m CausalCLIPSegLib.serve.reading` loads its libraries, then takes a JSON object on standard input, writes the
pixels into a file, and prints a JSON object: the radiograph's description, or an error.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import CausalCLIPSegLib.radiograph.dicom  # noqa: F401 - read_radiograph imports it late
from CausalCLIPSegLib.errors import CausalCLIPSegError, MirroredQuestionError
from CausalCLIPSegLib.memory import TOO_LITTLE_MEMORY, is_out_of_memory
from CausalCLIPSegLib.radiograph import read_radiograph
from CausalCLIPSegLib.segmentation.source_image import uid_of

BYTES_PER_PIXEL = 64
"""Memory that reading may take: the stored values, several float arrays, and the file."""
BASE_BYTES = 3 << 30
"""Address space of the interpreter and its libraries, most of which is never used."""


def main() -> None:
    """Read the radiograph that standard input names."""
    logging.disable()
    warnings.simplefilter("ignore")
    request = json.load(sys.stdin)
    _limit_resources(request["max_pixels"], request["seconds"])
    print(json.dumps(_answer(request)))


def _limit_resources(max_pixels: int, seconds: float) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    for kind, value in (
        (resource.RLIMIT_AS, BASE_BYTES + BYTES_PER_PIXEL * max_pixels),
        (resource.RLIMIT_CPU, int(seconds) + 1),
        (resource.RLIMIT_FSIZE, 2 * max_pixels + (1 << 20)),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        return _read(Path(request["path"]), Path(request["pixels"]), request["mirrored"], request["max_pixels"])
    except MirroredQuestionError as error:
        return {"error": "radiograph.mirrored", "message": str(error)}
    except CausalCLIPSegError as error:
        return {"error": "radiograph.refused", "message": str(error)}
    except Exception as error:
        if is_out_of_memory(error):
            return {"error": "radiograph.too_large", "message": TOO_LITTLE_MEMORY}
        raise


def _read(path: Path, pixels: Path, mirrored: bool | None, max_pixels: int) -> dict[str, Any]:
    """Read a radiograph, and write its pixels: uint16, little endian, rows x columns, 0 to 65535 for [0, 1]."""
    radiograph = read_radiograph(path).oriented(mirrored)
    rows, columns = radiograph.pixels.shape
    if rows * columns > max_pixels:
        message = (
            f"The image has {columns} x {rows} pixels; this server takes at most {max_pixels / 1e6:g} million pixels."
        )
        return {"error": "radiograph.too_large", "message": message}
    np.rint(radiograph.pixels * 65535).astype("<u2").tofile(pixels)
    return {
        "rows": rows,
        "columns": columns,
        "spacing": radiograph.spacing,
        "mirrored": radiograph.mirrored,
        "warnings": radiograph.warnings,
        "source": _source(radiograph.header),
    }


def _source(header: Any) -> dict[str, str | None] | None:
    """Return the UIDs of the DICOM instance, as result.json holds them; None for other files."""
    if header is None:
        return None
    return {
        "sop_instance_uid": uid_of(header, "SOPInstanceUID"),
        "series_instance_uid": uid_of(header, "SeriesInstanceUID"),
        "study_instance_uid": uid_of(header, "StudyInstanceUID"),
    }


if __name__ == "__main__":
    main()
