"""Make the pictures of the panel in Resources/screenshots from the real panel and a real run of the worker.

    QT_QPA_PLATFORM=offscreen python Testing/extension/take_screenshots.py [FOLDER]

Run it again when the weights or the panel change; it takes about a minute. The panel runs in the stand-in for Slicer's
application, so its frame and the segment editor look different in Slicer. Next to the panel is a slice view, rendered
by Slicer's own pipeline. The thumbnail of the sample shows the same outlines. The pictures are small, because each of
them stays in the history of the repository.
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

WIDTH, HEIGHT, VIEW_WIDTH = 430, 930, 800
SCALE, JPEG_QUALITY = 0.62, 42
RESOURCES = ROOT / "CausalCLIPSegExtension" / "CausalCLIPSeg" / "Resources"
THUMBNAIL_SIZE = 260, 280
NOTE_OF_ONE_SIDE = "Multiple rounded opacities in the left lung."


class Photographer:
    """The panel of the module beside a slice view.

    Args:
        folder: for the pictures.
    """

    def __init__(self, folder: Path) -> None:
        self.application = slicer_runtime.start([ROOT / "CausalCLIPSegExtension" / "CausalCLIPSeg"])
        import CausalCLIPSeg
        from CausalCLIPSegModule.installation import Installation
        from CausalCLIPSegModule.logic import CausalCLIPSegLogic

        self.folder, self.parent = folder, make_parent()
        installation = Installation(RESOURCES / "requirements.txt", RESOURCES / "requirements-gpu.txt")
        installation.acceptTerms()
        installation.missing = lambda gpu=False: []  # the environment of the tests contains what the worker needs
        self.widget = CausalCLIPSeg.CausalCLIPSegWidget(self.parent, CausalCLIPSegLogic(), installation)
        self.widget.setup()
        self.parent.resize(WIDTH, HEIGHT)
        self.parent.show()
        self.logic, self.ui = self.widget.logic, self.widget.ui
        self.view: SliceView | None = None

    def run(self) -> None:
        """Press Apply, and wait for the result."""
        self.application.process(lambda: self.ui.applyButton.enabled, 120)
        self.ui.applyButton.click()
        self.application.process(lambda: self.logic.running is None, 240)

    def take(self, name: str) -> None:
        """Save a picture of the panel with the view beside it."""
        for _ in range(5):
            self.application.qt_application.processEvents()
        panel = to_image(self.parent._object.grab().toImage())
        if self.view is None:
            self.view = SliceView("Red", (VIEW_WIDTH, HEIGHT))
            self.view.fit()
        picture = beside(panel, Image.fromarray(self.view.pixels()))
        smaller = picture.resize([round(SCALE * side) for side in picture.size], Image.Resampling.LANCZOS)
        path = self.folder / f"slicer-{name}.jpg"
        smaller.save(path, quality=JPEG_QUALITY, optimize=True, progressive=True)
        print(path, path.stat().st_size)

    def close(self) -> None:
        """Close the view, the panel and the application."""
        if self.view is not None:
            self.view.close()
        self.widget.cleanup()
        self.application.close()


def main() -> None:
    """Bring the panel into each state, and save a picture of it."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "Resources" / "screenshots"
    photographer = Photographer(folder)
    ui = photographer.ui
    ui.sampleButton.click()
    photographer.run()
    make_thumbnail(photographer.logic, folder if len(sys.argv) > 1 else RESOURCES / "Icons")
    photographer.take("probability")
    ui.probabilityCheckBox.click()
    photographer.take("result")
    ui.correctSection.collapsed = False
    ui.segmentEditor._object.setActiveEffectByName("Paint")
    photographer.take("correct")
    ui.correctSection.collapsed = True
    ui.noteEdit.setPlainText(NOTE_OF_ONE_SIDE)
    photographer.application.process(lambda: photographer.logic.understood is None, 10)
    photographer.run()
    photographer.take("not-in-note")
    photographer.close()


def to_image(picture: QtGui.QImage) -> Image.Image:
    """Return a picture of Qt as one of Pillow."""
    rgb = picture.convertToFormat(QtGui.QImage.Format.Format_RGBA8888)
    return Image.frombytes("RGBA", (rgb.width(), rgb.height()), bytes(rgb.constBits())).convert("RGB")


def beside(left: Image.Image, right: Image.Image) -> Image.Image:
    """Return one picture of two."""
    both = Image.new("RGB", (left.width + right.width, max(left.height, right.height)), (239, 239, 239))
    both.paste(left)
    both.paste(right, (left.width, 0))
    return both


def make_thumbnail(logic: Any, folder: Path) -> None:
    """Draw the sample with its outlines in a small size, for Slicer's Sample Data module."""
    from CausalCLIPSegModule.dicom_files import dicomFile

    volume = logic.resultVolume()
    radiograph = Image.fromarray((255 * read_radiograph(Path(dicomFile(volume))).pixels).astype("uint8"))
    thumbnail = radiograph.resize(THUMBNAIL_SIZE, Image.Resampling.LANCZOS).convert("RGB")
    for segment in scene.describe_segments(logic.parameters.segmentation, volume):
        mask = Image.fromarray(segment["mask"]).convert("L").resize(THUMBNAIL_SIZE)
        outline = ImageChops.subtract(mask, mask.filter(ImageFilter.MinFilter(5)))
        thumbnail.paste(to_uint8_rgb(segment["color"]), mask=outline)
    path = folder / "CausalCLIPSegSample.png"
    thumbnail.quantize(128).save(path, optimize=True)
    print(path, path.stat().st_size)


main()
