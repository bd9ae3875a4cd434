"""Left and right: of the patient, and of the person who looks at the picture.

On a chest radiograph in the usual orientation the patient's right is the viewer's left. A `Side` in this program is
always the patient's, unless a name says otherwise.
"""

from typing import Literal

Side = Literal["left", "right"]
SideChoice = Literal["left", "right", "both"]
Laterality = Literal["patient", "viewer"]

SIDES: tuple[Side, Side] = ("right", "left")
"""Both sides of the patient in the order in which a film shows them, from the viewer's left."""


def opposite(side: Side) -> Side:
    """Return the other side."""
    return "left" if side == "right" else "right"


def side_in_image(side: Side, mirrored: bool | None) -> Side:
    """Return the side on which a viewer of the film sees the patient's `side`: the other one, unless mirrored."""
    return side if mirrored else opposite(side)


def say_side(side: Side, laterality: Laterality) -> Side:
    """Return the word for the patient's `side` in a language that means `laterality` by left and right."""
    return side if laterality == "patient" else opposite(side)
