"""Radiographs and results, made without a network, in a real MRML scene (slicer-core)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer
import vtk
from segment_documents import segment_document
from vtk.util import numpy_support

from CausalCLIPSegLib.laterality import SIDES
from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.worker.protocol import SegmentResult

SHAPE = (40, 30)
TURNED = np.array([[0.1, -0.35, 0.0, -12.5], [0.2, 0.3, 0.0, 7.25], [0.05, 0.1, 1.0, 1 / 3], [0.0, 0.0, 0.0, 1.0]])
"""Voxel to RAS (mm) of a volume that is rotated, sheared and moved."""


def vtk_matrix(values: np.ndarray) -> Any:
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(values.ravel().tolist())
    return matrix


@pytest.fixture
def scene() -> Iterator[Any]:
    """A scene with the Segmentations module logic, which registers the conversion rules for labelmaps."""
    scene = slicer.vtkMRMLScene()
    logic = slicer.vtkSlicerSegmentationsModuleLogic()
    logic.SetMRMLScene(scene)
    yield scene
    scene.Clear(True)


@pytest.fixture
def make_volume(scene) -> Callable[..., Any]:
    """Return a function that adds an array, slices x rows x columns (x components), to the scene as a volume."""

    def make(values: np.ndarray, to_ras: np.ndarray = TURNED, kind: str = "vtkMRMLScalarVolumeNode") -> Any:
        image = vtk.vtkImageData()
        image.SetDimensions(values.shape[2], values.shape[1], values.shape[0])
        flat = values.reshape(values.shape[0] * values.shape[1] * values.shape[2], -1)
        image.GetPointData().SetScalars(numpy_support.numpy_to_vtk(np.ascontiguousarray(flat), deep=True))
        node = scene.AddNewNodeByClass(kind, "radiograph")
        node.SetAndObserveImageData(image)
        node.SetIJKToRASMatrix(vtk_matrix(to_ras))
        return node

    return make


@pytest.fixture
def volume(make_volume) -> Any:
    """A radiograph whose grid is not aligned with the axes."""
    return make_volume(np.arange(SHAPE[0] * SHAPE[1], dtype=np.int16).reshape(1, *SHAPE))


@pytest.fixture
def probability() -> np.ndarray:
    """Higher on the patient's right than on the left: thresholds of 0.9, 0.5 and 0.2 give 0, 1 and 2 segments."""
    values = np.full(SHAPE, 0.1, np.float32)
    values[5:20, 3:9] = 0.8
    values[10:30, 20:26] = 0.4
    return values


def result_of(probability: np.ndarray, threshold: float, folder: Path, *, mirrored: bool = False) -> dict[str, Any]:
    """Return the worker's answer for a probability map, checked by the worker's own model."""
    maps = {
        "probability": probability,
        "causal_attention": (0.25 + probability / 2).astype(np.float16),
        "confounder_attention": (0.75 - probability / 2).astype(np.float16),
        "patches_of_interest": (3 * probability).astype(np.float16),
    }
    for name, values in maps.items():
        np.save(folder / f"{name}.npy", values)
    possible = [segment_document(side) for side in SIDES]
    segments = []
    for segment in possible:
        mask = split_by_side(probability >= threshold, mirrored=mirrored)[segment["side"]]
        if mask.any():
            path = folder / f"mask_{segment['side']}.npy"
            np.save(path, mask)
            areas = {"area_mm2": None, "area_fraction": float(mask.mean()), "components": 1}
            segments.append({**segment, **areas, "mask": str(path)})
    understood = {
        "sides": ["right"],
        "sides_viewer": ["left"],
        "zones": {"right": []},
        "whole": [],
        "weak": False,
        "count": None,
        "findings": [],
        "ignored": [],
        "questions": [],
        "prompt": "A prompt.",
        "prompt_laterality": "viewer",
        "summary": "A summary.",
        "details": {},
    }
    document = SegmentResult.model_validate(
        {
            "id": "1",
            "understood": understood,
            "rows": probability.shape[0],
            "columns": probability.shape[1],
            "spacing": None,
            "mirrored": mirrored,
            "segments": segments,
            "possible": possible,
            "threshold": threshold,
            "area_mm2": None,
            "area_fraction": float((probability >= threshold).mean()),
            **{
                name: str(folder / f"{name}.npy")
                for name in ("probability", "causal_attention", "confounder_attention")
            },
            "maps": [
                {
                    "name": name,
                    "file": str(folder / f"{name}.npy"),
                    "low": float(each.min()),
                    "high": float(each.max()),
                }
                for name, each in maps.items()
            ],
            "provenance": {
                "checkpoint": {"name": "tiny", "version": "3", "sha256": "ab" * 32},
                "device": "cpu",
                "version": "0.1.0",
                "seconds": {},
            },
            "warnings": [],
            "sop_instance_uid": None,
        }
    )
    return document.model_dump(mode="json")


@pytest.fixture
def result(probability, tmp_path) -> dict[str, Any]:
    """A result with one segment, on the patient's right."""
    return result_of(probability, 0.5, tmp_path)


@pytest.fixture
def make_result() -> Callable[..., dict[str, Any]]:
    return result_of
