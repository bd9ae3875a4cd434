"""Entry point of the module for Slicer: segment what a radiology note describes on a chest radiograph."""

from pathlib import Path

import slicer
from CausalCLIPSegModule.logic import CausalCLIPSegLogic
from CausalCLIPSegModule.manual import MANUAL
from CausalCLIPSegModule.sample import registerSample
from CausalCLIPSegModule.selftest import CausalCLIPSegTest
from CausalCLIPSegModule.terminology import loadTerminology
from CausalCLIPSegModule.widget import CausalCLIPSegWidget
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import ScriptedLoadableModule

__all__ = ["CausalCLIPSeg", "CausalCLIPSegLogic", "CausalCLIPSegTest", "CausalCLIPSegWidget"]

_PICTURE = Path(__file__).parent / "Resources" / "Icons" / "CausalCLIPSegSample.png"


class CausalCLIPSeg(ScriptedLoadableModule):
    """Describes the module to the application."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("CausalCLIPSeg")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        parent.dependencies = ["Segmentations", "Terminologies", "SegmentEditor"]
        parent.contributors = ["The CausalCLIPSeg contributors"]
        parent.helpText = (
            _(
                "Load a chest radiograph, and paste its note. The module outlines the findings that the note"
                " describes, and you correct the outlines by hand. For research, not for diagnosis."
            )
            + f'<p><img src="{_PICTURE.as_uri()}"></p><p><a href="{MANUAL}">{_("Manual")}</a></p>'
        )
        parent.acknowledgementText = _(
            "The network is CausalCLIPSeg (Chen et al., MICCAI 2024). Weights were trained on QaTa-COV19."
        )
        window = slicer.util.mainWindow()
        for complete in (loadTerminology, registerSample):
            if window is not None and window.visible:  # the module is added to a running Slicer
                complete()
            else:
                slicer.app.connect("startupCompleted()", complete)
