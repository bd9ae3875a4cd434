"""What turns a probability into a mask: a threshold, and the peak that an area must reach."""

from __future__ import annotations

from typing import NamedTuple


class Setting(NamedTuple):
    """What decides about a probability.

    Attributes:
        threshold: a pixel is segmented if its probability reaches this value.
        peak: see `lower_doubtful`; None: all areas that reach the threshold.
    """

    threshold: float
    peak: float | None = None

    @property
    def name(self) -> str:
        """The name as a member."""
        return f"{self.threshold:.2f}" if self.peak is None else f"{self.threshold:.2f}, peak {self.peak:.2f}"
