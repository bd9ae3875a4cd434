"""The Python interface that other programs import."""

from __future__ import annotations

import json

from CausalCLIPSegLib.radiograph import read_radiograph
from CausalCLIPSegLib.segmenter import Segmenter


def test_python_gives_the_result_of_the_command(segment_run, dicom_image, tiny_checkpoint_to_read):
    document = json.loads((segment_run / "result.json").read_text(encoding="utf-8"))
    segmenter = Segmenter.from_checkpoint(str(tiny_checkpoint_to_read), "cpu")
    result = segmenter.segment(read_radiograph(dicom_image), document["note"], threshold=document["threshold"])
    assert result.prompt == document["prompt"]
    assert [each.identifier for each in result.segments] == [each["id"] for each in document["segments"]]
