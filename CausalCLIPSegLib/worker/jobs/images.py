"""The radiograph that a request names: a file, or pixels of another program."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from CausalCLIPSegLib.errors import (
    CausalCLIPSegError,
)
from CausalCLIPSegLib.radiograph import Radiograph, read_radiograph
from CausalCLIPSegLib.radiograph.array import load_values, radiograph_from_array
from CausalCLIPSegLib.worker import protocol


class AskMirroredError(CausalCLIPSegError):
    """The header says that the film is mirrored, and a person has to say whether that is so."""


def read_image(image: protocol.FileImage | protocol.ArrayImage, mirrored: bool | None) -> Radiograph:
    """Return the film that a request speaks of.

    Raises:
        AskMirroredError: its header says that it is mirrored, and `mirrored` is None.
        RadiographError: it is no frontal chest film.
    """
    if isinstance(image, protocol.FileImage):
        film = read_radiograph(image.path)
    else:
        film = radiograph_from_array(
            load_values(image.path),
            spacing=image.spacing,
            affine=np.array(image.affine),
            window=image.window,
            inverted=image.inverted,
            header=image.header,
            name=image.name,
        )
    if mirrored is None and film.mirrored:
        raise AskMirroredError(
            "The header of this film says that it is mirrored, the patient's right on the right of the picture."
        )
    return film if mirrored is None else replace(film, mirrored=mirrored)
