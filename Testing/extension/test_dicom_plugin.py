"""The DICOM plugin: a segmentation of a radiograph out of the scene into a file and back, by rows and columns."""

from __future__ import annotations

import logging
import types
from dataclasses import asdict, fields
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

from CausalCLIPSegLib import scene
from CausalCLIPSegLib.colors import BY_SIDE
from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
from CausalCLIPSegLib.segmentation.segmentation import CodedSegment
from CausalCLIPSegLib.terminology import CATEGORY, CONTEXT_NAME, LATERALITY, LUNG, code_of
from CausalCLIPSegLib.worker.jobs.export import export as run_export
from CausalCLIPSegLib.worker.protocol import ExportRequest

MASK = (slice(100, 160), slice(30, 90))
OWN_IMPORT, OWN_EXPORT = 0.95, 1.0
"""Confidence of the plugin that Slicer has of its own, in DICOMSegmentationPlugin.py."""


@pytest.fixture
def film_file(tmp_path) -> Path:
    """A real chest film with the identifiers of an image of its own."""
    dataset = pydicom.dcmread(get_testdata_file("RG1_UNCR.dcm", download=False))
    dataset.SOPInstanceUID = generate_uid()
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    path = tmp_path / "film.dcm"
    dataset.save_as(path)
    return path


@pytest.fixture
def database(slicer):
    """Slicer's DICOM database, empty."""
    slicer.dicomDatabase.files.clear()
    return slicer.dicomDatabase


@pytest.fixture
def loaded(slicer, database, film_file):
    """The real film in the database and in the scene."""
    return load(slicer, film_file)


@pytest.fixture
def small(slicer, database, tmp_path):
    """A small film in the database and in the scene."""
    save_dx(make_dx((48, 40)), tmp_path / "small.dcm")
    return load(slicer, tmp_path / "small.dcm")


@pytest.fixture
def plugin(slicer):
    import CausalCLIPSegDICOM

    return CausalCLIPSegDICOM.CausalCLIPSegDICOMPlugin()


def load(slicer, path):
    """Put a film into the database and the scene, as Slicer's DICOM module does."""
    slicer.dicomDatabase.insert(str(path))
    volume = slicer.util.loadVolume(str(path))
    volume.SetAttribute("DICOM.instanceUIDs", str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID))
    return volume


def outlined(slicer, volume, *masks):
    """Outline a film; return the node and its item of the subject hierarchy."""
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
    """Export as Slicer's dialog does, into a folder; return the file."""
    before = set(folder.glob("*.dcm"))
    (exportable,) = plugin.examineForExport(item)
    exportable.directory = str(folder)
    assert plugin.export([exportable]) == ""
    (path,) = set(folder.glob("*.dcm")) - before
    return path


def segmentations(slicer):
    return slicer.util.getNodesByClass("vtkMRMLSegmentationNode")


def masks_of(node, film):
    return [one["mask"] for one in scene.describe_segments(node, film)]


# -- out and back -----------------------------------------------------------------------------------------------------


def test_out_and_back_is_the_same_pixels_on_the_same_film(slicer, plugin, loaded, tmp_path):
    node, item = outlined(slicer, loaded)
    (mask,) = masks_of(node, loaded)
    (exportable,) = plugin.examineForExport(item)
    assert "radiograph" in exportable.tooltip
    assert exportable.pluginClass == "CausalCLIPSegDICOM"
    assert exportable.confidence > OWN_EXPORT
    written = export(plugin, item, tmp_path)
    assert slicer.dicomDatabase.inserted[-1] == str(written)

    (loadable,) = plugin.examineForImport([[str(written)]])
    assert loadable.selected
    assert loadable.confidence > OWN_IMPORT
    assert loadable.warning == ""
    assert "radiograph" in loadable.tooltip
    slicer.mrmlScene.RemoveNode(node)
    assert plugin.load(loadable)
    (back,) = segmentations(slicer)
    assert back.GetNodeReference(back.GetReferenceImageGeometryReferenceRole()) is loaded
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    film, segmentation = (item_of(slicer, one) for one in (loaded, back))
    assert hierarchy.GetItemParent(segmentation) == hierarchy.GetItemParent(film)
    assert hierarchy.GetItemUID(segmentation, "DICOM") == pydicom.dcmread(written).SeriesInstanceUID
    (segment,) = scene.describe_segments(back, loaded)
    assert np.array_equal(segment["mask"], mask)
    assert segment["name"] == "Opacity 0, right lung"
    assert segment["side"] == "right"
    assert segment["color"] == pytest.approx((0.9, 0.62, 0.0), abs=0.02)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=arrays.arrays(bool, st.tuples(st.integers(1, 4), st.just(48), st.just(40))))
