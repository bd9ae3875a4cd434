"""Read the radiograph of a request from a file or from an array of another program."""

from __future__ import annotations

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
        radiograph = read_radiograph(image.path)
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
