"""The real worker, except that files in the folder CONTROL_FOLDER make its network wait, fail or print.

wait: the network waits until the file is removed. memory: the engine warns once that the GPU has too little memory.
print: the network prints. bug: the network fails with an unexpected error.
"""

import os
import time
import warnings
from pathlib import Path

from CausalCLIPSegLib.errors import DeviceWarning
from CausalCLIPSegLib.worker import segmenters
from CausalCLIPSegLib.worker.__main__ import main

FOLDER = Path(os.environ["CONTROL_FOLDER"])


def _is_set(name: str) -> bool:
    return (FOLDER / name).exists()


def _control(segmenter):
    decode = segmenter.engine.decode

    def controlled_decode(*args, **kwargs):
        if _is_set("memory"):
            (FOLDER / "memory").unlink()
            warnings.warn(
                DeviceWarning("The GPU has too little free memory; running on the CPU instead."), stacklevel=2
            )
        while _is_set("wait"):
            time.sleep(0.01)
        if _is_set("print"):
            print("printed by print")
            os.write(1, b"printed by file descriptor\n")
        if _is_set("bug"):
            patient = "patient's name"  # not a literal in the line that raises, which a log may show
            raise RuntimeError(f"a {patient}")
        return decode(*args, **kwargs)

    segmenter.engine.decode = controlled_decode
    segmenter.is_controlled = True


def _get(self, *args, get=segmenters.Segmenters.get):
    segmenter = get(self, *args)
    if not hasattr(segmenter, "is_controlled"):
        _control(segmenter)
    return segmenter


segmenters.Segmenters.get = _get
main()
