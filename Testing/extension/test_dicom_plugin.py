"""The DICOM plugin writes segmentations of radiographs from the scene and loads them, by rows and columns."""

from __future__ import annotations

import logging
import types
from dataclasses import fields
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dx_images import make_dx, save_dx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pydicom import uid
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid
from segment_documents import segment_document

from CausalCLIPSegLib import scene
from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
from CausalCLIPSegLib.segmentation.segmentation import CodedSegment
from CausalCLIPSegLib.worker.jobs.export import export as run_export
from CausalCLIPSegLib.worker.protocol import ExportRequest

PROMPT = "Unilateral pulmonary infection."
MASK = (slice(100, 160), slice(30, 90))
SLICERS_IMPORT_CONFIDENCE, SLICERS_EXPORT_CONFIDENCE = 0.95, 1.0
"""Confidences of Slicer's own plugin, in DICOMSegmentationPlugin.py."""


@pytest.fixture
def image_file(tmp_path) -> Path:
    """A real chest radiograph with new identifiers."""
    dataset = pydicom.dcmread(get_testdata_file("RG1_UNCR.dcm", download=False))
    dataset.SOPInstanceUID = generate_uid()
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    path = tmp_path / "image.dcm"
    dataset.save_as(path)
    return path


@pytest.fixture
def database(slicer):
    """Slicer's DICOM database, which is empty."""
    slicer.dicomDatabase.files.clear()
    return slicer.dicomDatabase


@pytest.fixture
def loaded(slicer, database, image_file):
    """The real radiograph in the database and in the scene."""
    return load(slicer, image_file)


@pytest.fixture
def small(slicer, database, tmp_path):
    """A small radiograph in the database and in the scene."""
    save_dx(make_dx((48, 40)), tmp_path / "small.dcm")
    return load(slicer, tmp_path / "small.dcm")


@pytest.fixture
def plugin(slicer):
    import CausalCLIPSegDICOM

    return CausalCLIPSegDICOM.CausalCLIPSegDICOMPlugin()


def load(slicer, path):
    """Load a radiograph into the database and the scene, as Slicer's DICOM module does."""
    slicer.dicomDatabase.insert(str(path))
    volume = slicer.util.loadVolume(str(path))
    volume.SetAttribute("DICOM.instanceUIDs", str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID))
    return volume


def add_segmentation(slicer, volume, *masks):
    """Add a segmentation of a radiograph; return the node and its item of the subject hierarchy."""
    if not masks:
        masks = (np.zeros(scene.image_shape(volume), bool),)
        masks[0][MASK] = True
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Findings")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    node.SetNodeReferenceID(node.GetReferenceImageGeometryReferenceRole(), volume.GetID())
    for number, mask in enumerate(masks):
        identifier = f"opacity_{number}"
        node.GetSegmentation().AddEmptySegment(identifier, f"Opacity {number}, right lung", (0.9, 0.62, 0.0))
        segment = node.GetSegmentation().GetSegment(identifier)
        segment.SetTag(scene.SIDE_TAG, "right")
        segment.SetTag(scene.KIND_TAG, "opacity")
        scene.set_mask(node, identifier, volume, mask)
    scene.place_beside(slicer.mrmlScene, node, volume)
    return node, item_of(slicer, node)


def item_of(slicer, node):
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene).GetItemByDataNode(node)


def export(plugin, item, folder) -> Path:
    """Export into a folder as Slicer's dialog does; return the file."""
    before = set(folder.glob("*.dcm"))
    (exportable,) = plugin.examineForExport(item)
    exportable.directory = str(folder)
    assert plugin.export([exportable]) == ""
    (path,) = set(folder.glob("*.dcm")) - before
    return path


def segmentations(slicer):
    return slicer.util.getNodesByClass("vtkMRMLSegmentationNode")


def masks_of(node, volume):
    return [segment["mask"] for segment in scene.describe_segments(node, volume)]


