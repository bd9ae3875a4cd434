"""Name, read and write the .npy files of a job, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.atomic_files import staged_files
from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph.array import load_values

if TYPE_CHECKING:
    from CausalCLIPSegLib.result import SegmentationResult

PROBABILITY = "probability.npy"
CAUSAL_ATTENTION = "causal_attention.npy"
CONFOUNDER_ATTENTION = "confounder_attention.npy"


def mask_name(identifier: str) -> str:
    """Return the file name of the mask of a segment or a side."""
    return f"mask_{identifier}.npy"


def result_arrays(result: SegmentationResult) -> dict[str, npt.NDArray[Any]]:
    """Return the maps and masks of a result by file name; each is rows x columns of the radiograph.

    The probability is float32, the attention maps are float16, the masks are bool.
    """
    candidates = [candidate.segment for candidate in result.candidates]
    return {
        PROBABILITY: result.probability,
        CAUSAL_ATTENTION: result.causal_attention.astype(np.float16),
        CONFOUNDER_ATTENTION: result.confounder_attention.astype(np.float16),
        **{mask_name(segment.identifier): segment.mask for segment in (*result.segments, *candidates)},
    }


def load_probability(path: Path) -> npt.NDArray[np.floating]:
    """Return a probability map that this program has written: float in [0, 1], rows x columns.

    Raises:
        RadiographError: the file is something else.
        MemoryError: there is too little memory.
    """
    probability = load_values(path)
    is_map = probability.ndim == 2 and probability.dtype.kind == "f"
    if not is_map or not ((probability >= 0) & (probability <= 1)).all():  # so it holds no NaN
        raise RadiographError(f"The file {path.name} does not hold a probability map of this program.")
    return probability


def earlier_arrays(folder: Path) -> list[str]:
    """Return the names of the files that an earlier result may have left in a folder."""
    return [PROBABILITY, CAUSAL_ATTENTION, CONFOUNDER_ATTENTION, *(path.name for path in folder.glob(mask_name("*")))]


def save_arrays(
    arrays: Mapping[str, npt.NDArray[Any]],
    folder: Path,
    before_move: Callable[[], None],
    *,
    earlier: Sequence[str] = (),
) -> None:
    """Write all arrays into a folder, or none of them; files of an earlier run are replaced.

    Args:
        arrays: by file name.
        folder: created if needed.
        earlier: names of files of an earlier run, which are removed.
        before_move: called when all files are complete, before they appear in `folder`; may raise to cancel.

    Raises:
        OutputError: the folder cannot be written.
    """
    with staged_files(folder, list(arrays), force=True, earlier=earlier) as stage:
        for name, array in arrays.items():
            np.save(stage / name, array, allow_pickle=False)
        before_move()
