"""Installing packages in Slicer's Python, on 5.12 and on 5.10. Everything that differs between the two is here."""

from __future__ import annotations

from pathlib import Path

import slicer
from slicer.i18n import tr as _


def install(arguments: list[str], requester: str) -> None:
    """Install packages into Slicer's Python; it blocks, with a window that shows what is done where Slicer has one.

    Args:
        arguments: as for pip install.
        requester: who asks, for the window.

    Raises:
        RuntimeError, subprocess.CalledProcessError: the installation failed.
    """
    try:
        from slicer.packaging import pip_install
    except ImportError:  # 5.10
        slicer.util.pip_install(arguments)
        return
    pip_install(arguments, requester=requester)


def uninstall(names: list[str]) -> None:
    """Remove packages from Slicer's Python."""
    try:
        from slicer.packaging import pip_uninstall
    except ImportError:  # 5.10
        slicer.util.pip_uninstall(names)
        return
    pip_uninstall(names)


def installTorch(torch: str, torchvision: str) -> None:
    """Let the PyTorch extension install the PyTorch that fits the machine; it imports torch once when it has.

    Args:
        torch, torchvision: versions that are wanted, as in ">=2.6,<3".

    Raises:
        RuntimeError: the extension is not there, or was told not to.
    """
    try:
        import PyTorchUtils
    except ImportError as error:
        raise RuntimeError(_("Install the extension PyTorch in the Extensions Manager first.")) from error
    installed = PyTorchUtils.PyTorchUtilsLogic().installTorch(
        askConfirmation=True, torchVersionRequirement=torch, torchvisionVersionRequirement=torchvision
    )
    if installed is None:
        raise RuntimeError(_("PyTorch was not installed."))


def wheels(folder: str) -> list[str]:
    """Return pip's arguments for a machine without internet."""
    return ["--no-index", "--find-links", str(Path(folder))]
