"""The look of the panel: nothing is cut off, no gaps, and the colors of the desktop."""

from __future__ import annotations

from PySide6 import QtGui, QtWidgets

NARROW = 400
TEXTS = (QtWidgets.QAbstractButton, QtWidgets.QLabel, QtWidgets.QComboBox)


def test_nothing_is_cut_off_in_a_narrow_panel(panel_with_result):
    panel = panel_with_result
    panel.editor.click("Paint")
    for name in ("inputSection", "advancedSection", "logSection", "installationSection"):
        getattr(panel.ui, name).collapsed = False
    root = panel.widget.uiWidget._object
    assert root.minimumSizeHint().width() <= NARROW
    panel.parent.resize(NARROW + 20, 1500)
    for page, name in enumerate(("narrow", "narrow settings")):
        panel.ui.tabs.currentIndex = page
        panel.picture(name)
        widgets = [
            each for each in root.findChildren(QtWidgets.QWidget) if isinstance(each, TEXTS) and each.isVisible()
        ]
        assert len(widgets) > 12
        for widget in widgets:
            assert widget.width() >= widget.minimumSizeHint().width(), widget.objectName()
            assert widget.height() >= widget.minimumSizeHint().height() - 1, widget.objectName()


def test_no_gap_below_a_short_text(panel):
    panel.picture("short")
    label = panel.ui.understoodLabel._object
    assert label.height() <= max(label.heightForWidth(label.width()), label.minimumHeight()) + 2
    assert panel.ui.noteEdit._object.height() >= 64


def test_follows_the_colors_of_the_desktop(panel_with_result, application):
    panel = panel_with_result
    assert not any(widget.styleSheet() for widget in panel.widget.uiWidget._object.findChildren(QtWidgets.QWidget))
    palette = application.qt_application.palette()
    dark = QtGui.QPalette(QtGui.QColor(40, 40, 44), QtGui.QColor(24, 24, 26))
    application.qt_application.setPalette(dark)
    picture = QtGui.QImage(str(panel.picture("dark")))
    application.qt_application.setPalette(palette)
    assert picture.pixelColor(3, 3).lightness() < 60
