"""A segmentation that was corrected in Slicer is exported as the next object of its series."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pydicom
import pytest
from dx_images import make_dx, save_dx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from CausalCLIPSegLib import scene
from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
from CausalCLIPSegLib.segmentation.dicom_writer import encode, save
from CausalCLIPSegLib.segmentation.segmentation import Algorithm, CodedSegment, Segmentation
from CausalCLIPSegLib.segmentation.source_image import read_source, reference_to
from CausalCLIPSegLib.terminology import CATEGORY, LATERALITY, LUNG, OPACITY, code_of

SHAPE = 48, 40
ALGORITHM = Algorithm("CausalCLIPSeg", "3", "tiny", {"threshold": "0.5", "note": "Opacities."})
SIDES = ("right", "left")


@pytest.fixture
def database(slicer):
    slicer.dicomDatabase.files.clear()
    yield slicer.dicomDatabase
    slicer.app.applicationLogic().GetUserInformation().SetName("")


@pytest.fixture
def volume(slicer, database, tmp_path):
    """A radiograph in the database and in the scene."""
    path = tmp_path / "image.dcm"
    save_dx(make_dx(SHAPE), path)
    database.insert(str(path))
    volume = slicer.util.loadVolume(str(path))
    volume.SetAttribute("DICOM.instanceUIDs", "2.25.102")
    return volume


@pytest.fixture
def plugin(slicer):
    import CausalCLIPSegDICOM

    return CausalCLIPSegDICOM.CausalCLIPSegDICOMPlugin()


@pytest.fixture
def original(slicer, volume, tmp_path):
    """A segmentation in the database, with two segments of the network."""
    header = read_source(tmp_path / "image.dcm")[0]
    segments = tuple(
        CodedSegment(
            label=f"Opacity, {side} lung",
            mask=np.roll(np.eye(*SHAPE, dtype=bool), number, axis=1),
            category=CATEGORY,
            type=OPACITY,
            region=LUNG,
            laterality=LATERALITY[side],
            algorithm_type="AUTOMATIC",
            algorithm=ALGORITHM,
            tracking_id=f"opacity_{side}",
            color=(0.9, 0.62, 0.1 * number),
        )
        for number, side in enumerate(SIDES)
    )
    segmentation = Segmentation(
        segments, reference_to(header), str(header.StudyInstanceUID), description="Of the night shift"
    )
    save(encode(segmentation, header), tmp_path / "original.dcm")
    slicer.dicomDatabase.insert(str(tmp_path / "original.dcm"))
    return read_dicom_seg(tmp_path / "original.dcm")


def load(slicer, plugin, path):
    """Load a segmentation as the DICOM browser does; return its node."""
    (loadable,) = plugin.examineFiles([str(path)])
    assert plugin.load(loadable)
    return slicer.util.getNodesByClass("vtkMRMLSegmentationNode")[-1]


def export(slicer, plugin, node, folder) -> Segmentation:
    """Export as Slicer's dialog does; return the segmentation in the file."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    (exportable,) = plugin.examineForExport(hierarchy.GetItemByDataNode(node))
    exportable.directory = str(folder)
    assert plugin.export([exportable]) == ""
    return read_dicom_seg(slicer.dicomDatabase.inserted[-1])


def correct(node, volume, number, mask):
    scene.set_mask(node, node.GetSegmentation().GetNthSegmentID(number), volume, mask)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_correction_is_exported_as_the_next_object_of_its_series(slicer, plugin, volume, original, tmp_path, data):
    slicer.app.applicationLogic().GetUserInformation().SetName("Roe^Richard")
    node, previous = load(slicer, plugin, tmp_path / "original.dcm"), original
    for _ in range(2):
        changed = data.draw(st.sets(st.sampled_from([0, 1]), min_size=1))
        masks = [segment.mask for segment in previous.segments]
        for number in changed:
            masks[number] = data.draw(arrays.arrays(bool, SHAPE))
            masks[number][0, 0] = not previous.segments[number].mask[0, 0]  # the mask must differ
            masks[number][1, 1] = True  # the mask must not be empty
            correct(node, volume, number, masks[number])
        revised = export(slicer, plugin, node, tmp_path)
        assert revised.series_instance_uid == original.series_instance_uid
        assert revised.sop_instance_uid != previous.sop_instance_uid
        assert revised.instance_number > previous.instance_number
        assert revised.previous.sop_instance_uid == previous.sop_instance_uid
        assert (revised.creator, revised.description) == ("Roe^Richard", "Of the night shift")
        for number, (segment, earlier) in enumerate(zip(revised.segments, previous.segments, strict=True)):
            assert np.array_equal(segment.mask, masks[number])
            assert segment.algorithm_type == ("SEMIAUTOMATIC" if number in changed else earlier.algorithm_type)
            names = ("label", "category", "type", "region", "laterality", "algorithm", "tracking_id", "tracking_uid")
            assert all(getattr(segment, name) == getattr(earlier, name) for name in (*names, "color"))
        previous = revised
    slicer.mrmlScene.RemoveNode(node)


