"""Installing and removing the packages: nothing before a press, terms once, everything that came can go."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

REQUIREMENTS = "torch>=2.6,<3\nsafetensors>=0.5,<1\nrapidfuzz>=3.10,<4\n"


class Installer:
    """Packages in a dictionary; what is asked of pip is kept."""

    def __init__(self) -> None:
        self.there = {"numpy": "2.4.0"}
        self.asked: list[list[str]] = []
        self.fails = False
        self.newer: dict[str, str] = {}
        self.meanwhile: Callable[[], None] = lambda: None

    def installTorch(self, torch: str, torchvision: str) -> None:
        assert (torch, torchvision) == ("<3,>=2.6", "")
        self.there |= {"torch": "2.8.0", "filelock": "3.0"}

    def install(self, arguments: list[str], requester: str) -> None:
        self.meanwhile()
        self.asked.append(arguments)
        self.there |= {"safetensors": "0.6.0", **self.newer}
        if self.fails:
            raise RuntimeError("no connection")
        self.there |= {"rapidfuzz": "3.12.0"}

    def uninstall(self, names: list[str]) -> None:
        for name in names:
            del self.there[name]

    @staticmethod
    def wheels(folder: str) -> list[str]:
        from CausalCLIPSegModule import slicer_pip

        return slicer_pip.wheels(folder)


@pytest.fixture
def installer() -> Installer:
    return Installer()


@pytest.fixture
def installation(slicer, tmp_path, installer):
    from CausalCLIPSegModule.installation import Installation

    path = tmp_path / "requirements.txt"
    path.write_text("# a comment\n" + REQUIREMENTS)
    made = Installation(path, installer, lambda: dict(installer.there))
    yield made
    made.remove()


def test_panel_without_packages_starts_nothing_and_says_what_to_do(open_panel, film, installation, installer):
    panel = open_panel(installation=installation)
    panel.ui.imageSelector.setCurrentNode(film)
    panel.type("Right basal opacity.")
    panel.widget._applyNote()
    assert panel.logic.worker.state == "off"
    assert "section Installation" in panel.ui.applyButton.toolTip
    assert not panel.ui.installationSection.collapsed
    assert "torch" in panel.ui.installationLabel.text
    assert installer.asked == []
    panel.picture("installation")


def test_terms_are_asked_once_and_refused_terms_install_nothing(
    open_panel, film, installation, installer, application
):
    panel = open_panel(installation=installation)
    application.dialogs.answers = [False]
    panel.click("installButton")
    assert "non-commercial research" in application.dialogs.shown[0]
    assert "torch" not in installer.there
    application.dialogs.answers = [True]
    panel.click("installButton")
    assert installation.missing() == []
    assert installer.asked == [["safetensors<1,>=0.5", "rapidfuzz<4,>=3.10"]]
    assert "Everything that the network needs is installed." in panel.ui.installationLabel.text
    assert not panel.ui.installButton.enabled
    application.dialogs.answers = [True]
    panel.click("removeButton")
    assert installer.there == {"numpy": "2.4.0"}


def test_what_was_there_in_an_older_version_wants_a_restart(open_panel, installation, installer, application):
    panel = open_panel(installation=installation)
    installer.there["pydicom"] = "2.4.4"  # as in Slicer 5.10
    installer.newer = {"pydicom": "3.0.2"}
    application.dialogs.answers = [True]
    panel.click("installButton")
    assert application.dialogs.shown[-1].startswith("Restart Slicer now")
    assert application.dialogs.shown[-1].endswith("\n\npydicom")
    assert "pydicom" not in installation.installedByUs()


def test_nothing_can_be_pressed_while_pip_runs(open_panel, installation, installer, application):
    panel = open_panel(installation=installation)
    usable = []
    installer.meanwhile = lambda: usable.append(panel.ui.installButton._object.isEnabled())
    application.dialogs.answers = [True]
    panel.click("installButton")
    assert usable == [False]
    assert panel.ui.removeButton._object.isEnabled()


def test_a_folder_of_wheels_needs_no_internet(open_panel, installation, installer, application):
    panel = open_panel(installation=installation)
    application.dialogs.answers = [Path("/media/wheels"), True]
    panel.click("wheelsButton")
    assert installer.asked[0][:3] == ["--no-index", "--find-links", str(Path("/media/wheels"))]
    assert "torch<3,>=2.6" in installer.asked[0]


def test_a_failed_installation_is_told_and_what_it_left_can_be_removed(installation, installer):
    installation.acceptTerms()
    installer.fails = True
    with pytest.raises(RuntimeError, match="no connection"):
        installation.install()
    assert set(installation.installedByUs()) == {"torch", "filelock", "safetensors"}
    installation.remove()
    assert installer.there == {"numpy": "2.4.0"}


def test_the_panel_shows_what_a_failed_installation_left(open_panel, installation, installer, application):
    installer.fails = True
    panel = open_panel(installation=installation)
    assert not panel.ui.removeButton.enabled
    application.dialogs.answers = [True]
    panel.click("installButton")
    assert panel.ui.installationLabel.text == "Not installed yet: rapidfuzz."
    assert panel.ui.installButton.enabled
    assert panel.ui.removeButton.enabled
    installer.fails = False
    panel.click("installButton")
    assert panel.ui.installationLabel.text == "Everything that the network needs is installed."


# -- Slicer's own installers ------------------------------------------------------------------------------------------


class Packaging:
    """slicer.packaging of Slicer 5.12, in whose source these signatures are."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    def pip_install(
        self,
        requirements,
        constraints=None,
        no_deps_requirements=None,
        skip_packages=None,
        blocking=True,
        show_progress=True,
        requester=None,
        logCallback=None,
        completedCallback=None,
    ) -> None:
        assert blocking
        self.asked.append((requirements, requester))

    def pip_uninstall(self, requirements, blocking=True, logCallback=None, completedCallback=None) -> None:
        assert blocking
        self.asked.append((requirements,))


