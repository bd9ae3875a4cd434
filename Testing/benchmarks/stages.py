"""Print the processor seconds of each stage of `causalclipseg segment` as JSON; runs in a process of its own.

    python stages.py IMAGE FOLDER NOTE

The functions exist in every revision that is compared, so this file runs with the code of each of them.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

seconds: dict[str, float] = {}
_last = 0.0


def stage(name: str) -> None:
    """Book the time since the last call on a stage."""
    global _last
    now = time.process_time()
    seconds[name] = seconds.get(name, 0) + now - _last
    _last = now


image, folder, note = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
import CausalCLIPSegLib.cli  # noqa: F401 - the command imports it
from CausalCLIPSegLib.notes import read_note, to_prompt

expression = read_note(note)
stage("start and note")
from CausalCLIPSegLib.radiograph import read_radiograph

radiograph = read_radiograph(image)
stage("read the radiograph")
from CausalCLIPSegLib.export import describe_result
from CausalCLIPSegLib.export.overlay import write_overlay
from CausalCLIPSegLib.export.segmentation_files import write_dicom_seg, write_seg_nrrd
from CausalCLIPSegLib.segmenter import Segmenter

stage("import the rest")
segmenter = Segmenter.from_checkpoint("default", "cpu")
stage("load the checkpoint")
segmenter.set_radiograph(radiograph)
segmenter.probabilities(to_prompt(expression, segmenter.card.laterality))
stage("network, with resampling to its grid")
result = segmenter.ask(expression)
stage("back to the radiograph's grid, sides")
report = describe_result(result)
stage("describe")
write_seg_nrrd(result, folder / "a.seg.nrrd")
stage(".seg.nrrd")
write_dicom_seg(result, folder / "a.dcm")
stage("DICOM-SEG, with the import of highdicom")
write_overlay(result, folder / "a.png", report=report)
stage("picture")
print(json.dumps(seconds))
