"""Import this once, before the processes of a batch are forked: they share the modules, and the words of notes.

Both take a process more than a second.
"""

from __future__ import annotations

import gc
import os


def _load() -> None:
    threads = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"  # a process that is forked must not have threads
    from CausalCLIPSegLib import segmenter  # noqa: F401
    from CausalCLIPSegLib.batch import task  # noqa: F401
    from CausalCLIPSegLib.notes import read_note
    from CausalCLIPSegLib.segmentation import dicom_writer  # noqa: F401

    del os.environ["OMP_NUM_THREADS"]
    if threads is not None:
        os.environ["OMP_NUM_THREADS"] = threads
    read_note("Pneumonia.")
    gc.freeze()  # the garbage collector would touch, and so copy, what the processes share


_load()