def test_names_the_user_of_slicers_settings_as_editor_or_anonymous(slicer, plugin, volume, original, tmp_path):
    node = load(slicer, plugin, tmp_path / "original.dcm")
    for name, written in (("", "Anonymous"), (" Jane Doe ", "Jane Doe")):
        slicer.app.applicationLogic().GetUserInformation().SetName(name)
        correct(node, volume, 0, np.full(SHAPE, bool(name)) | np.eye(*SHAPE, dtype=bool, k=3))
        assert export(slicer, plugin, node, tmp_path).creator == written


def test_exports_an_unchanged_segmentation_as_the_same_object(slicer, plugin, volume, original, tmp_path):
    node = load(slicer, plugin, tmp_path / "original.dcm")
    (tmp_path / "elsewhere").mkdir()
    exported = export(slicer, plugin, node, tmp_path / "elsewhere")
    assert exported.sop_instance_uid == original.sop_instance_uid
    (written,) = (tmp_path / "elsewhere").iterdir()
    assert written.read_bytes() == (tmp_path / "original.dcm").read_bytes()


def test_a_new_name_color_and_code_do_not_make_a_segment_semiautomatic(slicer, plugin, volume, original, tmp_path):
    node = load(slicer, plugin, tmp_path / "original.dcm")
    segment = node.GetSegmentation().GetNthSegment(1)
    segment.SetName("Consolidation, left")
    segment.SetColor(0.1, 0.2, 0.9)
    entry = segment.GetTerminologyEntryTagName()
    old, new = (f"{code.scheme}^{code.value}^{code.meaning}" for code in (OPACITY, code_of("consolidation")))
    import vtk

    text = vtk.reference("")
    assert segment.GetTag(entry, text)
    segment.SetTag(entry, str(text).replace(old, new))
    first, second = export(slicer, plugin, node, tmp_path).segments
    assert first.label == original.segments[0].label
    assert (second.label, second.type) == ("Consolidation, left", code_of("consolidation"))
    assert second.color == pytest.approx((0.1, 0.2, 0.9), abs=0.02)
    assert second.algorithm_type == "AUTOMATIC"
    assert [first.tracking_uid, second.tracking_uid] == [segment.tracking_uid for segment in original.segments]


def test_exports_drawn_segments_and_leaves_out_removed_ones(slicer, plugin, volume, original, tmp_path):
    node = load(slicer, plugin, tmp_path / "original.dcm")
    segments = node.GetSegmentation()
    segments.RemoveSegment(segments.GetNthSegmentID(0))
    segments.AddEmptySegment("drawn", "Drawn", (1, 0, 0))
    scene.set_mask(node, "drawn", volume, np.eye(*SHAPE, dtype=bool, k=9))
    unchanged, drawn = export(slicer, plugin, node, tmp_path).segments
    assert unchanged.tracking_uid == original.segments[1].tracking_uid
    assert unchanged.algorithm_type == "AUTOMATIC"
    assert (drawn.label, drawn.algorithm_type, drawn.algorithm) == ("Drawn", "MANUAL", None)
    segments.GetSegment("drawn").SetName("Tube")  # a segment that was written before is recognized under any name
    correct(node, volume, 0, np.ones(SHAPE, bool))
    _, renamed = export(slicer, plugin, node, tmp_path).segments
    assert (renamed.label, renamed.tracking_uid) == ("Tube", drawn.tracking_uid)


def remove_from_database(slicer, original, tmp_path):
    slicer.dicomDatabase.files.pop(original.sop_instance_uid)


def delete_file(slicer, original, tmp_path):
    (tmp_path / "original.dcm").unlink()


def damage(slicer, original, tmp_path):
    (tmp_path / "original.dcm").write_bytes(b"no DICOM")


def replace_by_another_radiographs(slicer, original, tmp_path):
    header = make_dx(SHAPE, SOPInstanceUID="2.25.999")
    other = replace(original, source=reference_to(header))
    save(encode(other, header), tmp_path / "original.dcm")


