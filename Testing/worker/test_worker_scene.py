"""The whole way that Slicer goes: a film in a scene, the worker's result on it, a correction, a file of it."""

import highdicom
import numpy as np
import pytest
import slicer
from pydicom.data import get_testdata_file

from CausalCLIPSegLib.scene import (
    read_mask,
    rethreshold,
    save_radiograph,
    save_segments,
    set_mask,
    show_overlay,
    show_result,
)

FILM = str(get_testdata_file("RG1_UNCR.dcm", download=False))
NOTE = "Opacities in the right lower zone and in the left lower zone."


@pytest.fixture
def scene():
    scene = slicer.vtkMRMLScene()
    logic = slicer.vtkSlicerSegmentationsModuleLogic()
    logic.SetMRMLScene(scene)
    yield scene
    scene.Clear(True)


@pytest.fixture
def volume(scene):
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    scene.AddNode(storage)
    storage.SetSingleFile(1)
    storage.SetFileName(FILM)
    assert storage.ReadData(node) == 1
    return node


def test_from_a_scene_to_a_corrected_dicom_seg(worker, scene, volume, tiny_checkpoint_to_read, tmp_path):
    image = {**save_radiograph(volume, tmp_path / "film.npy"), "header": FILM}
    asked = {"note": NOTE, "device": "cpu", "checkpoint": str(tiny_checkpoint_to_read), "threshold": 0.3}
    result = worker.ask("segment", image=image, **asked, output=str(tmp_path / "scene"))
    of_file = worker.ask("segment", image={"kind": "file", "path": FILM}, **asked, output=str(tmp_path / "file"))
    np.testing.assert_array_equal(np.load(result["probability"]), np.load(of_file["probability"]))
    assert result["sop_instance_uid"] == of_file["sop_instance_uid"]

    segmentation = show_result(scene, volume, result)
    show_overlay(scene, volume, result, "causal_attention")
    for segment in result["segments"]:
        mask = read_mask(segmentation, segment["id"], volume)
        np.testing.assert_array_equal(mask, np.load(segment["mask"]))
    probability = np.load(result["probability"])
    threshold = float(np.quantile(probability, 0.9))
    assert rethreshold(segmentation, volume, result, probability, threshold) == []
    first = result["segments"][0]["id"]
    corrected = read_mask(segmentation, first, volume)
    corrected[100:120, 200:260] = True
    set_mask(segmentation, first, volume, corrected)

    answer = worker.ask(
        "export",
        image=image,
        segments=save_segments(segmentation, volume, tmp_path),
        formats=["dicom-seg"],
        output=str(tmp_path / "out"),
        note=NOTE,
        prompt=result["understood"]["prompt"],
        prompt_laterality=result["understood"]["prompt_laterality"],
        threshold=threshold,
        provenance=result["provenance"],
        probability=result["probability"],
    )
    assert answer["event"] == "result", answer
    seg = highdicom.seg.segread(answer["files"]["dicom-seg"])
    pixels = seg.get_pixels_by_source_instance([result["sop_instance_uid"]])[0]
    held = [
        one for one in segmentation.GetSegmentation().GetSegmentIDs() if read_mask(segmentation, one, volume).any()
    ]
    assert len(held) == pixels.shape[-1]
    for number, identifier in enumerate(held):
        np.testing.assert_array_equal(pixels[..., number] != 0, read_mask(segmentation, identifier, volume))
        kind = seg.get_segment_description(number + 1).SegmentAlgorithmType
        assert kind == ("SEMIAUTOMATIC" if identifier == first else "AUTOMATIC")
