"""What happens when something fails: one sentence, and nothing is lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
from page_viewer import KEY, PICTURE, Server, Viewer
from pydicom import dcmread

RIGHT = "Opacity in the right lower zone."
LEFT = "Opacity in the left lower zone."


def test_a_file_that_is_no_radiograph_is_refused_in_one_sentence(
    viewer: Viewer, radiograph: Path, tmp_path: Path
) -> None:
    viewer.open_file(radiograph)
    viewer.run(RIGHT)
    before = viewer.segments()
    text = tmp_path / "letter.dcm"
    text.write_text("Dear colleague")
    viewer.drop(text)
    sentence = viewer.message()
    assert sentence.endswith(".")
    assert "\n" not in sentence
    viewer.screenshot("fault-refused")
    assert viewer.app("app.radiograph.name") == radiograph.name
    for identifier, mask in viewer.segments().items():
        np.testing.assert_array_equal(mask, before[identifier])
    viewer.page.click("#message-close")
    viewer.drop(radiograph)
    viewer.wait("app.radiograph && !app.result")


def test_a_run_is_canceled_and_a_worker_is_killed_in_mid_run(viewer: Viewer, server: Server, radiograph: Path) -> None:
    page = viewer.page
    viewer.open_file(radiograph)
    viewer.write(RIGHT)
    with server.paused_workers():
        page.click("#run")
        page.wait_for_selector("#progress:not([hidden])")
        viewer.screenshot("running")
        page.click("#cancel")
    assert "canceled" in viewer.message()
    page.click("#message-close")
    with server.paused_workers() as workers:
        page.click("#run")
        page.wait_for_selector("#progress:not([hidden])")
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        sentence = viewer.message()
    assert sentence.endswith(".")
    viewer.screenshot("fault-worker")
    assert page.input_value("#note") == RIGHT
    viewer.run()
    assert list(viewer.segments()) == ["infection_right"]


def test_two_people_work_at_once(new_viewer: Callable[..., Viewer], radiograph: Path) -> None:
    first, second = new_viewer().open(), new_viewer().open()
    for viewer, note in ((first, RIGHT), (second, LEFT)):
        viewer.open_file(radiograph)
        viewer.write(note)
    for viewer in (first, second):
        viewer.page.click("#run")
    for viewer, segment in ((first, "infection_right"), (second, "infection_left")):
        viewer.wait("Boolean(app.result) && !app.progress")
        (found, mask), *others = viewer.segments().items()
        assert (found, others) == (segment, [])
        area = mask.sum() * 0.5 * 0.4 / 100
        assert f"{area:.1f} cm²" in viewer.page.inner_text("#segments .segment >> nth=0")
    first.page.click("#tool-paint")
    first.drag((0.3, 0.3), (0.4, 0.3))
    for viewer, label in ((first, "right lung"), (second, "left lung")):
        file = viewer.download(lambda viewer=viewer: viewer.page.keyboard.press("Control+s"))
        segments = dcmread(file).SegmentSequence
        assert [label in segment.SegmentLabel for segment in segments] == [True]


def test_a_cut_network_and_a_restarted_server_cost_nothing(viewer: Viewer, server: Server, radiograph: Path) -> None:
    page = viewer.page
    viewer.open_file(radiograph)
    viewer.write(RIGHT)
    with server.paused_workers():
        page.click("#run")
        page.wait_for_selector("#progress:not([hidden])")
        page.context.set_offline(True)
        assert "cannot be reached" in viewer.message()
        viewer.screenshot("fault-network")
        page.context.set_offline(False)
    viewer.wait("Boolean(app.result) && !app.progress")

    page.click("#tool-paint")
    viewer.drag((0.3, 0.2), (0.4, 0.2))
    painted = viewer.segments()["infection_right"]
    viewer.wait("document.querySelector('#message-text').textContent.includes('again.')")
    server.stop()
    page.keyboard.press("Control+s")
    viewer.wait("document.querySelector('#message-text').textContent.includes('cannot be reached')")
    server.restart()
    viewer.wait("document.querySelector('#message-text').textContent.includes('again.')")
    # The session is gone with the server; radiograph, run and corrections are sent again.
    exported = dcmread(viewer.download(lambda: page.keyboard.press("Control+s")))
    np.testing.assert_array_equal(exported.pixel_array.astype(bool).squeeze(), painted)
    assert page.input_value("#note") == RIGHT


def test_a_wrong_key_is_asked_for_and_the_work_is_kept(new_viewer: Callable[..., Viewer], server: Server) -> None:
    viewer = new_viewer()
    page = viewer.page
    page.goto(server.address)
    page.wait_for_selector("#question[open]")
    viewer.screenshot("fault-key")
    page.fill("#question-input", KEY)
    page.keyboard.press("Enter")
    page.wait_for_selector("#archive")  # what the server offers is shown now


def test_a_mirrored_radiograph_is_asked_about(viewer: Viewer, make_radiograph: Callable[..., Path]) -> None:
    page = viewer.page
    mirrored = make_radiograph(PatientOrientation=["R", "F"])
    page.set_input_files("#file", mirrored)
    page.wait_for_selector("#question[open]")
    viewer.screenshot("question-mirrored")
    page.click("#question-answers button >> nth=0")
    page.wait_for_selector(PICTURE)
    assert page.inner_text(".viewport:not([hidden]) .marker-left") == "L"
    viewer.write(RIGHT)
    page.wait_for_selector("#understood .side")
    assert "right in the picture" in page.inner_text("#understood .side")
    viewer.run()
    (mask,) = viewer.segments().values()
    middle = mask.shape[1] // 2
    assert mask[:, middle:].sum() > mask[:, :middle].sum()


def test_a_note_that_contradicts_itself_is_asked_about(viewer: Viewer, radiograph: Path) -> None:
    page = viewer.page
    viewer.open_file(radiograph)
    viewer.write("Findings: Consolidation in the right lower zone. Impression: Left lower lobe pneumonia.")
    page.wait_for_selector("#understood fieldset")
    viewer.screenshot("question-side")
    page.get_by_role("radio", name="Patient's left lung").check()
    viewer.run()
    assert list(viewer.segments()) == ["infection_left"]