@pytest.mark.parametrize("change", [remove_from_database, delete_file, damage, replace_by_another_radiographs])
def test_begins_a_new_series_if_the_original_cannot_be_used(slicer, plugin, volume, original, tmp_path, change):
    node = load(slicer, plugin, tmp_path / "original.dcm")
    change(slicer, original, tmp_path)
    correct(node, volume, 0, np.ones(SHAPE, bool))
    written = export(slicer, plugin, node, tmp_path)
    assert written.series_instance_uid != original.series_instance_uid
    assert (written.instance_number, written.previous) == (1, None)
    assert [segment.algorithm_type for segment in written.segments] == ["SEMIAUTOMATIC", "AUTOMATIC"]
    assert [segment.tracking_uid for segment in written.segments] == [
        segment.tracking_uid for segment in original.segments
    ]
    expected = replace(ALGORITHM, parameters={"checkpoint": "tiny", "threshold": "0.5"})
    assert [segment.algorithm for segment in written.segments] == [expected, expected], "scenes drop only the note"
    correct(node, volume, 1, np.ones(SHAPE, bool))  # the new series can be corrected too
    assert export(slicer, plugin, node, tmp_path).previous.sop_instance_uid == written.sop_instance_uid


def test_two_corrections_of_one_object_have_different_instance_numbers(slicer, plugin, volume, original, tmp_path):
    numbers = []
    for column in (5, 6):
        node = load(slicer, plugin, tmp_path / "original.dcm")
        correct(node, volume, 0, np.eye(*SHAPE, dtype=bool, k=column))
        written = export(slicer, plugin, node, tmp_path)
        assert written.previous.sop_instance_uid == original.sop_instance_uid
        numbers.append(written.instance_number)
    assert numbers == [2, 3]


def test_the_browser_selects_the_last_correction_of_a_series(slicer, plugin, volume, original, tmp_path):
    node = load(slicer, plugin, tmp_path / "original.dcm")
    for column in (5, 6):
        correct(node, volume, 0, np.eye(*SHAPE, dtype=bool, k=column))
        last = export(slicer, plugin, node, tmp_path)
    files = slicer.dicomDatabase.filesForSeries(original.series_instance_uid)
    loadables = plugin.examineForImport([files])
    assert len(loadables) == 3
    highest = max(loadable.confidence for loadable in loadables)  # Slicer selects by confidence only
    (chosen,) = (loadable for loadable in loadables if loadable.confidence == highest)
    assert chosen.uid == last.sop_instance_uid
    assert (chosen.selected, chosen.warning) == (True, "")
    for loadable in loadables:
        if loadable is not chosen:
            assert loadable.warning == "A later segmentation of this series corrects this one."
            assert not loadable.selected
    lowest = min(loadable.confidence for loadable in loadables)
    assert highest > 0.95 > lowest, "Slicer's own reader must not be selected"


def test_a_saved_scene_remembers_which_object_it_corrects(slicer, plugin, volume, original, tmp_path):
    load(slicer, plugin, tmp_path / "original.dcm")
    assert slicer.mrmlScene.WriteToMRB(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    (tmp_path / "unpacked").mkdir()
    slicer.mrmlScene.SetRootDirectory(str(tmp_path / "unpacked"))
    assert slicer.mrmlScene.ReadFromMRB(str(tmp_path / "scene.mrb"), True)
    (node,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    volume = node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
    correct(node, volume, 1, np.ones(SHAPE, bool))
    written = export(slicer, plugin, node, tmp_path)
    assert written.previous.sop_instance_uid == original.sop_instance_uid
    first, second = written.segments
    assert np.array_equal(first.mask, original.segments[0].mask)
    assert [first.algorithm_type, second.algorithm_type] == ["AUTOMATIC", "SEMIAUTOMATIC"]
    assert first.color == original.segments[0].color


def test_corrects_a_file_without_tracking_identifiers(slicer, plugin, volume, original, tmp_path):
    data = pydicom.dcmread(tmp_path / "original.dcm")
    for item in data.SegmentSequence:
        del item.TrackingID, item.TrackingUID
        item.SegmentLabel = "Opacity"
    data.save_as(tmp_path / "original.dcm")
    node = load(slicer, plugin, tmp_path / "original.dcm")
    correct(node, volume, 1, np.ones(SHAPE, bool))
    written = export(slicer, plugin, node, tmp_path)
    assert written.series_instance_uid == original.series_instance_uid
    assert [segment.algorithm_type for segment in written.segments] == ["AUTOMATIC", "SEMIAUTOMATIC"]
    assert written.segments[1].mask.all()