def test_any_outlines_come_back_also_where_they_overlap(slicer, plugin, small, tmp_path, drawn):
    drawn[:, 0, 0] = True  # an empty segment is left out
    node, item = outlined(slicer, small, *drawn)
    (loadable,) = plugin.examineFiles([str(export(plugin, item, tmp_path))])
    slicer.mrmlScene.RemoveNode(node)
    assert plugin.load(loadable)
    (back,) = segmentations(slicer)
    assert np.array_equal(masks_of(back, small), drawn)
    slicer.mrmlScene.RemoveNode(back)


def test_rows_and_columns_count_where_the_film_lies_elsewhere_in_space(slicer, plugin, small, tmp_path):
    node, item = outlined(slicer, small, np.eye(48, 40, dtype=bool))
    (loadable,) = plugin.examineFiles([str(export(plugin, item, tmp_path))])
    slicer.mrmlScene.RemoveNode(node)
    small.SetSpacing(0.31, 0.7, 2)
    small.SetOrigin(-10, 20, 30)
    assert plugin.load(loadable)
    (back,) = segmentations(slicer)
    assert np.array_equal(masks_of(back, small)[0], np.eye(48, 40, dtype=bool))


def test_the_film_comes_along_where_it_is_not_in_the_scene(slicer, plugin, loaded, tmp_path):
    node, item = outlined(slicer, loaded)
    (mask,) = masks_of(node, loaded)
    (loadable,) = plugin.examineFiles([str(export(plugin, item, tmp_path))])
    slicer.mrmlScene.Clear(0)
    assert plugin.load(loadable)
    (film,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    (node,) = segmentations(slicer)
    assert np.array_equal(masks_of(node, film)[0], mask)


def test_of_a_series_with_two_films_only_its_own_comes_along(slicer, plugin, small, tmp_path):
    _, item = outlined(slicer, small, np.eye(48, 40, dtype=bool))
    (loadable,) = plugin.examineFiles([str(export(plugin, item, tmp_path))])
    save_dx(make_dx((30, 20), SOPInstanceUID="2.25.777"), tmp_path / "lateral.dcm")
    slicer.dicomDatabase.insert(str(tmp_path / "lateral.dcm"))
    slicer.mrmlScene.Clear(0)
    assert plugin.load(loadable)
    (film,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    assert film.GetAttribute("DICOM.instanceUIDs") == "2.25.102"
    assert np.array_equal(masks_of(segmentations(slicer)[0], film)[0], np.eye(48, 40, dtype=bool))


def run_result(folder, mask):
    """What the worker answers to "segment": one segment on the patient's right."""
    np.save(folder / "mask.npy", mask)
    segment = {
        "id": "infection_right",
        "name": "Pulmonary infection, right lung",
        "kind": "consolidation",
        "side": "right",
        "color": BY_SIDE["right"],
        "mask": str(folder / "mask.npy"),
        "terminology": {
            "context": CONTEXT_NAME,
            "category": asdict(CATEGORY),
            "type": asdict(code_of("consolidation")),
            "region": asdict(LUNG),
            "region_modifier": asdict(LATERALITY["right"]),
        },
    }
    return {
        "rows": mask.shape[0],
        "columns": mask.shape[1],
        "mirrored": False,
        "segments": [segment],
        "threshold": 0.4,
        "understood": {"prompt": "Unilateral pulmonary infection.", "prompt_laterality": "viewer"},
        "provenance": {
            "checkpoint": {"name": "qata-lite0", "version": "2", "sha256": "3fa9bc12" * 8},
            "device": "cpu",
            "version": "0.1.0",
            "seconds": {},
        },
    }


def export_by_panel(node, volume, film, result, folder):
    """Export as the panel does, through the worker's job; return what the file holds."""
    request = ExportRequest(
        id="export",
        request="export",
        image={"kind": "file", "path": film},
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
    assert segment.algorithm.parameters["sentence"] == "Unilateral pulmonary infection."
    for field in fields(CodedSegment):
        if field.name != "mask":
            assert getattr(by_dialog.segments[0], field.name) == getattr(segment, field.name), field.name
    for name in ("label", "algorithm_type", "algorithm", "tracking_id", "tracking_uid", "color"):
        assert getattr(by_dialog.segments[1], name) == getattr(drawn, name), name
    for ours, other in zip(by_dialog.segments, by_panel.segments, strict=True):
        assert np.array_equal(ours.mask, other.mask)
    dialog_file, panel_file = (
        pydicom.dcmread(next((tmp_path / folder).glob("*.dcm"))) for folder in ("dialog", "panel")
    )
    assert dialog_file.DeviceSerialNumber == panel_file.DeviceSerialNumber


# -- what cannot be loaded --------------------------------------------------------------------------------------------


def test_a_segmentation_without_its_film_says_so_before_and_when_it_is_loaded(slicer, plugin, small, tmp_path, caplog):
    sentence = "The radiograph of this segmentation is not in the DICOM database. Import it first."
    _, item = outlined(slicer, small, np.ones((48, 40), bool))
    written = export(plugin, item, tmp_path)
    film = slicer.dicomDatabase.files.pop(small.GetAttribute("DICOM.instanceUIDs"))
    slicer.mrmlScene.Clear(0)
    (loadable,) = plugin.examineForImport([[str(written)]])
    assert loadable.warning == sentence
    assert not loadable.selected
    with caplog.at_level(logging.ERROR):
        assert not plugin.load(loadable)
    assert sentence in caplog.text
    assert segmentations(slicer) == []
    slicer.dicomDatabase.insert(film)  # what was found earlier does not count
    (loadable,) = plugin.examineForImport([[str(written)]])
    assert loadable.warning == ""
    assert plugin.load(loadable)


def test_a_film_that_was_cropped_is_told_and_leaves_nothing_behind(slicer, plugin, small, tmp_path, caplog):
    node, item = outlined(slicer, small, np.ones((48, 40), bool))
    (loadable,) = plugin.examineFiles([str(export(plugin, item, tmp_path))])
    slicer.mrmlScene.RemoveNode(node)
    slicer.util.updateVolumeFromArray(small, np.zeros((1, 20, 20), np.int16))
    with caplog.at_level(logging.ERROR):
        assert not plugin.load(loadable)
    assert "The segmentation has another size than the radiograph." in caplog.text
    assert segmentations(slicer) == []


def test_nothing_is_offered_of_what_is_no_outline_of_a_radiograph(slicer, plugin, small, tmp_path):
    _, item = outlined(slicer, small, np.ones((48, 40), bool))
    written = export(plugin, item, tmp_path)
    assert plugin.examineFiles([str(tmp_path / "small.dcm")]) == []
    film = slicer.dicomDatabase.files.pop(small.GetAttribute("DICOM.instanceUIDs"))
    other = pydicom.dcmread(written)
    for item in other.ReferencedSeriesSequence[0].ReferencedInstanceSequence:
        item.ReferencedSOPClassUID = uid.CTImageStorage
    frames = (*other.PerFrameFunctionalGroupsSequence, *other.SharedFunctionalGroupsSequence)
    for group in frames:
        for derivation in group.get("DerivationImageSequence", ()):
            derivation.SourceImageSequence[0].ReferencedSOPClassUID = uid.CTImageStorage
    other.save_as(tmp_path / "of-a-ct.dcm")
    assert plugin.examineFiles([str(tmp_path / "of-a-ct.dcm")]) == []
    slicer.dicomDatabase.insert(film)
    other = pydicom.dcmread(written)
    other.SegmentationType = "FRACTIONAL"
    other.save_as(tmp_path / "probabilities.dcm")
    assert plugin.examineFiles([str(tmp_path / "probabilities.dcm")]) == []
    assert len(plugin.examineFiles([str(written), str(tmp_path / "probabilities.dcm")])) == 1


def test_nothing_is_offered_without_the_library(slicer, plugin, small, tmp_path, monkeypatch):
    from CausalCLIPSegDICOMModule import exchange

    node, item = outlined(slicer, small, np.ones((48, 40), bool))
    written = export(plugin, item, tmp_path)
    monkeypatch.setattr(exchange, "available", lambda: False)
    assert plugin.examineForImport([[str(written)]]) == []
    assert plugin.examineForExport(item) == []
    assert exchange.whyNotExported(node) == "The packages of CausalCLIPSeg are not installed."


# -- what cannot be exported ------------------------------------------------------------------------------------------


def loses_its_film(slicer, node, film):
    slicer.mrmlScene.RemoveNode(film)


def came_as_a_picture(slicer, node, film):
    film.SetAttribute("DICOM.instanceUIDs", None)


def is_not_in_the_database(slicer, node, film):
    slicer.dicomDatabase.files.clear()


def loses_its_segments(slicer, node, film):
    node.GetSegmentation().RemoveAllSegments()


def was_cropped(slicer, node, film):
    slicer.util.updateVolumeFromArray(film, np.zeros((1, 20, 20), np.int16))


def is_a_ct(slicer, node, film):
    path = Path(slicer.dicomDatabase.fileForInstance(film.GetAttribute("DICOM.instanceUIDs")))
    save_dx(make_dx((48, 40), SOPClassUID=uid.CTImageStorage, Modality="CT"), path)


def is_gone_from_the_disk(slicer, node, film):
    Path(slicer.dicomDatabase.fileForInstance(film.GetAttribute("DICOM.instanceUIDs"))).unlink()


@pytest.mark.parametrize(
    ("happens", "sentence"),
    [
        (loses_its_film, "The segmentation lies on no radiograph."),
        (came_as_a_picture, "The radiograph did not come from the DICOM database."),
        (is_not_in_the_database, "The radiograph did not come from the DICOM database."),
        (is_gone_from_the_disk, "The radiograph did not come from the DICOM database."),
        (loses_its_segments, "Nothing is outlined."),
        (was_cropped, "The radiograph was cropped or resampled, so outlines do not fit."),
        (is_a_ct, "The header does not say which kind of radiograph it is, so a DICOM-SEG cannot refer to it."),
    ],
)
def test_what_would_fail_is_not_offered_and_says_why(slicer, plugin, small, tmp_path, happens, sentence):
    node, item = outlined(slicer, small, np.ones((48, 40), bool))
    (exportable,) = plugin.examineForExport(item)
    exportable.directory = str(tmp_path / "out")
    (tmp_path / "out").mkdir()
    happens(slicer, node, small)
    assert plugin.examineForExport(item) == []
    assert plugin.export([exportable]) == sentence  # it happened while the dialog was open
    assert list((tmp_path / "out").iterdir()) == []


def test_empty_segments_are_left_out_and_nothing_else_is_no_segmentation(slicer, plugin, small, tmp_path):
    full, empty = np.ones((48, 40), bool), np.zeros((48, 40), bool)
    node, item = outlined(slicer, small, full, empty)
    assert len(pydicom.dcmread(export(plugin, item, tmp_path)).SegmentSequence) == 1
    scene.set_mask(node, "opacity_0", small, empty)
    (exportable,) = plugin.examineForExport(item)
    exportable.directory = str(tmp_path)
    assert plugin.export([exportable]) == "Nothing is outlined."


def test_a_folder_that_cannot_be_written_is_told(slicer, plugin, small, tmp_path):
    _, item = outlined(slicer, small, np.ones((48, 40), bool))
    (exportable,) = plugin.examineForExport(item)
    exportable.directory = str(tmp_path / "nowhere")
    assert "nowhere" in plugin.export([exportable])


def test_an_export_replaces_no_other_file(slicer, plugin, small, tmp_path):
    node, item = outlined(slicer, small, np.ones((48, 40), bool))
    first = export(plugin, item, tmp_path)
    before = first.read_bytes()
    scene.set_mask(node, "opacity_0", small, np.eye(48, 40, dtype=bool))
    second = export(plugin, item, tmp_path)
    assert first.read_bytes() == before
    assert first != second


def test_only_segmentations_are_exported(slicer, plugin, small):
    assert plugin.examineForExport(item_of(slicer, small)) == []


# -- the module -------------------------------------------------------------------------------------------------------


def test_the_module_is_hidden_and_registers_its_plugin_last_under_its_own_name(slicer, monkeypatch):
    import CausalCLIPSegDICOM

    monkeypatch.delattr(slicer.modules, "dicomPlugins")
    parent = types.SimpleNamespace(path=CausalCLIPSegDICOM.__file__)
    module = CausalCLIPSegDICOM.CausalCLIPSegDICOM(parent)
    assert parent.hidden
    slicer.modules.dicomPlugins = {"DICOMScalarVolumePlugin": object}  # of a module that is created later
    module.setup()
    assert list(slicer.modules.dicomPlugins) == ["DICOMScalarVolumePlugin", "CausalCLIPSegDICOM"]
    assert slicer.modules.dicomPlugins["CausalCLIPSegDICOM"] is CausalCLIPSegDICOM.CausalCLIPSegDICOMPlugin


@pytest.mark.parametrize("name", ["CausalCLIPSeg", "CausalCLIPSegDICOM"])
def test_modules_say_what_slicers_generic_test_wants_to_hear(slicer, name):
    imported = __import__(name)
    parent = types.SimpleNamespace(path=imported.__file__)
    getattr(imported, name)(parent)
    said = parent.title, parent.categories, parent.contributors, parent.helpText, parent.acknowledgementText
    assert all(said), said
