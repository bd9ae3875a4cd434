"""Overlays on the radiograph, and radiographs that are saved for the worker."""

import numpy as np
import pytest
import slicer
import vtk
from vtk.util import numpy_support

from CausalCLIPSegLib.scene import OVERLAYS, is_radiograph, save_radiograph, show_overlay, style_overlay
from CausalCLIPSegLib.worker.protocol import ArrayImage

SHAPE = (40, 30)
TURNED = np.array([[0.1, -0.35, 0.0, -12.5], [0.2, 0.3, 0.0, 7.25], [0.05, 0.1, 1.0, 1 / 3], [0.0, 0.0, 0.0, 1.0]])


def matrix(node):
    to_ras = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(to_ras)
    return np.array([[to_ras.GetElement(row, column) for column in range(4)] for row in range(4)])


def pixels(node):
    return numpy_support.vtk_to_numpy(node.GetImageData().GetPointData().GetScalars()).reshape(SHAPE)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_has_the_geometry_values_and_color_of_its_map(scene, volume, result, overlay):
    node = show_overlay(scene, volume, result, overlay)
    np.testing.assert_array_equal(matrix(node), matrix(volume))
    file = next(each["file"] for each in result["maps"] if each["name"] == overlay)
    np.testing.assert_array_equal(pixels(node), np.load(file).astype(np.float32))
    assert node.GetImageData().GetSpacing() == (1, 1, 1)  # the node stores the geometry, not its image
    display = node.GetDisplayNode()
    values = pixels(node)
    window = (0, 1) if overlay == "probability" else (values.min(), values.max())
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == pytest.approx(window)
    assert not display.GetAutoWindowLevel()
    assert display.GetApplyThreshold()
    assert display.GetLowerThreshold() == pytest.approx(window[0] + 0.05 * (window[1] - window[0]))
    table = display.GetColorNode().GetLookupTable()
    colors = np.array([table.GetTableValue(index) for index in range(256)])
    assert (colors[:, 3] == 1).all()  # Slicer shows every color that is not transparent as opaque
    assert len(np.unique(colors, axis=0)) > 100  # 8 bits hold fewer colors than the table
    for index, color in ((0, OVERLAYS[overlay][1][0]), (255, OVERLAYS[overlay][1][1])):
        assert table.GetTableValue(index)[:3] == pytest.approx(color, abs=1 / 255)


def test_a_result_of_an_earlier_version_shows_the_maps_that_it_names(scene, volume, result):
    earlier = {name: value for name, value in result.items() if name != "maps"}
    node = show_overlay(scene, volume, earlier, "causal_attention")
    np.testing.assert_array_equal(pixels(node), np.load(result["causal_attention"]).astype(np.float32))
    with pytest.raises(ValueError, match="gives no map patches_of_interest"):
        show_overlay(scene, volume, earlier, "patches_of_interest")


def test_a_constant_map_has_a_window(scene, volume, result):
    np.save(result["causal_attention"], np.full(SHAPE, 0.5, np.float16))
    display = show_overlay(scene, volume, result, "causal_attention").GetDisplayNode()
    assert display.GetWindowLevelMin() < 0.5 < display.GetWindowLevelMax()


def test_a_map_of_a_loaded_scene_gets_the_colors_of_this_version(scene, volume, result):
    node = show_overlay(scene, volume, result, "probability")
    table = node.GetDisplayNode().GetColorNode()
    table.SetColor(128, "old", 0, 1, 0, 0.5)
    style_overlay(scene, node, "probability")
    assert node.GetDisplayNode().GetColorNode() is table
    assert table.GetLookupTable().GetTableValue(128)[3] == 1