def test_slicer_5_12_installs_with_a_window_that_names_the_module(slicer, monkeypatch):
    from CausalCLIPSegModule import slicer_pip

    packaging = Packaging()
    monkeypatch.setitem(sys.modules, "slicer.packaging", packaging)
    monkeypatch.setattr(slicer.util, "pip_install", lambda *_: pytest.fail("that of 5.10"))
    slicer_pip.install(["rapidfuzz<4"], "CausalCLIPSeg")
    slicer_pip.uninstall(["rapidfuzz"])
    assert packaging.asked == [(["rapidfuzz<4"], "CausalCLIPSeg"), (["rapidfuzz"],)]


def test_slicer_5_10_installs_with_what_it_has(slicer, monkeypatch):
    from CausalCLIPSegModule import slicer_pip

    asked: list[list[str]] = []
    monkeypatch.setitem(sys.modules, "slicer.packaging", None)  # there is none to import
    for name in ("pip_install", "pip_uninstall"):
        monkeypatch.setattr(slicer.util, name, asked.append)
    slicer_pip.install(["rapidfuzz<4"], "CausalCLIPSeg")
    slicer_pip.uninstall(["rapidfuzz"])
    assert asked == [["rapidfuzz<4"], ["rapidfuzz"]]


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ("extension", None),
        ("refused", "PyTorch was not installed."),
        ("nothing", "Install the extension PyTorch in the Extensions Manager first."),
    ],
)
def test_torch_comes_by_its_extension_or_it_is_said_why_not(slicer, monkeypatch, found, sentence):
    from CausalCLIPSegModule import slicer_pip

    class PyTorchUtilsLogic:
        def installTorch(
            self,
            askConfirmation=False,
            forceComputationBackend=None,
            torchVersionRequirement=None,
            torchvisionVersionRequirement=None,
        ) -> object:
            assert (torchVersionRequirement, torchvisionVersionRequirement) == (">=2.6,<3", ">=0.21,<1")
            return object() if askConfirmation and found == "extension" else None

    utilities = SimpleNamespace(PyTorchUtilsLogic=PyTorchUtilsLogic)
    monkeypatch.setitem(sys.modules, "PyTorchUtils", None if found == "nothing" else utilities)
    with contextlib.nullcontext() if sentence is None else pytest.raises(RuntimeError, match=sentence):
        slicer_pip.installTorch(">=2.6,<3", ">=0.21,<1")


def test_an_installed_version_that_is_too_old_is_missing(installation, installer):
    installer.there |= {"torch": "2.5.1", "safetensors": "0.5.0", "rapidfuzz": "3.10.0"}
    assert installation.missing() == ["torch"]
