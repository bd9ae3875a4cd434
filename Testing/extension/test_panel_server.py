"""A server runs the network: chosen and tested in the settings, allowed once, named in the result."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6 import QtCore, QtTest

ADDRESS, KEY, NOTE = "https://server.example.org:8443", "a secret key", "Right basal opacity."


def enter(panel: Any, name: str, text: str) -> None:
    """Type into a field, and leave it with Tab."""
    field = getattr(panel.ui, name)._object
    field.setFocus()
    field.selectAll()
    QtTest.QTest.keyClicks(field, text)
    QtTest.QTest.keyClick(field, QtCore.Qt.Key.Key_Tab)


@pytest.fixture
def on_server(panel) -> Any:
    """The panel with a server, whose address and key were typed."""
    panel.choose("whereCombo", "Server")
    enter(panel, "addressEdit", ADDRESS)
    enter(panel, "keyEdit", KEY)
    return panel


def test_a_server_needs_an_address_and_decides_what_the_server_decides(panel):
    assert not panel.ui.addressEdit.enabled
    assert panel.ui.addressEdit.toolTip.endswith("The network runs on this computer.")
    panel.write(NOTE)
    panel.choose("whereCombo", "Server")
    assert panel.ui.applyButton.toolTip.endswith("Enter the address of the server first, under Settings.")
    assert not panel.ui.testButton.enabled
    assert panel.ui.deviceCombo.toolTip.endswith("The server chooses it.")
    enter(panel, "addressEdit", ADDRESS)
    assert panel.ui.applyButton.enabled
    assert panel.ui.testButton.enabled
    panel.choose("whereCombo", "This computer")
    assert panel.ui.deviceCombo.enabled


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (KEY, "Connected: version 7, checkpoint first."),
        ("wrong", "This is not a key of this server, or the server was started again."),
    ],
)
def test_the_connection_is_tested_without_a_radiograph(on_server, application, key, expected):
    enter(on_server, "keyEdit", key)
    on_server.click("testButton")
    on_server.wait(lambda: on_server.ui.serverLabel.text == expected)
    assert application.dialogs.shown == [], "nothing is sent, so nothing is asked"
    enter(on_server, "keyEdit", "another")
    assert on_server.ui.serverLabel.text == "", "the outcome is that of the earlier key"


def test_a_note_is_read_for_what_the_server_can_outline(on_server):
    note, nothing = "Left basal effusion.", "The note names nothing that can be outlined."
    on_server.write(note)
    on_server.wait(lambda: on_server.ui.applyButton.toolTip.endswith(nothing))
    on_server.click("testButton")
    on_server.wait(lambda: on_server.ui.applyButton.enabled)
    assert on_server.logic.understood["details"]["finding"] == "effusion"
    on_server.choose("whereCombo", "This computer")
    on_server.wait(lambda: on_server.ui.applyButton.toolTip.endswith(nothing))
    on_server.choose("whereCombo", "Server")
    on_server.wait(lambda: on_server.ui.applyButton.enabled)
    enter(on_server, "addressEdit", "https://other.example.org")
    on_server.wait(lambda: on_server.ui.applyButton.toolTip.endswith(nothing))


def test_the_first_upload_to_an_address_is_asked_for_once(on_server, application):
    application.dialogs.answers.append(False)
    on_server.write(NOTE)
    on_server.click("applyButton")
    assert on_server.logic.running is None
    assert f"sent to {ADDRESS}" in application.dialogs.shown[-1]
    assert "name of the patient, stays on this computer" in application.dialogs.shown[-1]
    application.dialogs.answers.append(True)
    on_server.run()
    assert "server.example.org:8443, cpu" in on_server.ui.statusLabel.text
    assert "Opacity, right lung" in on_server.ui.resultLabel.text
    on_server.run()
    assert len(application.dialogs.shown) == 2
    enter(on_server, "addressEdit", "https://other.example.org")
    application.dialogs.answers.append(True)
    on_server.run()
    assert "other.example.org" in application.dialogs.shown[-1]


def test_the_key_is_in_the_settings_and_never_in_a_scene(on_server, application, slicer, tmp_path, open_panel):
    import qt

    application.dialogs.answers.append(True)
    on_server.run(NOTE)
    assert slicer.mrmlScene.WriteToMRB(str(tmp_path / "scene.mrb"))
    assert KEY.encode() not in (tmp_path / "scene.mrb").read_bytes()
    assert KEY not in on_server.logic.parameters.resultJson
    assert all(KEY not in line for line in on_server.logic.worker.log)
    assert qt.QSettings().value("CausalCLIPSeg/Server/Key") == KEY
    other = open_panel(command=None)
    assert (other.ui.whereCombo.currentIndex, other.ui.addressEdit.text) == (1, ADDRESS)


def test_a_real_worker_and_a_real_server(open_panel, volume, application):
    pytest.importorskip("fastapi", reason="the extra [serve] is not installed")
    from running_server import TOKEN, running_server

    from CausalCLIPSegLib import scene

    with running_server() as server:  # with the embedded checkpoint: making one would import PyTorch beside VTK
        panel = open_panel(worker=None, command=None, image=None)
        panel.ui.imageSelector.setCurrentNode(volume)
        panel.choose("whereCombo", "Server")
        enter(panel, "addressEdit", server.address)
        enter(panel, "keyEdit", TOKEN)
        panel.click("testButton")
        panel.wait(lambda: "Connected: version" in panel.ui.serverLabel.text, 120)
        application.dialogs.answers.append(True)
        panel.write(NOTE)
        panel.run(seconds=120)
        assert server.address.removeprefix("http://") in panel.ui.statusLabel.text
        assert len(server.server.sessions) == 0
    panel.ui.thresholdSlider.value = 0.01
    union = np.zeros((64, 48), dtype=bool)
    for segment in panel.logic.segments:
        union |= scene.read_mask(panel.logic.parameters.segmentation, segment["id"], volume)
    np.testing.assert_array_equal(union, panel.map("Probability") >= 0.01)
