"""Installing and removing the packages: nothing before a press, terms once, everything that came can go."""

from __future__ import annotations

from pathlib import Path

import pytest

REQUIREMENTS = "torch>=2.6,<3\nsafetensors>=0.5,<1\nrapidfuzz>=3.10,<4\n"


class Installer:
    """Packages in a dictionary; what is asked of pip is kept."""

    def __init__(self) -> None:
        self.there = {"numpy": "2.4.0"}
        self.asked: list[list[str]] = []
        self.fails = False

    def installTorch(self) -> None:  # noqa: N802
        self.there |= {"torch": "2.8.0", "filelock": "3.0"}

    def install(self, arguments: list[str], requester: str) -> None:
        self.asked.append(arguments)
        self.there |= {"safetensors": "0.6.0"}
        if self.fails:
            raise RuntimeError("no connection")
        self.there |= {"rapidfuzz": "3.12.0"}

    def uninstall(self, names: list[str]) -> None:
        for name in names:
            del self.there[name]

    @staticmethod
    def wheels(folder: str) -> list[str]:
        from CausalCLIPSegModule import compatibility

        return compatibility.wheels(folder)


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
    panel.widget._takeNote()
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


def test_an_installed_version_that_is_too_old_is_missing(installation, installer):
    installer.there |= {"torch": "2.5.1", "safetensors": "0.5.0", "rapidfuzz": "3.10.0"}
    assert installation.missing() == ["torch"]