def test_export_and_import_keep_mask_name_side_and_color(slicer, plugin, loaded, tmp_path):
    node, item = add_segmentation(slicer, loaded)
    (mask,) = masks_of(node, loaded)
    (exportable,) = plugin.examineForExport(item)
    assert "radiograph" in exportable.tooltip
    assert exportable.pluginClass == "CausalCLIPSegDICOM"
    assert exportable.confidence > SLICERS_EXPORT_CONFIDENCE
    written = export(plugin, item, tmp_path)
    assert slicer.dicomDatabase.inserted[-1] == str(written)

    (loadable,) = plugin.examineForImport([[str(written)]])
    assert loadable.selected
    assert loadable.confidence > SLICERS_IMPORT_CONFIDENCE
    assert loadable.warning == ""
    assert "radiograph" in loadable.tooltip
    slicer.mrmlScene.RemoveNode(node)
    assert plugin.load(loadable)
    (imported,) = segmentations(slicer)
    assert imported.GetNodeReference(imported.GetReferenceImageGeometryReferenceRole()) is loaded
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    radiograph, segmentation = item_of(slicer, loaded), item_of(slicer, imported)
    assert hierarchy.GetItemParent(segmentation) == hierarchy.GetItemParent(radiograph)
    assert hierarchy.GetItemUID(segmentation, "DICOM") == pydicom.dcmread(written).SeriesInstanceUID
    (segment,) = scene.describe_segments(imported, loaded)
    assert np.array_equal(segment["mask"], mask)
    assert segment["name"] == "Opacity 0, right lung"
    assert segment["side"] == "right"
    assert segment["color"] == pytest.approx((0.9, 0.62, 0.0), abs=0.02)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(masks=arrays.arrays(bool, st.tuples(st.integers(1, 4), st.just(48), st.just(40))))
def test_export_and_import_keep_masks_even_if_they_overlap(slicer, plugin, small, tmp_path, masks):
    masks[:, 0, 0] = True  # an empty segment is left out
    node, item = add_segmentation(slicer, small, *masks)
    (loadable,) = plugin.examineFiles([str(export(plugin, item, tmp_path))])
    slicer.mrmlScene.RemoveNode(node)
    assert plugin.load(loadable)
    (imported,) = segmentations(slicer)
    assert np.array_equal(masks_of(imported, small), masks)
    slicer.mrmlScene.RemoveNode(imported)


def test_import_places_masks_by_rows_and_columns_wherever_the_volume_lies(slicer, plugin, small, tmp_path):
    node, item = add_segmentation(slicer, small, np.eye(48, 40, dtype=bool))
    (loadable,) = plugin.examineFiles([str(export(plugin, item, tmp_path))])
    slicer.mrmlScene.RemoveNode(node)
    small.SetSpacing(0.31, 0.7, 2)
    small.SetOrigin(-10, 20, 30)
    assert plugin.load(loadable)
    (imported,) = segmentations(slicer)
    assert np.array_equal(masks_of(imported, small)[0], np.eye(48, 40, dtype=bool))


