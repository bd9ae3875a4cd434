"""Areas of which the network is never sure: they are lowered below the threshold, so that they are not outlined."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.mask.components import connected_components


def lower_doubtful(probability: npt.NDArray[np.float32], threshold: float, peak: float) -> npt.NDArray[np.float32]:
    """Lower the areas whose highest probability stays below a peak.

    A true lesion has a core of which the network is sure; an answer to a note that names the wrong place often has
    none. An area is what is connected at threshold² / peak. If its highest probability p does not reach the peak, its
    probabilities are cut at p * threshold / peak, which is below the threshold; of two such areas, the surer one stays
    the surer one. Canny's edge detector keeps edges by the same rule (hysteresis).

    Args:
        probability: float32 in [0, 1], rows x columns.
        threshold: a pixel belongs to the mask if its probability reaches this value, in (0, 1).
        peak: at least `threshold`; if both are equal, nothing changes.

    Returns:
        The lowered probability, of the same shape.
    """
    if peak <= threshold:
        return probability
    labels, number = connected_components(probability >= threshold**2 / peak)
    highest = np.zeros(number + 1, np.float32)
    np.maximum.at(highest, labels, probability)
    below = np.nextafter(np.float32(threshold), np.float32(0))  # rounding must not reach the threshold
    limits = np.where(highest < peak, np.minimum(highest * np.float32(threshold / peak), below), np.float32(1))
    limits[0] = 1  # outside of all areas
    return np.minimum(probability, limits[labels])
