"""Left and right of the patient, and of the viewer.

On a chest radiograph in the usual orientation, the patient's right is on the viewer's left. A `Side` in this program
is always the patient's, unless its name says otherwise.
"""

from typing import Literal

Side = Literal["left", "right"]
SideChoice = Literal["left", "right", "both"]
Laterality = Literal["patient", "viewer"]

SIDES: tuple[Side, Side] = ("right", "left")
"""Both sides of the patient in the usual order on a radiograph, from the viewer's left to right."""


def opposite(side: Side) -> Side:
    """Return the other side."""
    return "left" if side == "right" else "right"


def side_in_image(side: Side, mirrored: bool | None) -> Side:
    """Return the side of the image on which a viewer sees the patient's `side`: the opposite one, unless mirrored."""
    return side if mirrored else opposite(side)


def say_side(side: Side, laterality: Laterality) -> Side:
    """Return the word for the patient's `side` in text whose left and right are those of `laterality`."""
    return side if laterality == "patient" else opposite(side)


def note_laterality(laterality: Laterality, mirrored: bool | None) -> Laterality:
    """Return whose left and right a note means; on a mirrored image, the viewer's left is the patient's left."""
    return "patient" if mirrored else laterality
