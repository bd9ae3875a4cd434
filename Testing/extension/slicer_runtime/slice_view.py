"""A slice view that is rendered as Slicer does it: Slicer's own slice logic and displayable managers, off the screen.

Only the window is not Slicer's: there are no mouse, no corner annotations and no controls of the view.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import slicer
import vtk
from vtk.util import numpy_support

MANAGERS = ("vtkMRMLCrosshairDisplayableManager", "vtkMRMLSegmentationsDisplayableManager2D")
"""What draws on top of the picture; the picture itself comes from the slice logic."""


class SliceView:
    """The view of a slice node and its composite node.

    Args:
        name: of the view, "Red" or "Yellow".
        size: columns and rows of the picture.
    """

    def __init__(self, name: str = "Red", size: tuple[int, int] = (300, 400)) -> None:
        scene = slicer.mrmlScene
        self.node = scene.GetNodeByID(f"vtkMRMLSliceNode{name}")
        self._window = vtk.vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._window.SetMultiSamples(0)
        self._window.SetSize(*size)
        self._renderer = vtk.vtkRenderer()
        self._renderer.GetActiveCamera().ParallelProjectionOn()
        self._window.AddRenderer(self._renderer)
        self._interactor = vtk.vtkGenericRenderWindowInteractor()
        self._interactor.SetRenderWindow(self._window)
        self.node.SetDimensions(*size, 1)
        self._application = slicer.vtkMRMLApplicationLogic()
        self._application.SetMRMLScene(scene)
        self.logic = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLApplicationLogic(self._application)
        self.logic.SetMRMLScene(scene)
        self.logic.SetSliceNode(self.node)
        self.logic.SetSliceCompositeNode(scene.GetNodeByID(f"vtkMRMLSliceCompositeNode{name}"))
        self._picture = vtk.vtkImageMapper()
        self._picture.SetColorWindow(255)
        self._picture.SetColorLevel(127.5)
        self._picture.SetInputConnection(self.logic.GetImageDataConnection())
        actor = vtk.vtkActor2D()
        actor.SetMapper(self._picture)
        self._renderer.AddActor2D(actor)
        factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
        factory.SetMRMLApplicationLogic(self._application)
        for manager in MANAGERS:
            if not factory.IsDisplayableManagerRegistered(manager):
                factory.RegisterDisplayableManager(manager)
        self._managers = factory.InstantiateDisplayableManagers(self._renderer)
        self._managers.SetMRMLDisplayableNode(self.node)

    def fit(self) -> None:
        self.logic.FitSliceToAll()

    def pixels(self) -> npt.NDArray[np.uint8]:
        """Render, and return the picture: rows x columns x 3, from the top."""
        self._window.Render()
        grabber = vtk.vtkWindowToImageFilter()
        grabber.SetInput(self._window)
        grabber.ReadFrontBufferOff()
        grabber.Update()
        image = grabber.GetOutput()
        columns, rows, _ = image.GetDimensions()
        flat = numpy_support.vtk_to_numpy(image.GetPointData().GetScalars())
        return np.ascontiguousarray(flat.reshape(rows, columns, -1)[::-1, :, :3])

    def place(self, volume: Any, row: float, column: float) -> tuple[int, int]:
        """Return row and column in the picture of a pixel of a one-slice volume."""
        to_ras, to_view = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
        volume.GetIJKToRASMatrix(to_ras)
        to_view.DeepCopy(self.node.GetXYToRAS())
        to_view.Invert()
        x, y, *_ = to_view.MultiplyPoint(to_ras.MultiplyPoint((column, row, 0, 1)))
        return round(self._window.GetSize()[1] - 1 - y), round(x)

    def save(self, path: Path) -> None:
        """Save the picture as a PNG file."""
        from PIL import Image

        Image.fromarray(self.pixels()).save(path)

    def close(self) -> None:
        self._managers.SetMRMLDisplayableNode(None)
        self.logic.SetMRMLScene(None)
        self._window.Finalize()