def test_is_radiograph_rejects_stacks_labels_overlays_and_empty_volumes(scene, volume, make_volume, result):
    assert is_radiograph(volume)
    assert not is_radiograph(show_overlay(scene, volume, result, "probability"))
    assert not is_radiograph(make_volume(np.zeros((2, *SHAPE), np.uint8)))
    assert not is_radiograph(make_volume(np.zeros((1, *SHAPE), np.int16), kind="vtkMRMLLabelMapVolumeNode"))
    assert not is_radiograph(scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode"))


def test_overlays_of_one_kind_share_their_color_table(scene, volume, result):
    first, second = (show_overlay(scene, volume, result, "causal_attention") for _ in range(2))
    other = show_overlay(scene, volume, result, "confounder_attention")
    colors = [node.GetDisplayNode().GetColorNode().GetID() for node in (first, second, other)]
    assert colors[0] == colors[1] != colors[2]
    assert first.GetName() != second.GetName()


def test_an_overlay_gets_the_folder_and_the_transform_of_the_radiograph(scene, volume, result):
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    volume.SetAndObserveTransformNodeID(transform.GetID())
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "Study")
    hierarchy.CreateItem(study, volume)
    node = show_overlay(scene, volume, result, "causal_attention")
    assert node.GetTransformNodeID() == transform.GetID()
    assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == study


def test_a_missing_map_file_adds_no_node(scene, volume, result, tmp_path):
    (tmp_path / "causal_attention.npy").unlink()
    before = scene.GetNumberOfNodes()
    with pytest.raises(FileNotFoundError):
        show_overlay(scene, volume, result, "causal_attention")
    assert scene.GetNumberOfNodes() == before


def test_saves_values_and_geometry_of_a_volume(make_volume, tmp_path):
    values = np.random.default_rng(1).integers(-50, 3000, (1, *SHAPE)).astype(np.int16)
    image = ArrayImage.model_validate(save_radiograph(make_volume(values), tmp_path / "radiograph.npy"))
    saved = np.load(image.path)
    assert saved.dtype == np.int16
    np.testing.assert_array_equal(saved, values[0])
    np.testing.assert_allclose(np.diag([-1, -1, 1, 1]) @ np.array(image.affine), TURNED, atol=1e-12)
    assert image.spacing == pytest.approx(
        (np.linalg.norm(TURNED[:3, 1]), np.linalg.norm(TURNED[:3, 0]))  # between rows, between columns
    )
    assert not image.inverted


@pytest.mark.parametrize(("shape", "axes"), [((40, 1, 30), [0, 2, 1, 3]), ((40, 30, 1), [1, 2, 0, 3])])
def test_saves_rows_and_columns_of_a_slice_along_any_axis(make_volume, tmp_path, shape, axes):
    values = np.arange(1200, dtype=np.int16).reshape(shape)
    image = ArrayImage.model_validate(save_radiograph(make_volume(values), tmp_path / "radiograph.npy"))
    np.testing.assert_array_equal(np.load(image.path), values.reshape(SHAPE))
    np.testing.assert_allclose(np.diag([-1, -1, 1, 1]) @ np.array(image.affine), TURNED[:, axes], atol=1e-12)


def test_saves_all_components_of_a_color_volume(make_volume, tmp_path):
    values = np.random.default_rng(1).integers(0, 255, (1, *SHAPE, 3)).astype(np.uint8)
    volume = make_volume(values, kind="vtkMRMLVectorVolumeNode")
    image = save_radiograph(volume, tmp_path / "radiograph.npy")
    np.testing.assert_array_equal(np.load(image["path"]), values[0])


def test_saves_a_spacing_of_one_millimeter_as_uncalibrated(make_volume, tmp_path):
    image = save_radiograph(make_volume(np.zeros((1, *SHAPE), np.uint8), np.eye(4)), tmp_path / "radiograph.npy")
    assert image["spacing"] is None


def test_saves_the_same_values_whatever_window_and_color_table_are_shown(scene, make_volume, tmp_path):
    volume = make_volume(np.arange(1200, dtype=np.int16).reshape(1, *SHAPE))
    plain = save_radiograph(volume, tmp_path / "radiograph.npy")
    values = np.load(plain["path"])
    volume.CreateDefaultDisplayNodes()
    colors = scene.AddNewNodeByClass("vtkMRMLColorTableNode")
    colors.SetTypeToInvGrey()
    volume.GetDisplayNode().SetAndObserveColorNodeID(colors.GetID())
    volume.GetDisplayNode().SetWindowLevelMinMax(3, 4)
    assert save_radiograph(volume, tmp_path / "radiograph.npy") == plain
    np.testing.assert_array_equal(np.load(plain["path"]), values)
    assert save_radiograph(volume, tmp_path / "radiograph.npy", inverted=True)["inverted"]
