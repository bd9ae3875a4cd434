"""From a volume in a Slicer scene to the worker's result, a correction of it, and a DICOM-SEG of the correction."""

import highdicom
import numpy as np
import pytest
import slicer
from pydicom.data import get_testdata_file

from CausalCLIPSegLib.demo import DEMO_IMAGE
from CausalCLIPSegLib.scene import (
    read_mask,
    rethreshold,
    save_radiograph,
    save_segments,
    set_mask,
    show_overlay,
    show_result,
)

IMAGE = str(get_testdata_file(DEMO_IMAGE, download=False))
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
    storage.SetFileName(IMAGE)
    assert storage.ReadData(node) == 1
    return node


def test_exports_the_corrected_segments_of_a_scene_as_dicom_seg(
    worker, scene, volume, tiny_checkpoint_to_read, tmp_path
):
    image = {**save_radiograph(volume, tmp_path / "image.npy"), "header": IMAGE}
    options = {"note": NOTE, "device": "cpu", "checkpoint": str(tiny_checkpoint_to_read), "threshold": 0.3}
    result = worker.ask("segment", image=image, **options, output=str(tmp_path / "scene"))
    of_file = worker.ask("segment", image={"kind": "file", "path": IMAGE}, **options, output=str(tmp_path / "file"))
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
    corrected = result["segments"][0]["id"]
    mask = read_mask(segmentation, corrected, volume)
    mask[100:120, 200:260] = True
    set_mask(segmentation, corrected, volume, mask)

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
    identifiers = segmentation.GetSegmentation().GetSegmentIDs()
    masks = {identifier: read_mask(segmentation, identifier, volume) for identifier in identifiers}
    masks = {identifier: mask for identifier, mask in masks.items() if mask.any()}
    assert len(masks) == pixels.shape[-1]
    for number, (identifier, mask) in enumerate(masks.items()):
        np.testing.assert_array_equal(pixels[..., number] != 0, mask)
        algorithm_type = seg.get_segment_description(number + 1).SegmentAlgorithmType
        assert algorithm_type == ("SEMIAUTOMATIC" if identifier == corrected else "AUTOMATIC")
