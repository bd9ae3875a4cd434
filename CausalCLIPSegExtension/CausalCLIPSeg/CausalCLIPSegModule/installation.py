"""Find, install and remove the Python packages that the network needs in Slicer."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import qt
from slicer.i18n import tr as _

from CausalCLIPSegModule import slicer_pip

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_REQUESTER = "CausalCLIPSeg"
_TERMS_KEY = "CausalCLIPSeg/TermsAccepted"
_INSTALLED_KEY = "CausalCLIPSeg/InstalledPackages"
TERMS_VERSION = "1"
_BY_EXTENSION = frozenset({"torch", "torchvision"})
"""Packages that Slicer's PyTorch extension installs."""


class Installer(Protocol):
    """Installs and removes packages; `slicer_pip` is the real one, and documents the functions."""

    def install(self, arguments: list[str], requester: str) -> None:
        """Install packages."""

    def uninstall(self, names: list[str]) -> None:
        """Remove packages."""

    def installTorch(self, torch: str, torchvision: str) -> None:
        """Install PyTorch."""

    def wheels(self, folder: str) -> list[str]:
        """Return the arguments of `install` for a folder of wheels."""


class Installation:
    """Reports, installs and removes packages. Nothing is installed before the user asks for it.

    Args:
        requirements: a file with one requirement per line; comments begin with #.
        installer: installs and removes packages.
        versions: returns the names of the installed packages with their versions.
    """

    def __init__(
        self,
        requirements: str | Path,
        installer: Installer = slicer_pip,
        versions: Callable[[], dict[str, str]] | None = None,
    ) -> None:
        self._requirements = Path(requirements)
        self._installer = installer
        self._versions = versions or _installedVersions

    def requirements(self) -> list[Requirement]:
        """Return the requirements."""
        from packaging.requirements import Requirement

        lines = (line.split("#")[0].strip() for line in self._requirements.read_text(encoding="utf-8").splitlines())
        return [Requirement(line) for line in lines if line]

    def missing(self) -> list[str]:
        """Return the names of the packages that are not installed in a suitable version; do not import them."""
        versions = self._versions()

        def isMissing(requirement: Requirement) -> bool:
            version = versions.get(_normalizedName(requirement.name))
            return version is None or not requirement.specifier.contains(version, prereleases=True)

        return [requirement.name for requirement in self.requirements() if isMissing(requirement)]

    def terms(self) -> str:
        """Return the terms of the weights."""
        return _(
            "The weights of this module were trained on QaTa-COV19, whose terms are not settled. They are for"
            " non-commercial research, not for diagnosis.\n\nThe Python packages of the network are now installed into"
            " Slicer, with PyTorch by the PyTorch extension. This takes some gigabytes. All of it can be removed again"
            " in the section Installation.\n\nDo you accept this?"
        )

    def termsAccepted(self) -> bool:
        """Whether the user has accepted the current terms."""
        return qt.QSettings().value(_TERMS_KEY, "") == TERMS_VERSION

    def acceptTerms(self) -> None:
        """Remember that the user has accepted the terms."""
        qt.QSettings().setValue(_TERMS_KEY, TERMS_VERSION)

    def install(self, folder: str | None = None) -> list[str]:
        """Install the missing packages.

        Args:
            folder: of wheels, for a machine without internet; None installs from the internet, PyTorch by its
                extension.

        Returns:
            the packages that were installed before in another version, which Slicer may still have imported.

        Raises:
            RuntimeError: the terms were not accepted, or something could not be installed.
        """
        if not self.termsAccepted():
            raise RuntimeError(_("The terms of the weights were not accepted."))
        before = self._versions()
        try:
            if folder is None and _BY_EXTENSION & set(self.missing()):
                specifiers = {requirement.name: str(requirement.specifier) for requirement in self.requirements()}
                self._installer.installTorch(specifiers.get("torch", ""), specifiers.get("torchvision", ""))
            missing = set(self.missing())
            wanted = [str(requirement) for requirement in self.requirements() if requirement.name in missing]
            if wanted:
                source = self._installer.wheels(folder) if folder is not None else []
                self._installer.install([*source, *wanted], _REQUESTER)
        finally:
            # record the packages even after a failure, so that the user can remove them
            importlib.invalidate_caches()
            after = self._versions()
            new = set(after) - set(before)
            qt.QSettings().setValue(_INSTALLED_KEY, json.dumps(sorted(new | set(self.installedByUs()))))
        return sorted(name for name in before if after.get(name, before[name]) != before[name])

    def installedByUs(self) -> list[str]:
        """Return the names of the packages that the module installed and that are still installed."""
        try:
            names = json.loads(qt.QSettings().value(_INSTALLED_KEY, "[]"))
        except ValueError:
            return []
        versions = self._versions()
        return [name for name in names if name in versions]

    def remove(self) -> None:
        """Remove every package that the module installed; packages that were there before stay."""
        names = self.installedByUs()
        if names:
            self._installer.uninstall(names)
        qt.QSettings().remove(_INSTALLED_KEY)
        qt.QSettings().remove(_TERMS_KEY)


def _normalizedName(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _installedVersions() -> dict[str, str]:
    return {
        _normalizedName(distribution.metadata["Name"]): distribution.version
        for distribution in metadata.distributions()
        if distribution.metadata["Name"]
    }
