"""Name, read and write the .npy files of a job, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib import maps
from CausalCLIPSegLib.atomic_files import staged_files
from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.model.resampling import to_radiograph_grid
from CausalCLIPSegLib.radiograph.array import load_values

if TYPE_CHECKING:
    from CausalCLIPSegLib.result import SegmentationResult

HalfArray = npt.NDArray[np.float16]


def map_name(name: str) -> str:
    """Return the file name of a map by its name."""
    return f"{name}.npy"


PROBABILITY = map_name(maps.PROBABILITY)
CAUSAL_ATTENTION = map_name("causal_attention")
CONFOUNDER_ATTENTION = map_name("confounder_attention")


def mask_name(identifier: str) -> str:
    """Return the file name of the mask of a segment or a side."""
    return f"mask_{identifier}.npy"


def result_arrays(result: SegmentationResult) -> dict[str, npt.NDArray[Any]]:
    """Return the maps and masks of a result by file name; each is rows x columns of the radiograph.

    The probability is float32, the attention maps are float16, the masks are bool.
    """
    attention = result.network_attention
    causal, confounder = _attention_maps(attention.tobytes(), attention.shape, result.radiograph.pixels.shape)
    candidates = [candidate.segment for candidate in result.candidates]
    return {
        PROBABILITY: result.probability,
        CAUSAL_ATTENTION: causal,
        CONFOUNDER_ATTENTION: confounder,
        **{
            map_name(each.name): to_radiograph_grid(each.values, *result.radiograph.pixels.shape).astype(np.float16)
            for each in result.maps
            if map_name(each.name) not in (CAUSAL_ATTENTION, CONFOUNDER_ATTENTION)
        },
        **{mask_name(segment.identifier): segment.mask for segment in (*result.segments, *candidates)},
    }


@lru_cache(maxsize=1)
def _attention_maps(values: bytes, size: tuple[int, int], shape: tuple[int, int]) -> tuple[HalfArray, HalfArray]:
    """Return M of Eq. 2 and 1 - M on the radiograph's grid; many notes are about one radiograph, so keep the last.

    Args:
        values: M on the network's grid, float32, of `size`.
        size: rows and columns of the network's grid.
        shape: rows and columns of the radiograph.
    """
    causal = to_radiograph_grid(np.frombuffer(values, np.float32).reshape(size), *shape)
    return causal.astype(np.float16), (np.float32(1) - causal).astype(np.float16)


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
    masks = (path.name for path in folder.glob(mask_name("*")))
    return [*map(map_name, maps.KNOWN), *masks]


def save_arrays(
    arrays: Mapping[str, npt.NDArray[Any]],
    folder: Path,
    before_move: Callable[[], None],
    *,
    earlier: Sequence[str] = (),
) -> None:
    """Write all arrays into a folder, or none of them; files of an earlier run are replaced.

    The files are for a program that runs now, so nothing waits until they are on the disk.

    Args:
        arrays: by file name.
        folder: created if needed.
        earlier: names of files of an earlier run, which are removed.
        before_move: called when all files are complete, before they appear in `folder`; may raise to cancel.

    Raises:
        OutputError: the folder cannot be written.
    """
    with staged_files(folder, list(arrays), force=True, earlier=earlier, durable=False) as stage:
        for name, array in arrays.items():
            np.save(stage / name, array, allow_pickle=False)
        before_move()
