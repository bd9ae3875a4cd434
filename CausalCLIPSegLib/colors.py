"""Colors of segments and overlays: Okabe and Ito's palette, which people with any color vision can tell apart."""

from __future__ import annotations

from CausalCLIPSegLib.laterality import Side

Color = tuple[float, float, float]
"""Red, green, blue, each in [0, 1]."""

ORANGE = (230, 159, 0)
VERMILION = (213, 94, 0)
PURPLE = (204, 121, 167)
YELLOW = (240, 228, 66)
GREEN = (0, 158, 115)
SKY_BLUE = (86, 180, 233)
BLUE = (0, 114, 178)
"""Like the colors above: red, green, blue, each in [0, 255]."""


def to_unit_rgb(color: tuple[int, int, int]) -> Color:
    """Convert the components of a color from [0, 255] to [0, 1]."""
    red, green, blue = color
    return red / 255, green / 255, blue / 255


def to_uint8_rgb(color: Color) -> tuple[int, int, int]:
    """Convert the components of a color from [0, 1] to [0, 255]."""
    red, green, blue = color
    return round(255 * red), round(255 * green), round(255 * blue)


BY_SIDE: dict[Side, Color] = {"right": to_unit_rgb(ORANGE), "left": to_unit_rgb(SKY_BLUE)}
"""Colors of segments by the patient's side, because both sides usually show the same finding."""

NOT_IN_NOTE: Color = to_unit_rgb(YELLOW)
"""Color of areas outside the places of the note."""

HEARD: Color = to_unit_rgb(SKY_BLUE)
"""Ground of the words that the network weighs."""

MAP_RAMP: tuple[Color, Color] = ((0.35, 0.0, 0.0), (1.0, 0.95, 0.2))
"""Colors of the lowest and the highest value of a map; no segment has them."""
