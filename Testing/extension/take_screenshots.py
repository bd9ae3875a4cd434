"""Make the pictures of the panel in Resources/screenshots from the real panel and a real run of the worker.

    QT_QPA_PLATFORM=offscreen python Testing/extension/take_screenshots.py

The panel runs in the stand-in for Slicer's application, so its frame and the segment editor look different in Slicer.
Next to the panel is the radiograph with its outlines, as the picture export writes it. The thumbnail of the sample
shows the same outlines.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
HERE = Path(__file__).parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))

import slicer_runtime
from PIL import Image, ImageChops, ImageFilter
from PySide6 import QtCore, QtGui
from slicer_runtime.application import make_parent

from CausalCLIPSegLib import scene
from CausalCLIPSegLib.colors import to_uint8_rgb
from CausalCLIPSegLib.radiograph import read_radiograph

WIDTH, HEIGHT = 430, 1080
RESOURCES = ROOT / "CausalCLIPSegExtension" / "CausalCLIPSeg" / "Resources"
THUMBNAIL_SIZE = 260, 280


def main() -> None:
    """Bring the panel into each state, and save a picture of it."""
    application = slicer_runtime.start([ROOT / "CausalCLIPSegExtension" / "CausalCLIPSeg"])
    import CausalCLIPSeg
    from CausalCLIPSegModule.installation import Installation
    from CausalCLIPSegModule.logic import CausalCLIPSegLogic

    parent = make_parent()
    installation = Installation(RESOURCES / "requirements.txt", RESOURCES / "requirements-gpu.txt")
    installation.missing = lambda gpu=False: []  # the environment of the tests contains what the worker needs
    widget = CausalCLIPSeg.CausalCLIPSegWidget(parent, CausalCLIPSegLogic(), installation)
    widget.setup()
    parent.resize(WIDTH, HEIGHT)
    parent.show()
    logic, ui = widget.logic, widget.ui

    def take(name: str, exported: Path | None = None) -> None:
        for _ in range(5):
            application.qt_application.processEvents()
        picture = parent._object.grab().toImage()
        if exported is not None:
            picture = side_by_side(picture, QtGui.QImage(str(exported)))
        path = ROOT / "Resources" / "screenshots" / f"slicer-{name}.png"
        path.parent.mkdir(exist_ok=True)
        assert picture.save(str(path))
        print(path)

    take("empty")
    ui.sampleButton.click()
    application.process(lambda: logic.understood is not None, 120)
    take("understood")
    ui.applyButton.click()
    application.process(lambda: logic.runner.fraction > 0 or logic.running is None, 240)
    take("running")
    application.process(lambda: logic.running is None, 240)
    exported = application.folder / "picture.png"
    application.dialogs.answers.append(exported)
    ui.exportCombo.currentIndex = 3
    ui.exportButton.click()
    application.process(lambda: logic.exporting is None, 120)
    logic.session.status = ""  # it contains the path of the temporary folder
    widget._update()
    take("result", exported)
    make_thumbnail(logic)
    editor = ui.segmentEditor._object
    editor.setActiveEffectByName("Paint")
    editor.click_in_view(900, 1000)
    take("correct")
    editor.undo()
    widget.exit()
    logic.worker.restart()
    application.process(lambda: logic.worker.state == "failed", 30)
    logic.session.explainFailure({"message": logic.worker.reason, "kind": "ended"})
    widget._update()
    take("error")
    widget.cleanup()
    application.close()


def side_by_side(left: QtGui.QImage, right: QtGui.QImage) -> QtGui.QImage:
    """Return one picture of two, with the right one scaled to the height of the left one."""
    right = right.scaledToHeight(left.height(), QtCore.Qt.TransformationMode.SmoothTransformation)
    both = QtGui.QImage(left.width() + right.width(), left.height(), QtGui.QImage.Format.Format_RGB32)
    painter = QtGui.QPainter(both)
    painter.drawImage(0, 0, left)
    painter.drawImage(left.width(), 0, right)
    painter.end()
    return both


def make_thumbnail(logic: Any) -> None:
    """Draw the sample with its outlines in a small size, for Slicer's Sample Data module."""
    from CausalCLIPSegModule.dicom_files import dicomFile

    volume = logic.resultVolume()
    radiograph = Image.fromarray((255 * read_radiograph(Path(dicomFile(volume))).pixels).astype("uint8"))
    thumbnail = radiograph.resize(THUMBNAIL_SIZE, Image.Resampling.LANCZOS).convert("RGB")
    for segment in scene.describe_segments(logic.parameters.segmentation, volume):
        mask = Image.fromarray(segment["mask"]).convert("L").resize(THUMBNAIL_SIZE)
        outline = ImageChops.subtract(mask, mask.filter(ImageFilter.MinFilter(5)))
        thumbnail.paste(to_uint8_rgb(segment["color"]), mask=outline)
    path = RESOURCES / "Icons" / "CausalCLIPSegSample.png"
    thumbnail.quantize(128).save(path, optimize=True)
    print(path)


main()
