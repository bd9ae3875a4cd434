"""Load each segmenter once, and cache it by checkpoint, device and engine."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from CausalCLIPSegLib.model.card import find_checkpoint, read_card
from CausalCLIPSegLib.model.device import Device, EngineChoice
from CausalCLIPSegLib.model.engines.choice import choose_device

if TYPE_CHECKING:
    from CausalCLIPSegLib.segmenter import Segmenter


class Segmenters:
    """The segmenters that requests have used so far, by checkpoint, device and engine.

    Each keeps the features of its own radiograph, so a change of the checkpoint never meets those of another network.
    """

    def __init__(self) -> None:
        self._loaded: dict[tuple[Path, str, str, EngineChoice], Segmenter] = {}
        self._lock = threading.Lock()

    def prefetch(
        self, checkpoint: str, device: Device, engine: EngineChoice, wait_for_libraries: Callable[[], None]
    ) -> None:
        """Load the segmenter of a checkpoint on the CPU in the background, so that `get` does not wait for it.

        An error is dropped here; `get` meets it again.
        """

        def load() -> None:
            with suppress(Exception):
                wait_for_libraries()
                if choose_device(device, engine) == "cpu":  # a GPU may give warnings, which belong to the request
                    self.get(checkpoint, device, engine)

        threading.Thread(target=load, name="checkpoint", daemon=True).start()

    def get(self, checkpoint: str, device: Device, engine: EngineChoice = "auto") -> Segmenter:
        """Return the segmenter of a checkpoint on a device; load it if needed.

        Raises:
            CheckpointError: the checkpoint cannot be loaded.
            DeviceError: the device or the engine is not available.
        """
        from CausalCLIPSegLib.segmenter import Segmenter  # a slow import

        folder = find_checkpoint(checkpoint).resolve()
        sha256 = read_card(folder).sha256
        key = folder, sha256, choose_device(device, engine), engine
        with self._lock:
            if key not in self._loaded:
                for earlier in [each for each in self._loaded if each[0] == folder and each[1] != sha256]:
                    del self._loaded[earlier]  # other weights that the folder held
                self._loaded[key] = Segmenter.from_checkpoint(checkpoint, device, engine)
            return self._loaded[key]

    def drop_cpu_fallbacks(self) -> None:
        """Forget segmenters that fell back to the CPU, so that the next request tries the GPU again."""
        self._loaded = {key: each for key, each in self._loaded.items() if each.device == key[2]}

    def clear(self) -> None:
        """Forget all segmenters, because an unexpected error may have damaged one."""
        self._loaded.clear()