def test_loads_the_radiograph_if_it_is_not_in_the_scene(slicer, plugin, loaded, tmp_path):
    node, item = add_segmentation(slicer, loaded)
    (mask,) = masks_of(node, loaded)
    (loadable,) = plugin.examineFiles([str(export(plugin, item, tmp_path))])
    slicer.mrmlScene.Clear(0)
    assert plugin.load(loadable)
    (volume,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    (node,) = segmentations(slicer)
    assert np.array_equal(masks_of(node, volume)[0], mask)


def test_loads_only_its_own_radiograph_from_a_series_of_two(slicer, plugin, small, tmp_path):
    _, item = add_segmentation(slicer, small, np.eye(48, 40, dtype=bool))
    (loadable,) = plugin.examineFiles([str(export(plugin, item, tmp_path))])
    save_dx(make_dx((30, 20), SOPInstanceUID="2.25.777"), tmp_path / "lateral.dcm")
    slicer.dicomDatabase.insert(str(tmp_path / "lateral.dcm"))
    slicer.mrmlScene.Clear(0)
    assert plugin.load(loadable)
    (volume,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    assert volume.GetAttribute("DICOM.instanceUIDs") == "2.25.102"
    assert np.array_equal(masks_of(segmentations(slicer)[0], volume)[0], np.eye(48, 40, dtype=bool))


def run_result(folder, mask):
    """Return the worker's answer to "segment": one segment on the patient's right."""
    np.save(folder / "mask.npy", mask)
    segment = {**segment_document("right", "consolidation"), "mask": str(folder / "mask.npy")}
    return {
        "rows": mask.shape[0],
        "columns": mask.shape[1],
        "mirrored": False,
        "segments": [segment],
        "threshold": 0.4,
        "understood": {"prompt": PROMPT, "prompt_laterality": "viewer"},
        "provenance": {
            "checkpoint": {"name": "qata-lite0", "version": "2", "sha256": "3fa9bc12" * 8},
            "device": "cpu",
            "version": "0.1.0",
            "seconds": {},
        },
    }


def export_by_panel(node, volume, image, result, folder):
    """Export as the panel does, through the worker's job; return the segmentation in the file."""
    request = ExportRequest(
        id="export",
        request="export",
        image={"kind": "file", "path": image},
        segments=scene.save_segments(node, volume, folder),
        formats=["dicom-seg"],
        output=folder / "panel",
        note="Consolidation on the right.",
        with_note=False,
        prompt=result["understood"]["prompt"],
        prompt_laterality=result["understood"]["prompt_laterality"],
        threshold=result["threshold"],
        provenance=result["provenance"],
    )
    return read_dicom_seg(run_export(request, lambda phase, fraction: None).files["dicom-seg"])


def test_the_panel_and_the_dialog_write_the_same_metadata(slicer, plugin, small, tmp_path):
    mask = np.zeros((48, 40), bool)
    mask[10:20, 5:15] = True
    result = run_result(tmp_path, mask)
    node = scene.show_result(slicer.mrmlScene, small, result)
    node.GetSegmentation().AddEmptySegment("Segment_1", "Tube", (0.0, 0.5, 0.0))
    scene.set_mask(node, "Segment_1", small, ~mask)
    (tmp_path / "dialog").mkdir()
    by_dialog = read_dicom_seg(export(plugin, item_of(slicer, node), tmp_path / "dialog"))
    by_panel = export_by_panel(node, small, tmp_path / "small.dcm", result, tmp_path)
    segment, drawn = by_panel.segments
    assert segment.algorithm.source == "qata-lite0"
    assert segment.algorithm.parameters["sentence"] == PROMPT
    for field in fields(CodedSegment):
        if field.name != "mask":
            assert getattr(by_dialog.segments[0], field.name) == getattr(segment, field.name), field.name
    for name in ("label", "algorithm_type", "algorithm", "tracking_id", "tracking_uid", "color"):
        assert getattr(by_dialog.segments[1], name) == getattr(drawn, name), name
    for dialog_segment, panel_segment in zip(by_dialog.segments, by_panel.segments, strict=True):
        assert np.array_equal(dialog_segment.mask, panel_segment.mask)
    dialog_file, panel_file = (
        pydicom.dcmread(next((tmp_path / folder).glob("*.dcm"))) for folder in ("dialog", "panel")
    )
    assert dialog_file.DeviceSerialNumber == panel_file.DeviceSerialNumber


def test_warns_about_a_missing_radiograph_and_does_not_load(slicer, plugin, small, tmp_path, caplog):
    message = "The radiograph of this segmentation is not in the DICOM database. Import it first."
    _, item = add_segmentation(slicer, small, np.ones((48, 40), bool))
    written = export(plugin, item, tmp_path)
    image = slicer.dicomDatabase.files.pop(small.GetAttribute("DICOM.instanceUIDs"))
    slicer.mrmlScene.Clear(0)
    (loadable,) = plugin.examineForImport([[str(written)]])
    assert loadable.warning == message
    assert not loadable.selected
    with caplog.at_level(logging.ERROR):
        assert not plugin.load(loadable)
    assert message in caplog.text
    assert segmentations(slicer) == []
    slicer.dicomDatabase.insert(image)  # the earlier answer is not cached
    (loadable,) = plugin.examineForImport([[str(written)]])
    assert loadable.warning == ""
    assert plugin.load(loadable)


def test_load_fails_on_a_cropped_radiograph_and_leaves_the_scene_as_it_was(slicer, plugin, small, tmp_path, caplog):
    node, item = add_segmentation(slicer, small, np.ones((48, 40), bool))
    (loadable,) = plugin.examineFiles([str(export(plugin, item, tmp_path))])
    slicer.mrmlScene.RemoveNode(node)
    slicer.util.updateVolumeFromArray(small, np.zeros((1, 20, 20), np.int16))
    with caplog.at_level(logging.ERROR):
        assert not plugin.load(loadable)
    assert "The segmentation has another size than the radiograph." in caplog.text
    assert segmentations(slicer) == []


def test_looks_at_one_file_of_a_series_that_is_no_segmentation(plugin, slicer, monkeypatch):
    looked = []
    monkeypatch.setattr(slicer.dicomDatabase, "fileValue", lambda path, tag: looked.append(path) or "CT")
    assert plugin.examineForImport([[f"slice-{number}.dcm" for number in range(600)], []]) == []
    assert looked == ["slice-0.dcm"]


def test_offers_only_segmentations_of_radiographs(slicer, plugin, small, tmp_path):
    _, item = add_segmentation(slicer, small, np.ones((48, 40), bool))
    written = export(plugin, item, tmp_path)
    assert plugin.examineFiles([str(tmp_path / "small.dcm")]) == []
    image = slicer.dicomDatabase.files.pop(small.GetAttribute("DICOM.instanceUIDs"))
    other = pydicom.dcmread(written)
    for item in other.ReferencedSeriesSequence[0].ReferencedInstanceSequence:
        item.ReferencedSOPClassUID = uid.CTImageStorage
    frames = (*other.PerFrameFunctionalGroupsSequence, *other.SharedFunctionalGroupsSequence)
    for group in frames:
        for derivation in group.get("DerivationImageSequence", ()):
            derivation.SourceImageSequence[0].ReferencedSOPClassUID = uid.CTImageStorage
    other.save_as(tmp_path / "of-a-ct.dcm")
    assert plugin.examineFiles([str(tmp_path / "of-a-ct.dcm")]) == []
    slicer.dicomDatabase.insert(image)
    other = pydicom.dcmread(written)
    other.SegmentationType = "FRACTIONAL"
    other.save_as(tmp_path / "probabilities.dcm")
    assert plugin.examineFiles([str(tmp_path / "probabilities.dcm")]) == []
    assert len(plugin.examineFiles([str(written), str(tmp_path / "probabilities.dcm")])) == 1


def test_offers_nothing_without_the_library(slicer, plugin, small, tmp_path, monkeypatch):
    from CausalCLIPSegDICOMModule import exchange

    node, item = add_segmentation(slicer, small, np.ones((48, 40), bool))
    written = export(plugin, item, tmp_path)
    monkeypatch.setattr(exchange, "available", lambda: False)
    assert plugin.examineForImport([[str(written)]]) == []
    assert plugin.examineForExport(item) == []
    assert exchange.whyNotExported(node) == "The packages of CausalCLIPSeg are not installed."


def remove_radiograph(slicer, node, volume):
    slicer.mrmlScene.RemoveNode(volume)


def load_as_picture(slicer, node, volume):
    volume.SetAttribute("DICOM.instanceUIDs", None)


def clear_database(slicer, node, volume):
    slicer.dicomDatabase.files.clear()


def remove_segments(slicer, node, volume):
    node.GetSegmentation().RemoveAllSegments()


def crop(slicer, node, volume):
    slicer.util.updateVolumeFromArray(volume, np.zeros((1, 20, 20), np.int16))


def become_ct(slicer, node, volume):
    path = Path(slicer.dicomDatabase.fileForInstance(volume.GetAttribute("DICOM.instanceUIDs")))
    save_dx(make_dx((48, 40), SOPClassUID=uid.CTImageStorage, Modality="CT"), path)


def delete_file(slicer, node, volume):
    Path(slicer.dicomDatabase.fileForInstance(volume.GetAttribute("DICOM.instanceUIDs"))).unlink()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (remove_radiograph, "The segmentation does not lie on a radiograph."),
        (load_as_picture, "The radiograph did not come from the DICOM database."),
        (clear_database, "The radiograph did not come from the DICOM database."),
        (delete_file, "The radiograph did not come from the DICOM database."),
        (remove_segments, "Nothing is outlined."),
        (crop, "The radiograph was cropped or resampled, so the outlines do not fit it."),
        (become_ct, "The header does not say which kind of radiograph it is, so a DICOM-SEG cannot refer to it."),
    ],
)
def test_offers_no_export_that_would_fail_and_says_why(slicer, plugin, small, tmp_path, change, reason):
    node, item = add_segmentation(slicer, small, np.ones((48, 40), bool))
    (exportable,) = plugin.examineForExport(item)
    exportable.directory = str(tmp_path / "out")
    (tmp_path / "out").mkdir()
    change(slicer, node, small)
    assert plugin.examineForExport(item) == []
    assert plugin.export([exportable]) == reason  # the change came while the dialog was open
    assert list((tmp_path / "out").iterdir()) == []


