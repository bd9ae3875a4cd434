"""Call Slicer's own code without its application (slicer-core)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from CausalCLIPSegLib.terminology import Code


class Slicer:
    """The calls that the tests make to slicer-core, with a MRML scene, because slicer-core has no application."""

    def __init__(self) -> None:
        self.slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
        self.scene = self.slicer.vtkMRMLScene()

    def _read(self, node_class: str, storage: Any, path: Path | str) -> Any:
        node = self.scene.AddNewNodeByClass(node_class)
        self.scene.AddNode(storage)
        storage.SetFileName(str(path))
        assert storage.ReadData(node) == 1
        return node

    def segmentation(self, path: Path) -> Any:
        return self._read("vtkMRMLSegmentationNode", self.slicer.vtkMRMLSegmentationStorageNode(), path)

    def save(self, segmentation: Any, path: Path) -> None:
        storage = self.slicer.vtkMRMLSegmentationStorageNode()
        self.scene.AddNode(storage)
        storage.SetFileName(str(path))
        assert storage.WriteData(segmentation) == 1

    def volume(self, path: Path | str) -> Any:
        storage = self.slicer.vtkMRMLVolumeArchetypeStorageNode()
        storage.SetSingleFile(1)
        return self._read("vtkMRMLScalarVolumeNode", storage, path)

    def matrix(self, image: Any, method: str) -> np.ndarray:
        matrix = pytest.importorskip("vtk").vtkMatrix4x4()
        getattr(image, method)(matrix)
        return self.slicer.util.arrayFromVTKMatrix(matrix)

    def voxels(self, node: Any, identifier: str, shape: tuple[int, int]) -> np.ndarray:
        """Return a segment on the whole grid, uint8, 1 x rows x columns; Slicer stores it cropped to an extent."""
        image = self.slicer.vtkOrientedImageData()
        assert node.GetBinaryLabelmapRepresentation(identifier, image)
        whole = np.zeros((1, *shape), dtype=np.uint8)
        first_column, last_column, first_row, last_row, first_slice, last_slice = image.GetExtent()
        if last_column >= first_column:
            scalars = pytest.importorskip("vtk.util.numpy_support").vtk_to_numpy(image.GetPointData().GetScalars())
            slices = slice(first_slice, last_slice + 1)
            rows, columns = slice(first_row, last_row + 1), slice(first_column, last_column + 1)  # VTK's y and x
            cropped = whole[slices, rows, columns]
            cropped[:] = scalars.reshape(cropped.shape)
        return whole

    def label_matrix(self, node: Any, identifier: str) -> np.ndarray:
        image = self.slicer.vtkOrientedImageData()
        node.GetBinaryLabelmapRepresentation(identifier, image)
        return self.matrix(image, "GetImageToWorldMatrix")

    def reference_geometry(self, node: Any) -> tuple[np.ndarray, tuple[int, ...]]:
        converter = self.slicer.vtkSegmentationConverter
        text = node.GetSegmentation().GetConversionParameter(converter.GetReferenceImageGeometryParameterName())
        image = self.slicer.vtkOrientedImageData()
        assert converter.DeserializeImageGeometry(text, image, False)
        return self.matrix(image, "GetImageToWorldMatrix"), image.GetExtent()

    def terminology_entry(self, serialized: str) -> Any:
        entry = self.slicer.vtkSlicerTerminologyEntry()
        assert self.slicer.vtkSlicerTerminologiesModuleLogic.DeserializeTerminologyEntry(serialized, entry)
        return entry


def tag(segment: Any, name: str) -> str:
    reference = pytest.importorskip("vtk").reference("")
    assert segment.GetTag(name, reference)
    return str(reference)


def code_of_entry(entry: Any) -> Code:
    return Code(entry.GetCodeValue(), entry.GetCodingSchemeDesignator(), entry.GetCodeMeaning())
