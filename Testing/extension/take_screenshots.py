"""Make the pictures of the panel in Resources/screenshots from the real panel and a real run of the worker.

    QT_QPA_PLATFORM=offscreen python Testing/extension/take_screenshots.py

The panel runs in the stand-in for Slicer's application, so its frame and the segment editor look different in Slicer.
Next to the panel is a slice view, rendered by Slicer's own pipeline. The thumbnail of the sample shows the same
outlines. The pictures are small, because each of them stays in the history of the repository.
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
from PySide6 import QtGui
from slicer_runtime.application import make_parent
from slicer_runtime.slice_view import SliceView

from CausalCLIPSegLib import scene
from CausalCLIPSegLib.colors import to_uint8_rgb
from CausalCLIPSegLib.radiograph import read_radiograph

WIDTH, HEIGHT, VIEW_WIDTH = 430, 940, 800
SCALE, COLORS, JPEG_QUALITY = 0.75, 48, 60
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
    installation.acceptTerms()
    installation.missing = lambda gpu=False: []  # the environment of the tests contains what the worker needs
    widget = CausalCLIPSeg.CausalCLIPSegWidget(parent, CausalCLIPSegLogic(), installation)
    widget.setup()
    parent.resize(WIDTH, HEIGHT)
    parent.show()
    logic, ui = widget.logic, widget.ui

    views: dict[str, SliceView] = {}

    def take(name: str, view: str = "") -> None:
        """Save a picture of the panel, with a slice view beside it if one is named."""
        for _ in range(5):
            application.qt_application.processEvents()
        picture = to_image(parent._object.grab().toImage())
        if view:
            if view not in views:
                views[view] = SliceView(view, (VIEW_WIDTH, picture.height))
                views[view].fit()
            picture = beside(picture, Image.fromarray(views[view].pixels()))
        smaller = picture.resize([round(SCALE * side) for side in picture.size], Image.Resampling.LANCZOS)
        path = ROOT / "Resources" / "screenshots" / f"slicer-{name}.{'jpg' if view else 'png'}"
        if view:
            smaller.save(path, quality=JPEG_QUALITY, optimize=True, progressive=True)
        else:
            smaller.quantize(COLORS, Image.Quantize.MAXCOVERAGE).save(path, optimize=True)
        print(path, path.stat().st_size)

    ui.sampleButton.click()
    application.process(lambda: logic.understood is not None, 120)
    take("understood")
    ui.applyButton.click()
    application.process(lambda: logic.running is None, 240)
    make_thumbnail(logic)
    ui.correctSection.collapsed = True
    take("result", "Red")
    ui.outlinesCheckBox.click()
    ui.probabilityCheckBox.click()
    take("probability", "Red")
    ui.probabilityCheckBox.click()
    ui.outlinesCheckBox.click()
    ui.resultSection.collapsed = ui.exportSection.collapsed = True
    ui.correctSection.collapsed = False
    ui.segmentEditor._object.setActiveEffectByName("Paint")
    take("correct")
    for view in views.values():
        view.close()
    widget.cleanup()
    application.close()


def to_image(picture: QtGui.QImage) -> Image.Image:
    """Return a picture of Qt as one of Pillow."""
    rgb = picture.convertToFormat(QtGui.QImage.Format.Format_RGBA8888)
    return Image.frombytes("RGBA", (rgb.width(), rgb.height()), bytes(rgb.constBits())).convert("RGB")


def beside(left: Image.Image, right: Image.Image) -> Image.Image:
    """Return one picture of two of the same height."""
    both = Image.new("RGB", (left.width + right.width, left.height))
    both.paste(left)
    both.paste(right, (left.width, 0))
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