def test_export_leaves_out_empty_segments_and_fails_if_all_are_empty(slicer, plugin, small, tmp_path):
    full, empty = np.ones((48, 40), bool), np.zeros((48, 40), bool)
    node, item = add_segmentation(slicer, small, full, empty)
    assert len(pydicom.dcmread(export(plugin, item, tmp_path)).SegmentSequence) == 1
    scene.set_mask(node, "opacity_0", small, empty)
    (exportable,) = plugin.examineForExport(item)
    exportable.directory = str(tmp_path)
    assert plugin.export([exportable]) == "Nothing is outlined."


def test_export_reports_a_folder_that_cannot_be_written(slicer, plugin, small, tmp_path):
    _, item = add_segmentation(slicer, small, np.ones((48, 40), bool))
    (exportable,) = plugin.examineForExport(item)
    exportable.directory = str(tmp_path / "nowhere")
    assert "nowhere" in plugin.export([exportable])


def test_a_second_export_writes_another_file(slicer, plugin, small, tmp_path):
    node, item = add_segmentation(slicer, small, np.ones((48, 40), bool))
    first = export(plugin, item, tmp_path)
    before = first.read_bytes()
    scene.set_mask(node, "opacity_0", small, np.eye(48, 40, dtype=bool))
    second = export(plugin, item, tmp_path)
    assert first.read_bytes() == before
    assert first != second


