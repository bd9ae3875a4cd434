"""Answer the request "segment": segment what a note names on a radiograph, and write maps and masks."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from CausalCLIPSegLib.errors import DeviceWarning
from CausalCLIPSegLib.model.card import find_checkpoint, read_card
from CausalCLIPSegLib.notes import read_note
from CausalCLIPSegLib.worker import protocol
from CausalCLIPSegLib.worker.jobs.arrays import earlier_arrays, result_arrays, save_arrays
from CausalCLIPSegLib.worker.jobs.description import describe_segmentation
from CausalCLIPSegLib.worker.jobs.images import read_image
from CausalCLIPSegLib.worker.jobs.progress import ProgressCallback
from CausalCLIPSegLib.worker.segmenters import Segmenters

_FRACTIONS = {"Understanding the note": 0.4, "Searching the radiograph": 0.5}
"""Fraction of the job that is done when each phase of the segmenter begins."""


def segment(
    request: protocol.SegmentRequest,
    begin: ProgressCallback,
    warn: Callable[[str], None],
    segmenters: Segmenters,
    wait_for_libraries: Callable[[], None],
) -> protocol.SegmentResult:
    """Segment what the note names, and write maps and masks into the folder `output`.

    Args:
        request: the request.
        begin: see `progress.ProgressCallback`.
        warn: called with one sentence if the job continues in another way than requested.
        segmenters: the segmenters of earlier requests.
        wait_for_libraries: returns when the libraries are loaded.

    Raises:
        CausalCLIPSegError: the radiograph, the note, the checkpoint, the device or the output cannot be used.
    """
    # before anything slow
    expression = read_note(
        request.note,
        request.laterality,
        request.language,
        request.side,
        request.mirrored,
        read_card(find_checkpoint(request.checkpoint)).findings,
    )
    begin("Reading the radiograph", 0)
    segmenters.prefetch(request.checkpoint, request.device, request.engine, wait_for_libraries)
    radiograph = read_image(request.image, request.mirrored)
    begin("Loading the libraries", 0.1)
    wait_for_libraries()
    begin("Loading the checkpoint", 0.2)
    with _device_warnings(warn):
        segmenter = segmenters.get(request.checkpoint, request.device, request.engine)
        result = segmenter.segment(
            radiograph,
            expression,
            threshold=request.threshold,
            mirrored=radiograph.mirrored,
            progress=lambda phase: begin(phase, _FRACTIONS.get(phase, 0.5)),
        )
    segmenters.drop_cpu_fallbacks()
    begin("Writing the result", 0.9)
    whole = np.ones((2, 2), dtype=bool)  # only the names of its segments are needed
    possible = segmenter.segments_of(whole, result.expression, mirrored=bool(radiograph.mirrored))
    earlier = earlier_arrays(request.output)
    save_arrays(result_arrays(result), request.output, lambda: begin("Writing the result", 1), earlier=earlier)
    return describe_segmentation(request.id, result, possible, request.output)


@contextmanager
def _device_warnings(warn: Callable[[str], None]) -> Iterator[None]:
    """Pass every `DeviceWarning` to `warn`, even a repeated one, and drop the warnings of libraries."""

    def show(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
        if issubclass(category, DeviceWarning):
            warn(str(message))

    with warnings.catch_warnings():
        warnings.simplefilter("always", DeviceWarning)
        warnings.showwarning = show
        yield
