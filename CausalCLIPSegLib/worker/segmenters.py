"""Segmenters by checkpoint and device, loaded once and kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from CausalCLIPSegLib.model.card import find_checkpoint
from CausalCLIPSegLib.model.device import Device, choose_device

if TYPE_CHECKING:
    from CausalCLIPSegLib.segmenter import Segmenter


class Segmenters:
    """Segmenters by checkpoint and device, each loaded once and kept."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Path, str], Segmenter] = {}

    def get(self, checkpoint: str, device: Device) -> Segmenter:
        """Return the segmenter of a checkpoint on a device, loaded where it is not yet.

        Raises:
            CheckpointError: the checkpoint cannot be loaded.
            DeviceError: the device is not there.
        """
        from CausalCLIPSegLib.segmenter import Segmenter  # torch takes its time

        key = find_checkpoint(checkpoint).resolve(), choose_device(device).type
        if key not in self._kept:
            self._kept[key] = Segmenter.from_checkpoint(checkpoint, device)
        return self._kept[key]

    def drop_fallen(self) -> None:
        """Forget those that run elsewhere than asked for want of memory: it may be there next time."""
        self._kept = {key: each for key, each in self._kept.items() if each.device.type == key[1]}

    def clear(self) -> None:
        """Forget all, after a failure that may have damaged one."""
        self._kept.clear()
