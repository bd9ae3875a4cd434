"""Packages are installed only after the user has accepted the terms, and all of them can be removed."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

REQUIREMENTS = "pydicom>=3.0,<4\nonnxruntime>=1.20,<2\nrapidfuzz>=3.10,<4\n"
GPU_REQUIREMENTS = "torch>=2.6,<3\nsafetensors>=0.5,<1\n"


VERSIONS = {"onnxruntime": "1.30.0", "rapidfuzz": "3.12.0", "safetensors": "0.6.0"}
"""What pip installs."""


class FakeInstaller:
    """Installs into a dictionary, and records the arguments of pip.

    Attributes:
        packages: the installed packages with their versions.
        calls: the arguments of each installation.
        constraints: the lines of the last constraints file.
        declines: the user says no to PyTorch.
        fails: an installation fails halfway.
        upgrades: packages that an installation also upgrades.
        on_install: called when an installation begins.
    """

    def __init__(self) -> None:
        self.packages = {"numpy": "2.4.0", "pydicom": "3.0.1"}
        self.calls: list[list[str]] = []
        self.constraints: list[str] = []
        self.declines = False
        self.fails = False
        self.upgrades: dict[str, str] = {}
        self.on_install: Callable[[], None] = lambda: None

    def installTorch(self, torch: str, torchvision: str) -> bool:
        assert (torch, torchvision) == ("<3,>=2.6", "")
        if not self.declines:
            self.packages |= {"torch": "2.8.0", "filelock": "3.0"}
        return not self.declines

    def install(self, arguments: list[str], requester: str, constraints: str) -> None:
        self.on_install()
        self.calls.append(arguments)
        self.constraints = Path(constraints).read_text(encoding="utf-8").split()
        wanted = {re.split("[<>=]", argument)[0] for argument in arguments}
        self.packages |= {name: version for name, version in VERSIONS.items() if name in wanted} | self.upgrades
        if self.fails:
            del self.packages["rapidfuzz"]
            raise RuntimeError("no connection")

    def uninstall(self, names: list[str]) -> None:
        for name in names:
            del self.packages[name]

    @staticmethod
    def wheels(folder: str) -> list[str]:
        from CausalCLIPSegModule import slicer_pip

        return slicer_pip.wheels(folder)


@pytest.fixture
def installer() -> FakeInstaller:
    return FakeInstaller()


@pytest.fixture
def installation(slicer, tmp_path, installer):
    from CausalCLIPSegModule.installation import Installation

    path, gpu_path = tmp_path / "requirements.txt", tmp_path / "requirements-gpu.txt"
    path.write_text("# a comment\n" + REQUIREMENTS)
    gpu_path.write_text(GPU_REQUIREMENTS)
    installation = Installation(path, gpu_path, installer, lambda: dict(installer.packages))
    yield installation
    installation.remove()


def test_panel_without_packages_starts_no_worker_and_points_to_the_installation(
    open_panel, volume, installation, installer
):
    panel = open_panel(installation=installation, image=volume)
    panel.type("Right basal opacity.")
    panel.widget._applyNote()
    assert panel.logic.worker.state == "off"
    assert "Settings" in panel.ui.applyButton.toolTip
    assert panel.ui.missingFrame.visible
    assert panel.ui.installationSection.collapsed
    assert panel.ui.installationLabel.text == "Not installed yet: onnxruntime, rapidfuzz."
    assert installer.calls == []
    panel.picture("installation")


def test_installs_only_after_the_terms_are_accepted_and_removes_everything(
    open_panel, installation, installer, application
):
    panel = open_panel(installation=installation)
    application.dialogs.answers = [False]
    panel.click("installButton")
    assert "non-commercial research" in application.dialogs.shown[0]
    assert "about 300 MB" in application.dialogs.shown[0]
    assert installer.calls == []
    application.dialogs.answers = [True]
    panel.click("installButton")
    assert installation.missing() == []
    assert installer.calls == [["onnxruntime<2,>=1.20", "rapidfuzz<4,>=3.10"]]
    assert "torch" not in installer.packages
    assert "Everything that the network needs is installed." in panel.ui.installationLabel.text
    assert not panel.ui.installButton.enabled
    assert not panel.ui.missingFrame.visible
    application.dialogs.answers = [True]
    panel.click("removeButton")
    assert installer.packages == {"numpy": "2.4.0", "pydicom": "3.0.1"}


def test_asks_for_the_terms_before_use_if_the_packages_are_there_already(
    open_panel, volume, installation, installer, application
):
    installer.packages |= VERSIONS
    panel = open_panel(installation=installation, image=volume)
    panel.write("Right basal opacity.")
    application.dialogs.answers = [False]
    panel.click("applyButton")
    assert "non-commercial research" in application.dialogs.shown[0]
    assert "installed" not in application.dialogs.shown[0]
    assert panel.logic.running is None
    application.dialogs.answers = [True]
    panel.run()
    assert panel.logic.parameters.segmentation is not None
    panel.run()
    assert len(application.dialogs.shown) == 2, "asked once after it was accepted"


def test_an_error_that_slicer_has_shown_is_not_shown_again(open_panel, installation, installer, application):
    from CausalCLIPSegModule.slicer_pip import ShownError

    def fail():
        raise ShownError("no connection")

    installer.on_install = fail
    panel = open_panel(installation=installation)
    application.dialogs.answers = [True]
    panel.click("installFirstButton")
    assert application.errors == []
    assert len(application.dialogs.shown) == 1
    assert panel.ui.installButton.enabled


def test_installs_pytorch_only_for_a_graphics_card(open_panel, installation, installer, application):
    panel = open_panel(installation=installation)
    application.dialogs.answers = [True]
    panel.click("installButton")
    assert not panel.ui.installButton.enabled
    panel.ui.gpuCheckBox.checked = True
    assert panel.ui.installationLabel.text == "For a GPU: torch, safetensors, some gigabytes."
    panel.click("installButton")
    assert installer.calls[1] == ["safetensors<1,>=0.5"]
    assert not panel.ui.installButton.enabled
    assert set(installation.installedByUs()) == {"onnxruntime", "rapidfuzz", "torch", "filelock", "safetensors"}


def test_declining_pytorch_is_no_error_and_installs_nothing(open_panel, installation, installer, application):
    panel = open_panel(installation=installation)
    installer.declines = True
    panel.ui.gpuCheckBox.checked = True
    application.dialogs.answers = [True]
    panel.click("installButton")
    assert application.errors == []
    assert "some gigabytes" in application.dialogs.shown[0]
    assert installer.calls == []
    assert panel.ui.installButton.enabled


def test_packages_of_slicer_keep_their_versions_unless_they_are_too_old(installation, installer):
    installation.acceptTerms()
    installation.install()
    assert installer.constraints == ["numpy==2.4.0", "pydicom==3.0.1"]
    installation.remove()
    installation.acceptTerms()
    installer.packages["pydicom"] = "2.4.4"  # as in Slicer 5.10
    installation.install()
    assert installer.constraints == ["numpy==2.4.0"]


def test_packages_that_another_slicer_installed_are_not_removed(slicer, installation, installer):
    """All versions of Slicer share QSettings(); the list of packages belongs to one installation."""
    import json

    import qt

    qt.QSettings().setValue("CausalCLIPSeg/InstalledPackages", json.dumps(["numpy"]))
    assert installation.installedByUs() == []
    installation.remove()
    assert "numpy" in installer.packages


def test_the_question_before_removal_names_the_packages_that_need_them(
    open_panel, installation, installer, application, monkeypatch
):
    from CausalCLIPSegModule import installation as module

    panel = open_panel(installation=installation)
    application.dialogs.answers = [True]
    panel.click("installButton")
    needs = {"totalsegmentator": {"onnxruntime", "numpy"}, "rapidfuzz": {"numpy"}}
    monkeypatch.setattr(module, "_installedDependencies", lambda: needs)
    application.dialogs.answers = [False]
    panel.click("removeButton")
    assert application.dialogs.shown[-1].endswith("These packages will miss some of them:\n\ntotalsegmentator")
    assert "onnxruntime" in installer.packages


@pytest.mark.parametrize("restart", [True, False])
def test_asks_for_a_restart_after_an_upgrade(restart, open_panel, installation, installer, application):
    panel = open_panel(installation=installation)
    installer.packages["pydicom"] = "2.4.4"  # as in Slicer 5.10
    installer.upgrades = {"pydicom": "3.0.2"}
    application.dialogs.answers = [True, restart]
    application.selected.clear()
    panel.click("installButton")
    assert application.selected == (["restart"] if restart else [])
    assert application.dialogs.shown[-1].startswith("Restart Slicer now?")
    assert application.dialogs.shown[-1].endswith("\n\npydicom")
    assert "pydicom" not in installation.installedByUs()


def test_panel_is_disabled_while_pip_runs(open_panel, installation, installer, application):
    panel = open_panel(installation=installation)
    enabled = []
    installer.on_install = lambda: enabled.append(panel.ui.installButton._object.isEnabled())
    application.dialogs.answers = [True]
    panel.click("installButton")
    assert enabled == [False]
    assert panel.ui.removeButton._object.isEnabled()


def test_installs_from_a_folder_of_wheels_without_the_internet(open_panel, installation, installer, application):
    panel = open_panel(installation=installation)
    application.dialogs.answers = [Path("/media/wheels"), True]
    panel.click("wheelsButton")
    assert installer.calls[0][:3] == ["--no-index", "--find-links", str(Path("/media/wheels"))]
    assert installer.calls[0][3:] == ["onnxruntime<2,>=1.20", "rapidfuzz<4,>=3.10"]


def test_removes_what_a_failed_installation_left(installation, installer):
    installation.acceptTerms()
    installer.fails = True
    with pytest.raises(RuntimeError, match="no connection"):
        installation.install()
    assert installation.installedByUs() == ["onnxruntime"]
    installation.remove()
    assert installer.packages == {"numpy": "2.4.0", "pydicom": "3.0.1"}


def test_panel_shows_what_a_failed_installation_left(open_panel, installation, installer, application):
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


def test_reports_a_package_in_an_older_version_as_missing(installation, installer):
    installer.packages |= {"onnxruntime": "1.19.2", "rapidfuzz": "3.10.0", "torch": "2.5.1"}
    assert installation.missing() == ["onnxruntime"]
    assert installation.missing(gpu=True) == ["onnxruntime", "torch", "safetensors"]


class FakePackaging:
    """slicer.packaging of Slicer 5.12, with the signatures of its source code."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

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
        self.calls.append((requirements, constraints, requester))

    def pip_uninstall(self, requirements, blocking=True, logCallback=None, completedCallback=None) -> None:
        assert blocking
        self.calls.append((requirements,))


