"""Read the radiograph of a request from a file or from an array of another program."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from CausalCLIPSegLib.radiograph import Radiograph, read_radiograph
from CausalCLIPSegLib.radiograph.array import load_values, radiograph_from_array
from CausalCLIPSegLib.worker import protocol


def read_image(image: protocol.FileImage | protocol.ArrayImage, mirrored: bool | None) -> Radiograph:
    """Return the radiograph of a request.

    Args:
        image: the file or array.
        mirrored: whether the image shows the patient's right on the viewer's right; None: as its header says.

    Raises:
        MirroredQuestionError: the header says that the radiograph is mirrored, and `mirrored` is None.
        RadiographError: the image is not a frontal chest radiograph.
    """
    if isinstance(image, protocol.FileImage):
        radiograph = _read_file(image.path, _state(image.path))
    else:
        radiograph = radiograph_from_array(
            load_values(image.path),
            spacing=image.spacing,
            affine=np.array(image.affine),
            window=image.window,
            inverted=image.inverted,
            header=image.header,
            name=image.name,
        )
    return radiograph.oriented(mirrored)


@lru_cache(maxsize=1)
def _read_file(path: Path, state: tuple[int, ...]) -> Radiograph:
    """Read a file, or return the last radiograph if the file has not changed: many notes are about one radiograph."""
    return read_radiograph(path)


def _state(path: Path) -> tuple[int, ...]:
    """Return numbers that change with the contents of a file; none if it cannot be read."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
