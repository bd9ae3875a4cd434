"""The worker with a handle: files in the folder HOLD make its network wait, fail, or print. All else is the real one.

hold: the network waits until the file is gone. memory: the network reports, once, that the GPU has too little memory.
noise: something is printed. boom: the network fails in a way that nobody expected.
"""

import os
import time
from pathlib import Path

from CausalCLIPSegLib.worker import segmenters
from CausalCLIPSegLib.worker.__main__ import main

FOLDER = Path(os.environ["HOLD"])


def _told_to(name: str) -> bool:
    return (FOLDER / name).exists()


def _handle(segmenter):
    decode, probabilities = segmenter.network.decode, segmenter.probabilities

    def scarce(*args, **kwargs):
        if _told_to("memory"):
            import torch

            (FOLDER / "memory").unlink()
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return decode(*args, **kwargs)

    def held(*args, **kwargs):
        while _told_to("hold"):
            time.sleep(0.01)
        if _told_to("noise"):
            print("noise by print")
            os.write(1, b"noise by file descriptor\n")
        if _told_to("boom"):
            words = "patient's name"  # not in the line that raises, which a log may show
            raise RuntimeError(f"a {words}")
        return probabilities(*args, **kwargs)

    segmenter.network.decode, segmenter.probabilities = scarce, held
    segmenter.handled = True


def _get(self, checkpoint, device, get=segmenters.Segmenters.get):
    segmenter = get(self, checkpoint, device)
    if not hasattr(segmenter, "handled"):
        _handle(segmenter)
    return segmenter


segmenters.Segmenters.get = _get
main()
