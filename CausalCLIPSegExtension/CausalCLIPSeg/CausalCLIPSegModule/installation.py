"""The Python packages of the network in Slicer: what is missing, installing on a press, removing all of it."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from CausalCLIPSegModule import slicer_pip

_REQUESTER = "CausalCLIPSeg"
_TERMS_KEY = "CausalCLIPSeg/TermsAccepted"
_INSTALLED_KEY = "CausalCLIPSeg/InstalledPackages"
TERMS_VERSION = "1"
_BY_EXTENSION = frozenset({"torch", "torchvision"})


class Installation:
    """What is installed, and how that is changed. Nothing is done before a person asks for it.

    Args:
        requirements: file with one requirement a line; comments begin with #.
        installer: `compatibility`, or what a test puts in its place.
        versions: names of the installed packages with their versions.
    """

    def __init__(
        self,
        requirements: str | Path,
        installer: Any = slicer_pip,
        versions: Callable[[], dict[str, str]] | None = None,
    ) -> None:
        self._requirements = Path(requirements)
        self._installer = installer
        self._versions = versions or _installedVersions

    def requirements(self) -> list[Any]:
        """Return the requirements, as packaging.requirements.Requirement."""
        from packaging.requirements import Requirement

        lines = (line.split("#")[0].strip() for line in self._requirements.read_text(encoding="utf-8").splitlines())
        return [Requirement(line) for line in lines if line]

    def missing(self) -> list[str]:
        """Return the names of the packages that are not there in a version that fits; imports none of them."""
        there = self._versions()
        return [
            one.name
            for one in self.requirements()
            if _name(one.name) not in there or not one.specifier.contains(there[_name(one.name)], prereleases=True)
        ]

    def terms(self) -> str:
        """Return the terms of the weights, for a person."""
        return _(
            "The weights of this module were trained on QaTa-COV19, whose terms are not settled. They are for"
            " non-commercial research, not for diagnosis.\n\nThe Python packages of the network are now installed into"
            " Slicer, with PyTorch by the PyTorch extension. This takes some gigabytes. All of it can be removed again"
            " in the section Installation.\n\nDo you accept this?"
        )

    def termsAccepted(self) -> bool:
        """Whether the terms as they are now were accepted."""
        return qt.QSettings().value(_TERMS_KEY, "") == TERMS_VERSION

    def acceptTerms(self) -> None:
        """Remember that they were."""
        qt.QSettings().setValue(_TERMS_KEY, TERMS_VERSION)

    def install(self, folder: str | None = None) -> list[str]:
        """Install what is missing.

        Args:
            folder: of wheels, for a machine without internet; None: from the internet, PyTorch by its extension.

        Returns:
            the packages that were there in another version: what Slicer has imported of them is still the old one.

        Raises:
            RuntimeError: the terms were not accepted, or something could not be installed.
        """
        if not self.termsAccepted():
            raise RuntimeError(_("The terms of the weights were not accepted."))
        before = self._versions()
        try:
            if folder is None and _BY_EXTENSION & set(self.missing()):
                versions = {one.name: str(one.specifier) for one in self.requirements()}
                self._installer.installTorch(versions.get("torch", ""), versions.get("torchvision", ""))
            missing = set(self.missing())
            wanted = [str(one) for one in self.requirements() if one.name in missing]
            if wanted:
                source = self._installer.wheels(folder) if folder is not None else []
                self._installer.install([*source, *wanted], _REQUESTER)
        finally:
            # also what a failed installation left behind can be removed
            importlib.invalidate_caches()
            after = self._versions()
            new = set(after) - set(before)
            qt.QSettings().setValue(_INSTALLED_KEY, json.dumps(sorted(new | set(self.installedByUs()))))
        return sorted(name for name in before if after.get(name, before[name]) != before[name])

    def installedByUs(self) -> list[str]:
        """Return the names of the packages that came with our installations and are still there."""
        try:
            names = json.loads(qt.QSettings().value(_INSTALLED_KEY, "[]"))
        except ValueError:
            return []
        there = self._versions()
        return [name for name in names if name in there]

    def remove(self) -> None:
        """Remove every package that our installations brought; what was there before stays."""
        names = self.installedByUs()
        if names:
            self._installer.uninstall(names)
        qt.QSettings().remove(_INSTALLED_KEY)
        qt.QSettings().remove(_TERMS_KEY)


def _name(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _installedVersions() -> dict[str, str]:
    return {_name(one.metadata["Name"]): one.version for one in metadata.distributions() if one.metadata["Name"]}
