"""The layout of Slicer's views: one large view of the radiograph, or two to compare; given back afterwards."""

from __future__ import annotations

import numpy as np
import slicer
import vtk

from CausalCLIPSegLib import scene

_RED, _YELLOW = "vtkMRMLSliceNodeRed", "vtkMRMLSliceNodeYellow"


class Views:
    """Arranges the slice views for a radiograph, and restores what the user had before.

    A layout that the user chooses meanwhile stays.
    """

    def __init__(self) -> None:
        self._earlierLayout: int | None = None
        self._orientations: dict[str, vtk.vtkMatrix4x4] = {}
        self._compared: tuple[slicer.vtkMRMLSegmentationNode, ...] = ()
        self._companion: slicer.vtkMRMLSegmentationNode | None = None
        self._isConnected = False

    def showRadiograph(self, volume: slicer.vtkMRMLVolumeNode) -> None:
        """Show a radiograph upright in one large view; after the first time, the layout is left alone."""
        self.endComparison()
        if not scene.is_radiograph(volume):  # the user can choose any volume
            slicer.util.setSliceViewerLayers(background=volume, fit=True)
            return
        if self._earlierLayout is None:
            self._setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
        self._turn(_RED, volume)
        slicer.util.setSliceViewerLayers(background=volume, fit=True)

    def compare(
        self,
        left: slicer.vtkMRMLSegmentationNode,
        right: slicer.vtkMRMLSegmentationNode,
        volume: slicer.vtkMRMLVolumeNode,
        companion: slicer.vtkMRMLSegmentationNode | None = None,
    ) -> None:
        """Show two segmentations of a radiograph side by side, each in its own view.

        Args:
            left, right: the segmentations.
            volume: the radiograph.
            companion: a segmentation that belongs to the right one.
        """
        self._release()
        self._setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView)
        self._compared = (left, right)
        for segmentation, view in zip(self._compared, (_RED, _YELLOW), strict=True):
            segmentation.GetDisplayNode().SetVisibility(True)
            segmentation.GetDisplayNode().SetViewNodeIDs([view])
            self._turn(view, volume)
        self._companion = companion
        if companion is not None:
            companion.GetDisplayNode().SetViewNodeIDs([_YELLOW])
        # fit after turning the views: a view that looks at the radiograph edge-on would be fitted to that edge
        slicer.util.setSliceViewerLayers(background=volume, fit=True)

    def endComparison(self) -> None:
        """Show the right one of two compared segmentations in all views again, and hide the left one."""
        if not self._compared:
            return
        left, _ = self._compared
        self._release()
        if slicer.mrmlScene.IsNodePresent(left):
            left.GetDisplayNode().SetVisibility(False)
        self._turnBack(_YELLOW)
        if self._layout() == slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView:
            self._setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)

    def resumeComparison(
        self,
        left: slicer.vtkMRMLSegmentationNode | None,
        right: slicer.vtkMRMLSegmentationNode | None,
        companion: slicer.vtkMRMLSegmentationNode | None,
    ) -> None:
        """Continue a comparison that was saved with the scene, or undo what is left of it in another layout."""
        nodes = tuple(node for node in (left, right) if node is not None and node.GetDisplayNode() is not None)
        if self._compared or not any(node.GetDisplayNode().GetNumberOfViewNodeIDs() for node in nodes):
            return
        self._compared, self._companion = (nodes[0], nodes[-1]), companion
        if self._layout() != slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView:
            self.endComparison()

    def giveBack(self) -> None:
        """Restore the layout and the orientation of the views, unless the user has chosen another layout."""
        self.endComparison()
        if self._layout() == slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView and self._earlierLayout:
            slicer.app.layoutManager().setLayout(self._earlierLayout)
            self._turnBack(_RED)
        self._earlierLayout = None
        self._orientations.clear()

    def close(self) -> None:
        """Restore the views, and stop watching the layout."""
        self.giveBack()
        if self._isConnected:
            slicer.app.layoutManager().disconnect("layoutChanged(int)", self._onLayout)
            self._isConnected = False

    def _layout(self) -> int | None:
        manager = slicer.app.layoutManager()
        return None if manager is None else manager.layout  # Slicer without a main window has no layout manager

    def _setLayout(self, layout: int) -> None:
        manager = slicer.app.layoutManager()
        if manager is None:
            return
        if not self._isConnected:
            manager.connect("layoutChanged(int)", self._onLayout)
            self._isConnected = True
        if self._earlierLayout is None:
            self._earlierLayout = manager.layout
        manager.setLayout(layout)

    def _onLayout(self, layout: int) -> None:
        """End a comparison when the user chooses another layout, in which one of the results would be invisible."""
        if layout != slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView:
            self.endComparison()

    def _release(self) -> None:
        for node in (*self._compared, self._companion):
            if node is not None and slicer.mrmlScene.IsNodePresent(node):
                node.GetDisplayNode().RemoveAllViewNodeIDs()
        self._compared, self._companion = (), None

    def _turn(self, view: str, volume: slicer.vtkMRMLVolumeNode) -> None:
        """Turn a view to the plane of a radiograph, upright and not mirrored."""
        node = slicer.mrmlScene.GetNodeByID(view)
        if node is None:
            return
        if view not in self._orientations:
            self._orientations[view] = vtk.vtkMatrix4x4()
            self._orientations[view].DeepCopy(node.GetSliceToRAS())
        # RotateToVolumePlane would show some planes upside down
        for (row, column), value in np.ndenumerate(scene.picture_to_ras(volume)):
            node.GetSliceToRAS().SetElement(row, column, value)
        node.UpdateMatrices()

    def _turnBack(self, view: str) -> None:
        node = slicer.mrmlScene.GetNodeByID(view)
        if node is not None and view in self._orientations:
            node.GetSliceToRAS().DeepCopy(self._orientations.pop(view))
            node.UpdateMatrices()