def test_slicer_5_12_installs_with_a_window_that_names_the_module(slicer, monkeypatch):
    from CausalCLIPSegModule import slicer_pip

    packaging = FakePackaging()
    monkeypatch.setitem(sys.modules, "slicer.packaging", packaging)
    monkeypatch.setattr(slicer.util, "pip_install", lambda *_: pytest.fail("calls the function of 5.10"))
    slicer_pip.install(["rapidfuzz<4"], "CausalCLIPSeg", "constraints.txt")
    slicer_pip.uninstall(["rapidfuzz"])
    assert packaging.calls == [(["rapidfuzz<4"], "constraints.txt", "CausalCLIPSeg"), (["rapidfuzz"],)]
    monkeypatch.setattr(packaging, "pip_install", lambda *_, **__: exec('raise RuntimeError("no connection")'))
    with pytest.raises(slicer_pip.ShownError, match="no connection"):
        slicer_pip.install(["rapidfuzz<4"], "CausalCLIPSeg", "constraints.txt")


def test_slicer_5_10_installs_through_slicer_util(slicer, monkeypatch):
    from CausalCLIPSegModule import slicer_pip

    calls: list[list[str]] = []
    monkeypatch.setitem(sys.modules, "slicer.packaging", None)  # makes the import fail
    for name in ("pip_install", "pip_uninstall"):
        monkeypatch.setattr(slicer.util, name, calls.append)
    slicer_pip.install(["rapidfuzz<4"], "CausalCLIPSeg", "constraints.txt")
    slicer_pip.uninstall(["rapidfuzz"])
    assert calls == [["rapidfuzz<4", "-c", "constraints.txt"], ["rapidfuzz"]]


@pytest.mark.parametrize("outcome", ["installed", "declined", "no extension"])
def test_torch_is_installed_by_its_extension(slicer, monkeypatch, outcome):
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
            return object() if askConfirmation and outcome == "installed" else None

    extension = SimpleNamespace(PyTorchUtilsLogic=PyTorchUtilsLogic)
    monkeypatch.setitem(sys.modules, "PyTorchUtils", None if outcome == "no extension" else extension)
    if outcome == "no extension":
        with pytest.raises(RuntimeError, match="Install the extension PyTorch"):
            slicer_pip.installTorch(">=2.6,<3", ">=0.21,<1")
    else:
        assert slicer_pip.installTorch(">=2.6,<3", ">=0.21,<1") == (outcome == "installed")
