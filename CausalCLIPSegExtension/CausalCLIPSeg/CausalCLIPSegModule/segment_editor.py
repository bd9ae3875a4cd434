"""Slicer's segment editor inside the panel: what it edits, with which effects, and that nothing of it stays behind."""

from __future__ import annotations

from typing import Any

import slicer

EFFECTS = ["Paint", "Draw", "Erase", "Scissors", "Islands", "Margin", "Smoothing", "Threshold"]
"""Those that correct an outline on one slice; the others are for a stack of slices, for several seeds, or rare."""

_NODE_TAG = "CausalCLIPSegEditor"
_OURS = "CausalCLIPSeg.Result"


class Correction:
    """The embedded editor.

    Args:
        editor: qMRMLSegmentEditorWidget of the panel, which has its scene by the panel's .ui.
    """

    def __init__(self, editor: Any) -> None:
        self._editor = editor
        editor.setEffectNameOrder(EFFECTS)
        # the editor's own list, which is not shown, would take any segmentation that comes into the scene
        editor.segmentationNodeSelectorAddAttribute("vtkMRMLSegmentationNode", _OURS, "1")

    def edit(self, segmentation: Any, volume: Any) -> None:
        """Hand over what is edited; a call with what is edited already changes nothing.

        Args:
            segmentation: the result; None: there is nothing to edit.
            volume: the film that it lies on.
        """
        node = self._takeNode()
        if segmentation is None or volume is None:
            if node.GetSegmentationNode() is not None or node.GetActiveEffectName():
                self.letGo()
            return
        if node.GetSegmentationNode() is segmentation and node.GetSourceVolumeNode() is volume:
            return
        self.rest()
        # a scene that is closed keeps this node but sets it back, so it is told each time
        node.SetSaveWithScene(False)
        # segments of one result may overlap, and a correction of one must not erase its neighbor
        node.SetOverwriteMode(slicer.vtkMRMLSegmentEditorNode.OverwriteNone)
        segmentation.SetAttribute(_OURS, "1")
        self._editor.setSegmentationNode(segmentation)  # Slicer wants the editor's node before, the volume after it
        self._editor.setSourceVolumeNode(volume)

    def rest(self) -> None:
        """Let no effect stay active: clicks in the views are the views' again."""
        self._editor.setActiveEffect(None)
        self._editor.removeViewObservations()

    def letGo(self) -> None:
        """Edit nothing, and forget what could be undone."""
        self.rest()
        self._editor.setSourceVolumeNode(None)
        self._editor.setSegmentationNode(None)
        self._editor.undoEnabled = True  # set anew, it empties the list of states, which would keep the segmentation

    def close(self) -> None:
        """End, and leave no node in the scene."""
        self.letGo()
        node = self._editor.mrmlSegmentEditorNode()
        self._editor.setMRMLSegmentEditorNode(None)
        self._editor.setMRMLScene(None)
        if node is not None:
            slicer.mrmlScene.RemoveNode(node)

    def _takeNode(self) -> Any:
        """Give the editor its node, again where a closed scene has taken it away, and return it."""
        node = slicer.mrmlScene.GetSingletonNode(_NODE_TAG, "vtkMRMLSegmentEditorNode")
        if node is None:
            node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLSegmentEditorNode")
            node.UnRegister(None)
            node.SetSingletonTag(_NODE_TAG)
            node = slicer.mrmlScene.AddNode(node)
        self._editor.setMRMLSegmentEditorNode(node)
        return node
