"""Find, install and remove the Python packages that the network needs in Slicer."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

import qt
import slicer
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

    def install(self, arguments: list[str], requester: str, constraints: str) -> None:
        """Install packages."""

    def uninstall(self, names: list[str]) -> None:
        """Remove packages."""

    def installTorch(self, torch: str, torchvision: str) -> bool:
        """Install PyTorch; return whether the user agreed."""

    def wheels(self, folder: str) -> list[str]:
        """Return the arguments of `install` for a folder of wheels."""


class Installation:
    """Reports, installs and removes packages. Nothing is installed before the user asks for it.

    Args:
        requirements: a file with one requirement per line, all that the CPU needs; comments begin with #.
        gpuRequirements: a file with the further requirements of a GPU.
        installer: installs and removes packages.
        versions: returns the names of the installed packages with their versions.
    """

    def __init__(
        self,
        requirements: str | Path,
        gpuRequirements: str | Path,
        installer: Installer = slicer_pip,
        versions: Callable[[], dict[str, str]] | None = None,
    ) -> None:
        self._requirements = _readRequirements(requirements)
        self._gpuRequirements = _readRequirements(gpuRequirements)
        self._installer = installer
        self._versions = versions or _installedVersions

    def requirements(self, gpu: bool = False) -> list[Requirement]:
        """Return the requirements of the CPU or, with `gpu`, of both."""
        return [*self._requirements, *(self._gpuRequirements if gpu else [])]

    def missing(self, gpu: bool = False) -> list[str]:
        """Return the names of the packages that are not installed in a suitable version; do not import them."""
        versions = self._versions()
        return [each.name for each in self.requirements(gpu) if not _isSatisfied(each, versions)]

    def terms(self, gpu: bool = False) -> str:
        """Return the terms of the weights, what is installed, and the question to the user."""
        return "\n\n".join(
            (
                _weightTerms(),
                _(
                    "The Python packages of the network are now installed into Slicer, with PyTorch by the PyTorch"
                    " extension. This takes some gigabytes."
                )
                if gpu
                else _("The Python packages of the network, about 300 MB, are now installed into Slicer."),
                _("All of it can be removed again under Settings."),
                _("Do you accept this?"),
            )
        )

    def termsOfUse(self) -> str:
        """Return the terms of the weights and the question to the user, if the packages are there already."""
        return "\n\n".join((_weightTerms(), _("Do you accept this?")))

    def termsAccepted(self) -> bool:
        """Whether the user has accepted the current terms."""
        return qt.QSettings().value(_TERMS_KEY, "") == TERMS_VERSION

    def acceptTerms(self) -> None:
        """Remember that the user has accepted the terms."""
        qt.QSettings().setValue(_TERMS_KEY, TERMS_VERSION)

    def install(self, folder: str | None = None, gpu: bool = False) -> list[str]:
        """Install the missing packages; packages that are installed already keep their version if it is suitable.

        Args:
            folder: of wheels, for a machine without internet; None installs from the internet, PyTorch by its
                extension.
            gpu: also install what a GPU needs.

        Returns:
            the packages that were installed before in another version, which Slicer may still have imported.

        Raises:
            RuntimeError: the terms were not accepted, or something could not be installed.
        """
        if not self.termsAccepted():
            raise RuntimeError(_("The terms of the weights were not accepted."))
        before = self._versions()
        try:
            if self._installTorch(folder, gpu):
                self._installMissing(folder, gpu)
        finally:
            # record the packages even after a failure, so that the user can remove them
            importlib.invalidate_caches()
            after = self._versions()
            new = set(after) - set(before)
            _settings().setValue(_INSTALLED_KEY, json.dumps(sorted(new | set(self.installedByUs()))))
        return sorted(name for name in before if after.get(name, before[name]) != before[name])

    def _installTorch(self, folder: str | None, gpu: bool) -> bool:
        """Install PyTorch by its extension if a GPU needs it; return False if the user declined."""
        if folder is not None or not _BY_EXTENSION & set(self.missing(gpu)):
            return True
        specifiers = {requirement.name: str(requirement.specifier) for requirement in self._gpuRequirements}
        return self._installer.installTorch(specifiers.get("torch", ""), specifiers.get("torchvision", ""))

    def _installMissing(self, folder: str | None, gpu: bool) -> None:
        missing = set(self.missing(gpu))
        wanted = [str(requirement) for requirement in self.requirements(gpu) if requirement.name in missing]
        if not wanted:
            return
        source = self._installer.wheels(folder) if folder is not None else []
        with TemporaryDirectory() as temporary:
            constraints = Path(temporary) / "constraints.txt"
            constraints.write_text("\n".join(self._constraints(gpu)) + "\n", encoding="utf-8")
            self._installer.install([*source, *wanted], _REQUESTER, str(constraints))

    def _constraints(self, gpu: bool) -> list[str]:
        """Pin the installed packages, on which Slicer and its extensions rely, except those that are too old."""
        versions = self._versions()
        replaced = {_normalizedName(each.name) for each in self.requirements(gpu) if not _isSatisfied(each, versions)}
        return [f"{name}=={version}" for name, version in sorted(versions.items()) if name not in replaced]

    def installedByUs(self) -> list[str]:
        """Return the names of the packages that the module installed and that are still installed."""
        try:
            names = json.loads(_settings().value(_INSTALLED_KEY, "[]"))
        except ValueError:
            return []
        versions = self._versions()
        return [name for name in names if name in versions]

    def neededByOthers(self) -> list[str]:
        """Return the installed packages, not installed by the module, that need one which the module installed."""
        names = set(self.installedByUs())
        return sorted(
            other for other, needed in _installedDependencies().items() if other not in names and needed & names
        )

    def remove(self) -> None:
        """Remove every package that the module installed; packages that were there before stay."""
        names = self.installedByUs()
        if names:
            self._installer.uninstall(names)
        _settings().remove(_INSTALLED_KEY)
        qt.QSettings().remove(_TERMS_KEY)


def _weightTerms() -> str:
    return _(
        "The weights of this module were trained on QaTa-COV19, whose terms are not settled. They are for"
        " non-commercial research, not for diagnosis."
    )


def _settings() -> qt.QSettings:
    """Return the settings of this Slicer installation; QSettings() is shared by all versions of Slicer."""
    return slicer.app.revisionUserSettings()


def _readRequirements(path: str | Path) -> list[Requirement]:
    from packaging.requirements import Requirement

    lines = (line.split("#")[0].strip() for line in Path(path).read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line]


def _isSatisfied(requirement: Requirement, versions: dict[str, str]) -> bool:
    version = versions.get(_normalizedName(requirement.name))
    return version is not None and requirement.specifier.contains(version, prereleases=True)


def _normalizedName(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _installedVersions() -> dict[str, str]:
    return {
        _normalizedName(distribution.metadata["Name"]): distribution.version
        for distribution in metadata.distributions()
        if distribution.metadata["Name"]
    }


def _installedDependencies() -> dict[str, set[str]]:
    """Return the names of the installed packages with the names of the packages that each of them needs."""
    from packaging.requirements import Requirement

    return {
        _normalizedName(distribution.metadata["Name"]): {
            _normalizedName(requirement.name)
            for requirement in map(Requirement, distribution.requires or ())
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        }
        for distribution in metadata.distributions()
        if distribution.metadata["Name"]
    }
