"""Side adherence: does the predicted mask move when the note's side is swapped?"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SideAdherence:
    """Pixels of the masks of one-sided notes, with the original side and with the side swapped.

    Attributes:
        n: number of cases.
        own, own_on_named_side: mask pixels with the original note; of these, pixels on the side that it names.
        swapped, swapped_on_named_side: the same for the swapped note, which names the other side.
        swapped_empty: number of cases whose mask is empty with the swapped note.
    """

    n: int = 0
    own: int = 0
    own_on_named_side: int = 0
    swapped: int = 0
    swapped_on_named_side: int = 0
    swapped_empty: int = 0

    @classmethod
    def of(cls, own: Mask, swapped: Mask, named: Mask) -> SideAdherence:
        """Count the pixels of a case; masks are rows x columns; `named` is the half that the original note names."""
        return cls(
            n=1,
            own=int(own.sum()),
            own_on_named_side=int((own & named).sum()),
            swapped=int(swapped.sum()),
            swapped_on_named_side=int((swapped & ~named).sum()),
            swapped_empty=int(not swapped.any()),
        )

    def __add__(self, other: SideAdherence) -> SideAdherence:
        """Return the sum of the counts of two sets of cases."""
        return SideAdherence(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def metrics(self) -> dict[str, Any]:
        """Return shares of the predicted area in percent; None if no pixel was predicted.

        "swapped_area_left_behind" is the area with the swapped note that remains on the original side, in percent of
        the area with the original note.
        """
        return {
            "n": self.n,
            "area_on_named_side": _percent(self.own_on_named_side, self.own),
            "swapped_area_on_named_side": _percent(self.swapped_on_named_side, self.swapped),
            "swapped_area_left_behind": _percent(self.swapped - self.swapped_on_named_side, self.own),
            "swapped_empty": self.swapped_empty,
        }


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole else None
