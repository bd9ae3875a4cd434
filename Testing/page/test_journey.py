"""The whole way through the page, by clicks: from a radiograph to a DICOM-SEG with corrections."""

from __future__ import annotations

import json
from pathlib import Path

import highdicom
import numpy as np
import numpy.typing as npt
import pytest
from page_viewer import PICTURE, Viewer
from playwright.sync_api import Route
from pydicom import dcmread

NOTE = "Opacity in the right lower zone. No effusion."


def read_segments(path: object) -> dict[str, npt.NDArray[np.bool_]]:
    """Return the masks of a DICOM-SEG by the label of their segment."""
    segmentation = highdicom.seg.Segmentation.from_dataset(dcmread(path))  # type: ignore[arg-type]
    source = segmentation.get_source_image_uids()[0][2]
    masks = {}
    for number in segmentation.segment_numbers:
        frames = segmentation.get_pixels_by_source_instance([source], segment_numbers=[number])
        label = segmentation.get_segment_description(number).segment_label
        masks[f"{number} {label}"] = frames[0, :, :, 0].astype(bool)
    return masks


def test_from_the_sample_to_a_corrected_dicom_seg(viewer: Viewer) -> None:
    page = viewer.page
    assert page.is_visible("#drop")
    assert page.url.endswith("/")
    viewer.screenshot("1-empty")
    viewer.open_sample()
    assert "rounded opacities" in page.input_value("#note")
    viewer.write(NOTE)
    page.wait_for_selector("#understood .side")
    assert page.inner_text("#understood .side").split("\n")[:2] == ["Patient's right lung", "left in the picture"]
    page.click("#understood summary")
    assert "effusion" in page.inner_text("#understood details li")
    viewer.screenshot("2-understood")

    viewer.run()
    assert "Named and seen: right lower zone" in page.inner_text("#statements")
    areas = page.inner_text("#segments")
    assert "not calibrated" in areas
    assert "cm²" not in areas
    candidates = page.locator(".segment.candidate")
    assert candidates.count() >= 1
    viewer.screenshot("3-result")
    first = viewer.segments()
    assert list(first) == ["infection_right"]

    page.locator("#threshold").fill("0.8")
    higher = viewer.segments()["infection_right"]
    assert higher.sum() < first["infection_right"].sum()
    assert not (higher & ~first["infection_right"]).any()

    candidates.first.get_by_role("button", name="Accept").click()
    accepted = viewer.segments()
    assert len(accepted) == 2

    page.click("#tool-paint")
    page.click(".segment-name >> nth=0")
    viewer.drag((0.4, 0.2), (0.45, 0.25), (0.45, 0.3))
    painted = viewer.segments()["infection_right"]
    assert painted.sum() > higher.sum()
    assert not (higher & ~painted).any()
    viewer.screenshot("4-painted")
    page.click("#tool-erase")
    viewer.drag((0.42, 0.22), (0.45, 0.25))
    erased = viewer.segments()["infection_right"]
    page.click("#tool-undo")
    np.testing.assert_array_equal(viewer.segments()["infection_right"], painted)
    page.click("#tool-redo")
    np.testing.assert_array_equal(viewer.segments()["infection_right"], erased)
    assert erased.sum() < painted.sum()

    on_page = list(viewer.segments().values())
    file = viewer.download(lambda: page.click("[data-export='segmentation.dcm']"))
    exported = read_segments(file)
    assert len(exported) == 2
    for mask, written in zip(on_page, exported.values(), strict=True):
        np.testing.assert_array_equal(written, mask)

    page.click("#tool-undo")
    page.click("#tool-undo")
    again = viewer.download(lambda: page.click("[data-export='segmentation.dcm']"))
    np.testing.assert_array_equal(next(iter(read_segments(again).values())), higher)
    series = [dcmread(path, stop_before_pixels=True) for path in (file, again)]
    assert series[0].SeriesInstanceUID == series[1].SeriesInstanceUID
    assert series[0].SOPInstanceUID != series[1].SOPInstanceUID
    for name, start in {"overlay.png": b"\x89PNG", "segmentation.seg.nrrd": b"NRRD"}.items():
        file = viewer.download(lambda name=name: page.click(f"[data-export='{name}']"))
        assert file.read_bytes().startswith(start)
    report = json.loads(viewer.download(lambda: page.click("[data-export='result.json']")).read_text("utf-8"))
    assert report["note"] == NOTE
    assert report["threshold"] == pytest.approx(0.8)
    assert len(report["segments"]) == 2
    assert len(report["not_in_note"]) == candidates.count(), "an accepted area is a segment"


def test_the_picture_moves_zooms_and_changes_its_gray_levels(viewer: Viewer, radiograph: Path) -> None:
    page = viewer.page
    viewer.open_file(radiograph)
    fitted = viewer.app("app.display.view")
    page.mouse.move(*viewer.point(0.5, 0.5))
    page.mouse.wheel(0, -480)
    zoomed = viewer.app("app.display.view")
    assert zoomed["scale"] > 2 * fitted["scale"]
    viewer.drag((0.5, 0.5), (0.6, 0.6), button="middle")
    moved = viewer.app("app.display.view")
    assert moved["x"] > zoomed["x"]
    assert moved["y"] > zoomed["y"]
    for side in ("right", "left"):
        marker = page.get_by_role("img", name=f"The patient's {side}")
        box = marker.first.bounding_box()
        assert box is not None
        assert marker.first.is_visible()
        assert (box["x"] < viewer.point(0.5, 0)[0]) == (side == "right")  # the patient's right is on the left
    before = gray_at(viewer, 0.5, 0.5)
    viewer.drag((0.5, 0.5), (0.5, 0.9))
    darker = gray_at(viewer, 0.5, 0.5)
    assert darker < before
    page.click("#tool-invert")
    assert gray_at(viewer, 0.5, 0.5) == pytest.approx(255 - darker, abs=1)
    page.get_by_role("button", name="Lungs").click()
    assert page.get_by_role("button", name="Lungs").get_attribute("aria-pressed") == "true"
    page.click("#tool-fit")
    assert viewer.app("app.display.view") == fitted


