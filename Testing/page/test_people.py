"""The page for everybody: other languages, only a keyboard, a screen reader, a small or enlarged window."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from page_viewer import PICTURE, Viewer
from pydicom import dcmread

NOTE = "Opacity in the right lower zone. No effusion."
AXE = Path(__file__).parents[1] / "node" / "node_modules" / "axe-core" / "axe.min.js"
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed; see Testing/install-tools")
TEXTS = json.loads(
    (Path(__file__).parents[2] / "CausalCLIPSegLib" / "serve" / "page" / "texts.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(
    ("locale", "note", "side", "place"),
    [
        ("de-AT", "Verschattung im linken Unterlappen. Kein Erguss.", "Linke Lunge des Patienten", "Unterfeld"),
        ("es-MX", "Consolidación en el campo inferior derecho.", "Pulmón derecho del paciente", "campo inferior"),
    ],
)
def test_the_page_speaks_the_language_of_the_browser(
    new_viewer: Callable[..., Viewer], radiograph: Path, locale: str, note: str, side: str, place: str
) -> None:
    viewer = new_viewer(locale=locale).open()
    page, language = viewer.page, locale[:2]
    viewer.open_file(radiograph)
    viewer.write(note)
    page.wait_for_selector("#understood .side")
    assert side in page.inner_text("#understood")
    assert place in page.inner_text("#understood")
    viewer.run()
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    viewer.screenshot(f"language-{language}")
    page.click("#help")
    written = page.inner_text("body")
    english = {
        text for key, text in TEXTS["en"].items() if "{" not in text and len(text) > 8 and text != TEXTS[language][key]
    }
    assert [text for text in english if text in written.split("\n")] == []
    assert page.get_attribute("html", "lang") == language
    page.keyboard.press("Escape")
    page.select_option("#language", "en")
    assert page.inner_text("#run") == TEXTS["en"]["run.start"]


def test_everything_can_be_done_with_the_keyboard(viewer: Viewer) -> None:
    page = viewer.page
    press = page.keyboard.press
    for _ in range(40):
        press("Tab")
        if page.evaluate("document.activeElement.id") == "drop-sample":
            break
    press("Enter")
    viewer.wait("Boolean(app.radiograph)")
    press("n")
    press("Control+a")
    page.keyboard.type(NOTE)
    press("Control+Enter")
    viewer.wait("Boolean(app.result) && !app.progress")
    page.locator(PICTURE).focus()
    found = viewer.segments()["infection_right"]
    press(".")
    press(".")
    assert viewer.app("app.segmentation.threshold") == pytest.approx(0.42)
    press("Control+z")
    press("Control+z")
    np.testing.assert_array_equal(viewer.segments()["infection_right"], found)
    press("a")
    assert len(viewer.segments()) == 2
    press("1")
    press("p")
    for key in ("ArrowUp", "ArrowUp", "ArrowLeft", "Shift+ArrowLeft", "]"):
        press(key)
    viewer.screenshot("keyboard-brush")
    press("Enter")
    painted = viewer.segments()["infection_right"]
    assert painted.sum() > found.sum()
    press("e")
    press("Enter")
    assert not (viewer.segments()["infection_right"] & painted & ~found).any()
    press("Control+z")
    np.testing.assert_array_equal(viewer.segments()["infection_right"], painted)
    press("Control+y")
    press("Control+Shift+z")
    press("h")
    assert viewer.app("app.display.hidden") is True
    press("h")
    for key, name, value in [("o", "style", "both"), ("i", "inverted", True), ("g", "map", "probability")]:
        press(key)
        viewer.wait(f"app.display.{name} === {json.dumps(value)}")
    press("w")
    window = viewer.app("app.display.window")
    press("Shift+ArrowRight")
    assert viewer.app("app.display.window.width") > window["width"]
    view = viewer.app("app.display.view")
    press("+")
    press("ArrowRight")
    assert viewer.app("app.display.view.scale") == pytest.approx(1.25 * view["scale"])
    press("0")
    assert viewer.app("app.display.view") == view
    press("?")
    assert page.is_visible("#help-dialog")
    viewer.screenshot("help")
    press("Escape")
    assert not page.is_visible("#help-dialog")
    exported = dcmread(viewer.download(lambda: press("Control+s")))
    assert exported.Modality == "SEG"
    assert len(exported.SegmentSequence) == 2

    inverted = viewer.app("app.display.inverted")
    press("n")
    page.keyboard.type("i")  # while typing, a letter is no command
    assert page.input_value("#note").endswith("i")
    press("Escape")
    page.locator(PICTURE).focus()
    press("?")
    page.uncheck("#letters")
    press("Escape")
    page.locator(PICTURE).focus()
    press("i")  # switched off
    assert viewer.app("app.display.inverted") == inverted


@needs_axe
def test_axe_finds_no_violation_in_any_state(viewer: Viewer, radiograph: Path) -> None:
    page = viewer.page
    assert violations(viewer) == []
    viewer.open_file(radiograph)
    viewer.run(NOTE)
    page.click("#tool-paint")
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    viewer.screenshot("axe-wide")
    assert violations(viewer) == []
    for dialog in ("#help", "#archive"):
        page.click(dialog)
        assert violations(viewer) == []
        page.keyboard.press("Escape")
    page.click("#contrast")
    page.set_viewport_size({"width": 640, "height": 400})  # 1280 x 800 at 200 %
    viewer.screenshot("axe-enlarged")
    assert violations(viewer) == []
    assert fits(viewer)


@needs_axe
def test_the_page_fits_a_tablet_and_fingers(new_viewer: Callable[..., Viewer], radiograph: Path) -> None:
    viewer = new_viewer(
        viewport={"width": 820, "height": 1180}, has_touch=True, is_mobile=True, reduced_motion="reduce"
    ).open()
    viewer.open_file(radiograph)
    viewer.run(NOTE)
    viewer.page.tap("#tool-paint")
    viewer.screenshot("axe-tablet")
    assert violations(viewer) == []
    assert fits(viewer)
    sizes = viewer.page.evaluate(
        "Array.from(document.querySelectorAll('button'), (button) => button.getBoundingClientRect())"
        ".filter(({ width }) => width > 0).map(({ width, height }) => Math.min(width, height))"
    )
    assert min(sizes) >= 42  # CSS pixels, large enough for a finger

    # Two fingers zoom, and end the stroke of the first one without a trace.
    before, view = viewer.segments()["infection_right"], viewer.app("app.display.view")
    x, y = viewer.point(0.5, 0.3)
    session = viewer.page.context.new_cdp_session(viewer.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": x + dx, "y": y + dy, "id": number} for number, (dx, dy) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    touch("touchStart", (0, 0))
    touch("touchMove", (30, 0))
    touch("touchStart", (30, 0), (60, 60))
    touch("touchMove", (0, -30), (120, 120))
    touch("touchEnd")
    assert viewer.app("app.display.view")["scale"] > 1.5 * view["scale"]
    np.testing.assert_array_equal(viewer.segments()["infection_right"], before)
    assert viewer.app("app.segmentation.history.canUndo") is False


def fits(viewer: Viewer) -> bool:
    """Return whether nothing has to be scrolled sideways."""
    return bool(viewer.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def violations(viewer: Viewer) -> list[str]:
    viewer.page.evaluate(AXE.read_text(encoding="utf-8"))
    report = viewer.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [f"{rule['id']}: {node['html'][:120]}" for rule in report["violations"] for node in rule["nodes"]]
