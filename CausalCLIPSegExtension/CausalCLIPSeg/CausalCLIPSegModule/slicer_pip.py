"""Install packages into Slicer's Python. Everything that differs between Slicer 5.12 and 5.10 is in this file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import slicer
from slicer.i18n import tr as _


class ShownError(RuntimeError):
    """The installation failed, and Slicer has already told the user."""


def install(arguments: list[str], requester: str, constraints: str) -> None:
    """Install packages into Slicer's Python. It blocks; Slicer 5.12 shows the progress in a window.

    Args:
        arguments: as for pip install.
        requester: name of the module, for the window.
        constraints: path of a pip constraints file.

    Raises:
        ShownError: the installation failed, in Slicer 5.12.
        RuntimeError, subprocess.CalledProcessError: the installation failed, in Slicer 5.10.
    """
    try:
        from slicer.packaging import pip_install
    except ImportError:  # 5.10
        slicer.util.pip_install([*arguments, "-c", constraints])
        return
    try:
        pip_install(arguments, constraints=constraints, requester=requester)
    except (RuntimeError, subprocess.CalledProcessError) as error:
        raise ShownError(str(error)) from error


def uninstall(names: list[str]) -> None:
    """Remove packages from Slicer's Python."""
    try:
        from slicer.packaging import pip_uninstall
    except ImportError:  # 5.10
        slicer.util.pip_uninstall(names)
        return
    pip_uninstall(names)


def installTorch(torch: str, torchvision: str) -> bool:
    """Let the PyTorch extension install the PyTorch that fits the machine; it imports torch after that.

    Args:
        torch, torchvision: required versions, as in ">=2.6,<3".

    Returns:
        False if the user declined.

    Raises:
        RuntimeError: the extension is missing, or PyTorch could not be installed.
    """
    try:
        import PyTorchUtils
    except ImportError as error:
        raise RuntimeError(_("Install the extension PyTorch in the Extensions Manager first.")) from error
    installed = PyTorchUtils.PyTorchUtilsLogic().installTorch(
        askConfirmation=True, torchVersionRequirement=torch, torchvisionVersionRequirement=torchvision
    )
    return installed is not None


def wheels(folder: str) -> list[str]:
    """Return the arguments with which pip installs from a folder of wheels, without the internet."""
    return ["--no-index", "--find-links", str(Path(folder))]