def gray_at(viewer: Viewer, across: float, down: float) -> int:
    """Return the gray level that the picture shows at a place, in the frame that is drawn next."""
    script = """([across, down]) => new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => {
        const canvas = document.querySelector('.viewport:not([hidden]) canvas');
        const context = canvas.getContext('2d');
        resolve(context.getImageData(across * canvas.width, down * canvas.height, 1, 1).data[0]);
    })))"""
    return int(viewer.page.evaluate(script, [across, down]))


def test_two_notes_are_compared_side_by_side(viewer: Viewer, radiograph: Path) -> None:
    page = viewer.page
    viewer.open_file(radiograph)
    viewer.run(NOTE)
    page.click("#compare")
    viewer.run("Consolidation in the left lower zone.")
    assert page.locator(PICTURE).count() == 2
    assert NOTE in page.locator(".caption").first.inner_text()
    assert "left lower zone" in page.locator(".caption").last.inner_text()
    before = viewer.app("app.stage.kept.result.segmentation.accepted.map(({ id }) => id)")
    assert before == ["infection_right"]
    page.mouse.move(*viewer.point(0.5, 0.5))
    page.mouse.wheel(0, -300)
    viewer.screenshot("5-compared")
    page.select_option("#map", "probability")
    viewer.wait("app.display.map === 'probability'")
    viewer.screenshot("6-probability")
    page.click("#compare")
    assert page.locator(PICTURE).count() == 1


def test_outlines_are_hidden_filled_and_colored_by_a_map(viewer: Viewer, radiograph: Path) -> None:
    page = viewer.page
    viewer.open_file(radiograph)
    page.route("**/runs/*", find_nothing)
    viewer.run(NOTE)
    sentence = (
        "Named, not seen: right lower zone. Nothing there reaches the threshold; the highest probability is 12 %."
    )
    assert page.inner_text(".statement.absent") == sentence
    assert "The note calls this place clear." in page.inner_text(".candidate")
    shown = colored_pixels(viewer)
    page.click("#tool-shown")
    assert colored_pixels(viewer) == 0 < shown
    page.click("#tool-shown")
    page.get_by_role("radio", name="Outline and fill").check(force=True)
    assert colored_pixels(viewer) > 5 * shown
    page.get_by_role("button", name="Show Opacity, right lung").click()
    only_candidates = colored_pixels(viewer)
    assert 0 < only_candidates < 5 * shown
    assert page.locator("#map option").count() >= 3
    for option in page.locator("#map option").all()[1:]:
        name = option.get_attribute("value") or ""
        page.select_option("#map", name)
        viewer.wait(f"app.display.map === '{name}'")
        assert page.is_visible("#legend")
    page.locator("#threshold").fill("0.12")
    assert page.inner_text(".statement") == "Named and seen: right lower zone, probability up to 12 %."


def find_nothing(route: Route) -> None:
    """Pass a result on as if nothing were at the place of the note, and something where the note says "clear"."""
    document = route.fetch().json()
    if "segments" in document:
        document["places"][0].update(present=False, highest_probability=0.1234)
        for segment in document["segments"]:
            segment["denied"] = segment["candidate"]
    route.fulfill(json=document)


def colored_pixels(viewer: Viewer) -> int:
    """Return how many pixels of the outlines are not transparent, when they are drawn finely."""
    viewer.page.wait_for_timeout(250)
    script = """() => {
        const canvas = document.querySelector('.viewport:not([hidden]) canvas.outlines');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let index = 3; index < data.length; index += 4) count += data[index] > 0;
        return count;
    }"""
    return int(viewer.page.evaluate(script))


def test_a_change_is_drawn_in_the_same_frame(viewer: Viewer) -> None:
    viewer.open_sample()
    viewer.run(NOTE)
    viewer.page.click("#tool-paint")
    viewer.page.wait_for_timeout(250)
    script = """async (input) => {
        const picture = document.querySelector('.viewport:not([hidden])');
        const canvas = picture.querySelector('canvas.outlines');
        const box = picture.getBoundingClientRect();
        const hash = () => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data
            .reduce((sum, value, index) => (sum * 31 + value * (index % 97)) | 0, 0);
        const at = (x) => ({ clientX: box.x + x, clientY: box.y + 80, pointerId: 1, button: 0, bubbles: true });
        picture.setPointerCapture = () => {};
        const changed = [];
        const steps = 6;
        if (input === 'stroke') picture.dispatchEvent(new PointerEvent('pointerdown', at(200)));
        await new Promise(requestAnimationFrame);
        for (let step = 1; step <= steps; step++) {
            const before = hash();
            if (input === 'stroke') picture.dispatchEvent(new PointerEvent('pointermove', at(200 + 12 * step)));
            else {
                const slider = document.querySelector('#threshold');
                slider.value = 0.45 + 0.05 * step;
                slider.dispatchEvent(new Event('input'));
            }
            await new Promise(requestAnimationFrame);  // resolves in the frame that also draws
            await Promise.resolve();
            changed.push(hash() !== before);
        }
        return changed;
    }"""
    for input in ("threshold", "stroke"):
        assert viewer.page.evaluate(script, input) == [True] * 6
