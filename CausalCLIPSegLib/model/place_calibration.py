"""How the probabilities of a checkpoint become statements about places; measured by `training calibrate-places`."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

_CERTAIN = 1e-4  # probabilities closer to 0 or 1 count as this close
_DEFAULT_SIZE = 0.003


class PresenceCurve(BaseModel):
    """A logistic curve from the highest probability at a place to the share of such places that hold a lesion.

    Attributes:
        slope, intercept: the logit of the share is `intercept` + `slope` x logit of the highest probability.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    slope: float = Field(ge=0)
    intercept: float

    def __call__(self, highest: float) -> float:
        """Return the calibrated probability, in [0, 1]; it never falls as `highest` rises."""
        return 1 / (1 + math.exp(-max(-700.0, min(700.0, self.intercept + self.slope * logit(highest)))))


class PlaceCalibration(BaseModel):
    """The settings of a checkpoint for statements about places, and for what lies outside of them.

    Attributes:
        presence: the calibration of the highest probability at a place; null: not calibrated.
        search_threshold: the radiograph is searched for areas outside the places of the note with this threshold;
            null: the threshold of the card.
        smallest_area: such an area covers at least this share of the image.
        figures: the metrics, with the data and the command that measured them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    presence: PresenceCurve | None = None
    search_threshold: Annotated[float, Field(gt=0, lt=1)] | None = None
    smallest_area: float = Field(default=_DEFAULT_SIZE, ge=0, le=1)
    figures: dict[str, Any] = Field(default_factory=dict)


def logit(probability: float) -> float:
    """Return ln(p / (1 - p)), after p is limited to [0.0001, 0.9999]."""
    limited = min(max(probability, _CERTAIN), 1 - _CERTAIN)
    return math.log(limited / (1 - limited))
