"""A segmentation that was corrected in Slicer and is exported again: the next object of the series it came from."""

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
def film(slicer, database, tmp_path):
    """A film in the database and in the scene."""
    path = tmp_path / "film.dcm"
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
def original(slicer, film, tmp_path):
    """A segmentation of two segments in the database, as a run has drawn it."""
    header = read_source(tmp_path / "film.dcm")[0]
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
    made = Segmentation(segments, reference_to(header), str(header.StudyInstanceUID), description="Of the night shift")
    save(encode(made, header), tmp_path / "original.dcm")
    slicer.dicomDatabase.insert(str(tmp_path / "original.dcm"))
    return read_dicom_seg(tmp_path / "original.dcm")


def open_(slicer, plugin, path):
    """Load a segmentation as the DICOM browser does; return its node."""
    (loadable,) = plugin.examineFiles([str(path)])
    assert plugin.load(loadable)
    return slicer.util.getNodesByClass("vtkMRMLSegmentationNode")[-1]


def export(slicer, plugin, node, folder) -> Segmentation:
    """Export as Slicer's dialog does; return what the file says."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    (exportable,) = plugin.examineForExport(hierarchy.GetItemByDataNode(node))
    exportable.directory = str(folder)
    assert plugin.export([exportable]) == ""
    return read_dicom_seg(slicer.dicomDatabase.inserted[-1])


def correct(node, film, number, mask):
    scene.set_mask(node, node.GetSegmentation().GetNthSegmentID(number), film, mask)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_correction_is_the_next_object_of_its_series(slicer, plugin, film, original, tmp_path, data):
    slicer.app.applicationLogic().GetUserInformation().SetName("Roe^Richard")
    node, before = open_(slicer, plugin, tmp_path / "original.dcm"), original
    for _ in range(2):
        touched = data.draw(st.sets(st.sampled_from([0, 1]), min_size=1))
        masks = [part.mask for part in before.segments]
        for number in touched:
            masks[number] = data.draw(arrays.arrays(bool, SHAPE))
            masks[number][0, 0] = not before.segments[number].mask[0, 0]  # otherwise it might be the same
            masks[number][1, 1] = True  # an empty one is left out
            correct(node, film, number, masks[number])
        after = export(slicer, plugin, node, tmp_path)
        assert after.series_instance_uid == original.series_instance_uid
        assert after.sop_instance_uid != before.sop_instance_uid
        assert after.instance_number > before.instance_number
        assert after.previous.sop_instance_uid == before.sop_instance_uid
        assert (after.creator, after.description) == ("Roe^Richard", "Of the night shift")
        for number, (part, earlier) in enumerate(zip(after.segments, before.segments, strict=True)):
            assert np.array_equal(part.mask, masks[number])
            assert part.algorithm_type == ("SEMIAUTOMATIC" if number in touched else earlier.algorithm_type)
            same = ("label", "category", "type", "region", "laterality", "algorithm", "tracking_id", "tracking_uid")
            assert all(getattr(part, name) == getattr(earlier, name) for name in (*same, "color"))
        before = after
    slicer.mrmlScene.RemoveNode(node)


def test_who_corrects_is_the_user_of_slicers_settings_or_anonymous(slicer, plugin, film, original, tmp_path):
    node = open_(slicer, plugin, tmp_path / "original.dcm")
    for name, written in (("", "Anonymous"), (" Jane Doe ", "Jane Doe")):
        slicer.app.applicationLogic().GetUserInformation().SetName(name)
        correct(node, film, 0, np.full(SHAPE, bool(name)) | np.eye(*SHAPE, dtype=bool, k=3))
        assert export(slicer, plugin, node, tmp_path).creator == written


def test_what_was_not_changed_is_the_same_object_again(slicer, plugin, film, original, tmp_path):
    node = open_(slicer, plugin, tmp_path / "original.dcm")
    (tmp_path / "elsewhere").mkdir()
    again = export(slicer, plugin, node, tmp_path / "elsewhere")
    assert again.sop_instance_uid == original.sop_instance_uid
    (written,) = (tmp_path / "elsewhere").iterdir()
    assert written.read_bytes() == (tmp_path / "original.dcm").read_bytes()


def test_names_and_codes_that_were_changed_are_kept_and_are_no_change_of_the_outline(
    slicer, plugin, film, original, tmp_path
):
    node = open_(slicer, plugin, tmp_path / "original.dcm")
    segment = node.GetSegmentation().GetNthSegment(1)
    segment.SetName("Consolidation, left")
    segment.SetColor(0.1, 0.2, 0.9)
    entry = segment.GetTerminologyEntryTagName()
    old, new = (f"{one.scheme}^{one.value}^{one.meaning}" for one in (OPACITY, code_of("consolidation")))
    import vtk

    text = vtk.reference("")
    assert segment.GetTag(entry, text)
    segment.SetTag(entry, str(text).replace(old, new))
    first, second = export(slicer, plugin, node, tmp_path).segments
    assert first.label == original.segments[0].label
    assert (second.label, second.type) == ("Consolidation, left", code_of("consolidation"))
    assert second.color == pytest.approx((0.1, 0.2, 0.9), abs=0.02)
    assert second.algorithm_type == "AUTOMATIC"
    assert [first.tracking_uid, second.tracking_uid] == [one.tracking_uid for one in original.segments]


def test_segments_that_were_drawn_or_removed(slicer, plugin, film, original, tmp_path):
    node = open_(slicer, plugin, tmp_path / "original.dcm")
    held = node.GetSegmentation()
    held.RemoveSegment(held.GetNthSegmentID(0))
    held.AddEmptySegment("drawn", "Drawn", (1, 0, 0))
    scene.set_mask(node, "drawn", film, np.eye(*SHAPE, dtype=bool, k=9))
    kept, drawn = export(slicer, plugin, node, tmp_path).segments
    assert kept.tracking_uid == original.segments[1].tracking_uid
    assert kept.algorithm_type == "AUTOMATIC"
    assert (drawn.label, drawn.algorithm_type, drawn.algorithm) == ("Drawn", "MANUAL", None)
    held.GetSegment("drawn").SetName("Tube")  # what was written is known again, whatever it is called
    correct(node, film, 0, np.ones(SHAPE, bool))
    _, again = export(slicer, plugin, node, tmp_path).segments
    assert (again.label, again.tracking_uid) == ("Tube", drawn.tracking_uid)


def leaves_the_database(slicer, original, tmp_path):
    slicer.dicomDatabase.files.pop(original.sop_instance_uid)


def leaves_the_disk(slicer, original, tmp_path):
    (tmp_path / "original.dcm").unlink()


def is_damaged(slicer, original, tmp_path):
    (tmp_path / "original.dcm").write_bytes(b"no DICOM")


def becomes_that_of_another_film(slicer, original, tmp_path):
    header = make_dx(SHAPE, SOPInstanceUID="2.25.999")
    other = replace(original, source=reference_to(header))
    save(encode(other, header), tmp_path / "original.dcm")


@pytest.mark.parametrize("happens", [leaves_the_database, leaves_the_disk, is_damaged, becomes_that_of_another_film])
def test_without_the_original_a_new_series_begins(slicer, plugin, film, original, tmp_path, happens):
    node = open_(slicer, plugin, tmp_path / "original.dcm")
    happens(slicer, original, tmp_path)
    correct(node, film, 0, np.ones(SHAPE, bool))
    written = export(slicer, plugin, node, tmp_path)
    assert written.series_instance_uid != original.series_instance_uid
    assert (written.instance_number, written.previous) == (1, None)
    assert [one.algorithm_type for one in written.segments] == ["SEMIAUTOMATIC", "AUTOMATIC"]
    assert [one.tracking_uid for one in written.segments] == [one.tracking_uid for one in original.segments]
    correct(node, film, 1, np.ones(SHAPE, bool))  # which has corrections of its own
    assert export(slicer, plugin, node, tmp_path).previous.sop_instance_uid == written.sop_instance_uid


def test_two_corrections_of_one_object_have_numbers_of_their_own(slicer, plugin, film, original, tmp_path):
    numbers = []
    for column in (5, 6):
        node = open_(slicer, plugin, tmp_path / "original.dcm")
        correct(node, film, 0, np.eye(*SHAPE, dtype=bool, k=column))
        written = export(slicer, plugin, node, tmp_path)
        assert written.previous.sop_instance_uid == original.sop_instance_uid
        numbers.append(written.instance_number)
    assert numbers == [2, 3]


def test_of_a_series_the_browser_selects_what_is_not_corrected(slicer, plugin, film, original, tmp_path):
    node = open_(slicer, plugin, tmp_path / "original.dcm")
    for column in (5, 6):
        correct(node, film, 0, np.eye(*SHAPE, dtype=bool, k=column))
        last = export(slicer, plugin, node, tmp_path)
    files = slicer.dicomDatabase.filesForSeries(original.series_instance_uid)
    offered = plugin.examineForImport([files])
    assert len(offered) == 3
    highest = max(one.confidence for one in offered)  # which is all that Slicer asks
    (chosen,) = (one for one in offered if one.confidence == highest)
    assert chosen.uid == last.sop_instance_uid
    assert (chosen.selected, chosen.warning) == (True, "")
    for one in offered:
        if one is not chosen:
            assert one.warning == "A later segmentation of this series corrects this one."
            assert not one.selected
    assert highest > 0.95 > min(one.confidence for one in offered), "Slicer's own reader is not selected either"


def test_a_saved_scene_knows_what_it_corrects(slicer, plugin, film, original, tmp_path):
    open_(slicer, plugin, tmp_path / "original.dcm")
    assert slicer.mrmlScene.WriteToMRB(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    (tmp_path / "unpacked").mkdir()
    slicer.mrmlScene.SetRootDirectory(str(tmp_path / "unpacked"))
    assert slicer.mrmlScene.ReadFromMRB(str(tmp_path / "scene.mrb"), True)
    (node,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    film = node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
    correct(node, film, 1, np.ones(SHAPE, bool))
    written = export(slicer, plugin, node, tmp_path)
    assert written.previous.sop_instance_uid == original.sop_instance_uid
    first, second = written.segments
    assert np.array_equal(first.mask, original.segments[0].mask)
    assert [first.algorithm_type, second.algorithm_type] == ["AUTOMATIC", "SEMIAUTOMATIC"]
    assert first.color == original.segments[0].color


def test_a_file_without_identifiers_of_segments_is_corrected_too(slicer, plugin, film, original, tmp_path):
    data = pydicom.dcmread(tmp_path / "original.dcm")
    for item in data.SegmentSequence:
        del item.TrackingID, item.TrackingUID
        item.SegmentLabel = "Opacity"
    data.save_as(tmp_path / "original.dcm")
    node = open_(slicer, plugin, tmp_path / "original.dcm")
    correct(node, film, 1, np.ones(SHAPE, bool))
    written = export(slicer, plugin, node, tmp_path)
    assert written.series_instance_uid == original.series_instance_uid
    assert [one.algorithm_type for one in written.segments] == ["AUTOMATIC", "SEMIAUTOMATIC"]
    assert written.segments[1].mask.all()
