"""The DICOM plugin: a segmentation of a radiograph out of the scene into a file and back, by rows and columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid

from CausalCLIPSegLib import scene

MASK = (slice(100, 160), slice(30, 90))


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
def loaded(slicer, film_file):
    """The film in the database and in the scene."""
    slicer.dicomDatabase.files.clear()
    slicer.dicomDatabase.insert(str(film_file))
    volume = slicer.util.loadVolume(str(film_file))
    volume.SetAttribute("DICOM.instanceUIDs", str(pydicom.dcmread(film_file, stop_before_pixels=True).SOPInstanceUID))
    return volume


@pytest.fixture
def plugin(slicer):
    import CausalCLIPSegDICOM

    return CausalCLIPSegDICOM.CausalCLIPSegDICOMPlugin()


def outlined(slicer, volume):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Findings")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    node.SetNodeReferenceID(node.GetReferenceImageGeometryReferenceRole(), volume.GetID())
    node.GetSegmentation().AddEmptySegment("opacity_right", "Opacity, right lung", (0.9, 0.62, 0.0))
    segment = node.GetSegmentation().GetSegment("opacity_right")
    segment.SetTag(scene.SIDE_TAG, "right")
    segment.SetTag(scene.KIND_TAG, "opacity")
    mask = np.zeros(scene.film_shape(volume), bool)
    mask[MASK] = True
    scene.set_mask(node, "opacity_right", volume, mask)
    scene.place_beside(slicer.mrmlScene, node, volume)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    return node, hierarchy.GetItemByDataNode(node), mask


def test_out_and_back_is_the_same_pixels_on_the_same_film(slicer, plugin, loaded, tmp_path):
    node, item, mask = outlined(slicer, loaded)
    (exportable,) = plugin.examineForExport(item)
    assert "radiograph" in exportable.tooltip
    assert exportable.pluginClass == "CausalCLIPSegDICOM"
    exportable.directory = str(tmp_path)
    assert plugin.export([exportable]) == ""
    (written,) = slicer.dicomDatabase.inserted[-1:]

    (loadable,) = plugin.examineForImport([[written]])
    assert loadable.selected
    assert "radiograph" in loadable.tooltip
    slicer.mrmlScene.RemoveNode(node)
    assert plugin.load(loadable)
    back = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")[0]
    assert back.GetNodeReference(back.GetReferenceImageGeometryReferenceRole()) is loaded
    (segment,) = scene.describe_segments(back, loaded)
    assert np.array_equal(segment["mask"], mask)
    assert segment["name"] == "Opacity, right lung"
    assert segment["side"] == "right"
    assert segment["color"] == pytest.approx((0.9, 0.62, 0.0), abs=0.02)


def test_the_film_comes_along_where_it_is_not_in_the_scene(slicer, plugin, loaded, tmp_path):
    _, item, mask = outlined(slicer, loaded)
    (exportable,) = plugin.examineForExport(item)
    exportable.directory = str(tmp_path)
    assert plugin.export([exportable]) == ""
    (loadable,) = plugin.examineFiles([slicer.dicomDatabase.inserted[-1]])
    slicer.mrmlScene.Clear(0)
    assert plugin.load(loadable)
    film = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")[0]
    node = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")[0]
    assert np.array_equal(scene.describe_segments(node, film)[0]["mask"], mask)


def test_nothing_is_offered_that_would_fail(slicer, plugin, loaded, film_file, tmp_path):
    assert plugin.examineFiles([str(film_file)]) == []
    node, item, _ = outlined(slicer, loaded)
    scene.set_mask(node, "opacity_right", loaded, np.zeros(scene.film_shape(loaded), bool))
    (exportable,) = plugin.examineForExport(item)
    exportable.directory = str(tmp_path)
    assert plugin.export([exportable]) == "Nothing is outlined."
    loaded.SetAttribute("DICOM.instanceUIDs", None)
    assert plugin.examineForExport(item) == []


def test_a_segmentation_whose_film_is_not_in_the_database_is_not_offered(slicer, plugin, loaded, tmp_path):
    _, item, _ = outlined(slicer, loaded)
    (exportable,) = plugin.examineForExport(item)
    exportable.directory = str(tmp_path)
    assert plugin.export([exportable]) == ""
    written = slicer.dicomDatabase.inserted[-1]
    slicer.dicomDatabase.files.pop(loaded.GetAttribute("DICOM.instanceUIDs"))
    assert plugin.examineFiles([written]) == []


def test_the_module_is_hidden_and_registers_its_plugin_under_its_own_name(slicer):
    import types

    import CausalCLIPSegDICOM

    parent = types.SimpleNamespace(path=CausalCLIPSegDICOM.__file__)
    CausalCLIPSegDICOM.CausalCLIPSegDICOM(parent)
    assert parent.hidden
    assert slicer.modules.dicomPlugins["CausalCLIPSegDICOM"] is CausalCLIPSegDICOM.CausalCLIPSegDICOMPlugin
