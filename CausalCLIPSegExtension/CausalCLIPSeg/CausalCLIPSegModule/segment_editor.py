"""Slicer's segment editor inside the panel: the segmentation and the effects that it offers, and its cleanup."""

from __future__ import annotations

import slicer

from CausalCLIPSegLib import scene

EFFECTS = ["Paint", "Draw", "Erase", "Scissors", "Islands", "Threshold"]
"""Effects that correct a segment on one slice. The others need a stack of slices or several seeds, or are rare; Margin
and Smoothing have defaults of 3 mm, which is nothing on a radiograph without calibration and slow on a fine one."""

_NODE_TAG = "CausalCLIPSegEditor"
_RESULT_ATTRIBUTE = "CausalCLIPSeg.Result"


class Correction:
    """The embedded editor.

    Args:
        editor: the widget in the panel, whose scene the .ui file sets.
    """

    def __init__(self, editor: slicer.qMRMLSegmentEditorWidget) -> None:
        self._editor = editor
        editor.setEffectNameOrder(EFFECTS)
        editor.defaultTerminologyEntry = scene.default_terminology_entry()  # for Add; Slicer's default is "Tissue"
        # the editor's hidden list of segmentations would otherwise select any segmentation that is added to the scene
        editor.segmentationNodeSelectorAddAttribute("vtkMRMLSegmentationNode", _RESULT_ATTRIBUTE, "1")

    def edit(
        self, segmentation: slicer.vtkMRMLSegmentationNode | None, volume: slicer.vtkMRMLVolumeNode | None
    ) -> None:
        """Edit a segmentation; do nothing if it is being edited already.

        Args:
            segmentation: the result; None if there is nothing to edit.
            volume: the radiograph that the result lies on.
        """
        node = self._ensureNode()
        if segmentation is None or volume is None:
            if node.GetSegmentationNode() is not None or node.GetActiveEffectName():
                self.clear()
            return
        if node.GetSegmentationNode() is segmentation and node.GetSourceVolumeNode() is volume:
            return
        self.deactivate()
        # closing a scene keeps this node but resets it, so set these each time
        node.SetSaveWithScene(False)
        # segments of one result may overlap, and correcting one of them must not erase its neighbor
        node.SetOverwriteMode(slicer.vtkMRMLSegmentEditorNode.OverwriteNone)
        segmentation.SetAttribute(_RESULT_ATTRIBUTE, "1")
        self._editor.setSegmentationNode(segmentation)  # Slicer needs the editor's node first and the volume last
        self._editor.setSourceVolumeNode(volume)

    def deactivate(self) -> None:
        """Deactivate the effect, so that it no longer receives clicks in the views."""
        self._editor.setActiveEffect(None)
        self._editor.removeViewObservations()

    def clear(self) -> None:
        """Edit nothing, and forget the undo history."""
        self.deactivate()
        self._editor.setSourceVolumeNode(None)
        self._editor.setSegmentationNode(None)
        self._editor.undoEnabled = True  # setting it clears the undo history, which would keep the segmentation alive

    def close(self) -> None:
        """Edit nothing, and remove the editor's node from the scene."""
        self.clear()
        node = self._editor.mrmlSegmentEditorNode()
        self._editor.setMRMLSegmentEditorNode(None)
        self._editor.setMRMLScene(None)
        if node is not None:
            slicer.mrmlScene.RemoveNode(node)

    def _ensureNode(self) -> slicer.vtkMRMLSegmentEditorNode:
        """Return the editor's node; create it if it is missing, for instance after a scene was closed."""
        node = slicer.mrmlScene.GetSingletonNode(_NODE_TAG, "vtkMRMLSegmentEditorNode")
        if node is None:
            node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLSegmentEditorNode")
            node.UnRegister(None)
            node.SetSingletonTag(_NODE_TAG)
            node = slicer.mrmlScene.AddNode(node)
        self._editor.setMRMLSegmentEditorNode(node)
        return node