def test_offers_to_export_only_segmentations(slicer, plugin, small):
    assert plugin.examineForExport(item_of(slicer, small)) == []


def test_the_module_is_hidden_and_registers_its_plugin_last(slicer, monkeypatch):
    import CausalCLIPSegDICOM

    monkeypatch.delattr(slicer.modules, "dicomPlugins")
    parent = types.SimpleNamespace(path=CausalCLIPSegDICOM.__file__)
    module = CausalCLIPSegDICOM.CausalCLIPSegDICOM(parent)
    assert parent.hidden
    slicer.modules.dicomPlugins = {"DICOMScalarVolumePlugin": object}  # registered by a module that was created later
    module.setup()
    assert list(slicer.modules.dicomPlugins) == ["DICOMScalarVolumePlugin", "CausalCLIPSegDICOM"]
    assert slicer.modules.dicomPlugins["CausalCLIPSegDICOM"] is CausalCLIPSegDICOM.CausalCLIPSegDICOMPlugin


@pytest.mark.parametrize("name", ["CausalCLIPSeg", "CausalCLIPSegDICOM"])
def test_modules_have_the_texts_that_slicers_generic_test_requires(slicer, name):
    imported = __import__(name)
    parent = types.SimpleNamespace(path=imported.__file__)
    getattr(imported, name)(parent)
    texts = parent.title, parent.categories, parent.contributors, parent.helpText, parent.acknowledgementText
    assert all(texts), texts
