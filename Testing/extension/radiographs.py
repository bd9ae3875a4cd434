"""A radiograph in the scene whose orientation can be seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk

GRAY = 100
"""Outside the bright corner."""


def make_radiograph(slicer: Any, columns: tuple[float, ...] = (-1, 0, 0), rows: tuple[float, ...] = (0, -1, 0)) -> Any:
    """Return a radiograph, bright in the corner of row 0 and column 0, whose columns and rows run in these directions.

    The default is the usual one: columns towards the patient's left, in the plane that Slicer calls axial.
    """
    values = np.full((1, 64, 48), GRAY, np.int16)
    values[0, :16, :12] = 250
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "radiograph")
    slicer.util.updateVolumeFromArray(node, values)
    directions = np.array([columns, rows, np.cross(columns, rows)]).T
    matrix = vtk.vtkMatrix4x4()
    for (row, column), value in np.ndenumerate(directions):
        matrix.SetElement(row, column, value)
    node.SetIJKToRASDirectionMatrix(matrix)
    node.SetSpacing(0.5, 0.5, 1)
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().AutoWindowLevelOff()
    node.GetDisplayNode().SetWindowLevelMinMax(0, 255)
    return node
