"""Whether a checkpoint listens: where its outline goes when the note's side is exchanged."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Listening:
    """Where the predicted area of one-sided cases lies, in pixels, with the own note and with its side swapped."""

    n: int = 0
    own: int = 0
    own_on_named_side: int = 0
    swapped: int = 0
    swapped_on_named_side: int = 0
    swapped_empty: int = 0

    @classmethod
    def of(cls, own: Mask, swapped: Mask, named: Mask) -> Listening:
        """Count one case; `named` is true on the half of the film that its own note names."""
        return cls(
            n=1,
            own=int(own.sum()),
            own_on_named_side=int((own & named).sum()),
            swapped=int(swapped.sum()),
            swapped_on_named_side=int((swapped & ~named).sum()),
            swapped_empty=int(not swapped.any()),
        )

    def __add__(self, other: Listening) -> Listening:
        """Return the counts of both."""
        return Listening(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def figures(self) -> dict[str, Any]:
        """Return shares of the predicted area in percent; None where there is none.

        "swapped_area_left_behind" is what the swapped note leaves on the side of the own note, in percent of the area
        that the own note gives.
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
