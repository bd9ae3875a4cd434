"""Turn a finding of a result into a coded segment: the one way from a result or a scene to a segmentation file.

The files of a result, the worker's export and 3D Slicer's export dialog all call `code_segment`, so one finding has
the same codes, tracking identifiers and provenance in each of them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.colors import Color
from CausalCLIPSegLib.laterality import Laterality, Side
from CausalCLIPSegLib.segmentation.segmentation import (
    Algorithm,
    AlgorithmType,
    CodedSegment,
    derived_uid,
    new_uid,
)
from CausalCLIPSegLib.segmentation.tags import ALGORITHM_NAME_TAG, PARAMETER_TAGS, VERSION_TAG
from CausalCLIPSegLib.terminology import CATEGORY, LATERALITY, code_of, region_of

ALGORITHM_NAMES = {"causalclipseg": "CausalCLIPSeg", "reclmis": "RecLMIS"}
"""The names of this program's networks in files, by architecture."""
CHECKPOINT_HASH = "checkpoint_sha256"
"""Name of the parameter that holds the hash of an algorithm's weights, 64 hexadecimal digits."""


def network_algorithm(
    *,
    checkpoint_name: str,
    checkpoint_version: str,
    checkpoint_sha256: str,
    program_version: str,
    threshold: float,
    prompt: str,
    laterality: Laterality,
    architecture: str = "causalclipseg",
    note: str | None = None,
) -> Algorithm:
    """Describe the network that drew the segments of a result.

    The version is that of the weights, because they decide what is segmented; the program's version is a parameter.

    Args:
        checkpoint_name, checkpoint_version, checkpoint_sha256: identify the weights.
        program_version: the version of this program.
        threshold: lowest probability of a pixel that belongs to a mask.
        prompt: the text that the network got.
        laterality: whose left and right the prompt means.
        architecture: of the network; gives the algorithm its name.
        note: as the user wrote it; None leaves it out.
    """
    parameters = {
        "checkpoint": checkpoint_name,
        CHECKPOINT_HASH: checkpoint_sha256,
        "program_version": program_version,
        "threshold": f"{threshold:g}",
        "sentence": prompt,
        "sentence_laterality": laterality,
    }
    if note is not None:
        parameters["note"] = note.encode("utf-8", "replace").decode()  # arguments may hold lone surrogates
    name = ALGORITHM_NAMES.get(architecture, architecture)
    return Algorithm(name, checkpoint_version, checkpoint_name, parameters)


def is_network(algorithm: Algorithm) -> bool:
    """Return whether an algorithm is a network of this program."""
    return algorithm.name in ALGORITHM_NAMES.values()


def tags_of_algorithm(algorithm: Algorithm) -> dict[str, str]:
    """Return the tags that describe an algorithm, without its note and without parameters of other programs."""
    tags = {ALGORITHM_NAME_TAG: algorithm.name, VERSION_TAG: algorithm.version}
    if is_network(algorithm):
        parameters = {"checkpoint": algorithm.source, **algorithm.parameters}
        tags |= {tag: parameters.get(name, "") for name, tag in PARAMETER_TAGS.items()}
    # in a .seg.nrrd file, a tag ends at "|"
    printable = {
        tag: "".join(c if c.isprintable() and c != "|" else " " for c in value) for tag, value in tags.items()
    }
    return {tag: value for tag, value in printable.items() if value}


def algorithm_from_tags(tags: Mapping[str, str]) -> Algorithm:
    """Return the algorithm that the tags of a segment describe; name and version are "unknown" if they are missing."""
    parameters = {name: tags[tag] for name, tag in PARAMETER_TAGS.items() if tags.get(tag)}
    threshold = to_number(parameters.get("threshold"))
    if threshold is not None:
        parameters["threshold"] = f"{threshold:g}"
    return Algorithm(
        name=tags.get(ALGORITHM_NAME_TAG) or "unknown",
        version=tags.get(VERSION_TAG) or "unknown",
        source=parameters.get("checkpoint", ""),
        parameters=parameters,
    )


def to_number(text: str | None) -> float | None:
    """Return the number in a tag; None if the tag is missing or does not hold a number."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def code_segment(
    *,
    identifier: str,
    name: str,
    side: Side | None,
    kind: str,
    color: Color,
    mask: npt.NDArray[np.bool_],
    algorithm_type: AlgorithmType,
    algorithm: Algorithm | None,
    image_uid: str | None,
) -> CodedSegment:
    """Return a finding as a coded segment of the lung.

    The tracking UID is derived from the image, the weights and the identifier, so it stays the same in every run of
    the same weights on the same radiograph, and differs between checkpoints. If the image or the weights are unknown,
    it is random.

    Args:
        identifier: the tracking ID, for instance "infection_right".
        name: the label that a person reads.
        side: the patient's side; None if unknown.
        kind: the finding's name in a note's lexicon, which has a code in `terminology.FINDINGS`.
        color: red, green, blue, each in [0, 1].
        mask: bool, rows x columns of the radiograph.
        algorithm_type: AUTOMATIC, SEMIAUTOMATIC or MANUAL.
        algorithm: drew the result that the segment belongs to; None if unknown. A MANUAL segment does not name it.
        image_uid: SOP Instance UID of the radiograph; None if it has none.
    """
    checkpoint_sha256 = None if algorithm is None else algorithm.parameters.get(CHECKPOINT_HASH)
    if image_uid is None or checkpoint_sha256 is None:
        tracking_uid = new_uid()
    else:
        tracking_uid = derived_uid(image_uid, checkpoint_sha256, identifier)
    return CodedSegment(
        label=name,
        mask=mask,
        category=CATEGORY,
        type=code_of(kind),
        region=region_of(kind),
        laterality=None if side is None else LATERALITY[side],
        algorithm_type=algorithm_type,
        algorithm=None if algorithm_type == "MANUAL" else algorithm,
        tracking_id=identifier,
        tracking_uid=tracking_uid,
        color=color,
    )
