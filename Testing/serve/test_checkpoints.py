"""Clients choose among the checkpoints of a server by name."""

import io

import numpy as np
import pytest
from pydicom import dcmread

from CausalCLIPSegLib import Segmenter, read_radiograph

NOTE = "Consolidation in the right lower zone."
LOW = 0.01
"""A threshold that every pixel reaches with any weights."""


def test_the_server_lists_its_own_checkpoint_first(server):
    described = server.ask("GET", "server").json
    names = [each["name"] for each in described["checkpoints"]]
    assert described["checkpoint"] == described["checkpoints"][0]
    assert names[0] == "tiny"
    assert {"second", "causalclipseg-lite0"} <= set(names)
    assert len(names) == len(set(names))
    assert all(each["title"] and each["summary"] for each in described["checkpoints"])


def test_each_run_uses_the_checkpoint_that_it_names_and_no_features_of_another(
    server, opened, dx_image, tmp_path, tiny_checkpoint_to_read, tiny_reclmis_to_read
):
    file = tmp_path / "image.dcm"
    file.write_bytes(dx_image)
    radiograph = read_radiograph(file)
    expected = {
        name: Segmenter.from_checkpoint(folder, "cpu").segment(radiograph, NOTE)
        for name, folder in (("tiny", tiny_checkpoint_to_read), ("second", tiny_reclmis_to_read))
    }
    for asked in (None, "second", "tiny", "second"):
        name = asked or "tiny"
        run = server.start_run(opened, NOTE, **({} if asked is None else {"checkpoint": asked}))
        document = server.wait(run)
        probability = np.frombuffer(server.ask("GET", f"{run}/maps/probability").content, np.uint8).reshape(48, 40)
        np.testing.assert_allclose(probability / 255, expected[name].probability, atol=0.51 / 255)
        assert document["result"]["checkpoint"]["sha256"] == expected[name].provenance.checkpoint_sha256
        assert [each["name"] for each in document["maps"][1:]] == [each.name for each in expected[name].maps]
        assert bool(document["heard"]) is (name == "second")


@pytest.mark.parametrize(("checkpoint", "algorithm"), [("tiny", "CausalCLIPSeg"), ("second", "RecLMIS")])
def test_a_dicom_seg_names_the_network_that_drew_it(server, opened, checkpoint, algorithm):
    run = server.start_run(opened, NOTE, checkpoint=checkpoint, threshold=LOW)
    assert server.wait(run)["state"] == "done"
    written = dcmread(io.BytesIO(server.ask("GET", f"{run}/export/segmentation.dcm").content))
    for segment in written.SegmentSequence:
        assert segment.SegmentAlgorithmName == algorithm
        assert segment.SegmentationAlgorithmIdentificationSequence[0].AlgorithmName == algorithm
    assert server.ask("GET", f"{run}/export/overlay.png").content.startswith(b"\x89PNG")


def test_a_note_is_read_for_the_checkpoint_that_is_named(server):
    for checkpoint in ("tiny", "second"):
        answer = server.ask("POST", "notes", json={"note": NOTE, "checkpoint": checkpoint})
        assert answer.json["prompt_laterality"] == "viewer"


@pytest.mark.parametrize("name", ["third", "../tiny", "default", "{path}", "."])
def test_a_client_cannot_name_a_path_of_the_server(server, opened, tiny_reclmis_to_read, name):
    name = name.format(path=tiny_reclmis_to_read)
    for path in (f"{opened}/runs", "notes"):
        answer = server.ask("POST", path, json={"note": NOTE, "checkpoint": name})
        assert (answer.status, answer.error) == (404, "checkpoint.unknown")
