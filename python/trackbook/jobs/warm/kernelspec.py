"""Kernelspecs whose kernels start warm: what Jupyter's menus, and notebooks, name."""

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from trackbook.errors import InfrastructureError, NotFound, UsageError

PROVISIONER = "trackbook-warm"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


class WarmKernel(Struct, frozen=True):
    """A kernelspec of warm kernels: its name, what menus call it, its folder, and what its kernels find imported."""

    name: str
    display_name: str
    folder: str
    imports: list[str]


def install_kernel(
    name: str = PROVISIONER,
    *,
    display_name: str | None = None,
    imports: Sequence[str] = (),
    user: bool = True,
    prefix: str | None = None,
) -> WarmKernel:
    """Write a kernelspec for this Python whose kernels start warm, in the place of one of that name.

    It is for this user, or, without `user`, for all users of the environment at `prefix`, by default for the whole
    machine. Kernels find `imports` imported; without any, what their notebook imports. Raises UsageError for a name
    that is none, or is that of a kernel of another kind; InfrastructureError where the folder can't be written.
    """
    from ipykernel.kernelspec import write_kernel_spec
    from jupyter_client.kernelspec import KernelSpecManager

    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} can't be the name of a kernel: take letters, digits, dots, hyphens and underscores."
        )
    if wrong := [module for module in imports if not _MODULE.fullmatch(module)]:
        raise UsageError(f"{wrong[0]!r} is no module's name, such as pandas or sklearn.linear_model.")
    manager = KernelSpecManager()
    _check_free(name)
    shown = display_name or f"Python {sys.version_info.major} (warm)"
    provisioner = {"provisioner_name": PROVISIONER, "config": {"imports": list(imports)}}
    with tempfile.TemporaryDirectory(prefix="tb-") as folder:
        source = Path(folder) / "kernel"
        write_kernel_spec(str(source), overrides={"display_name": shown})
        spec = json.loads((source / "kernel.json").read_text(encoding="utf-8"))
        spec["metadata"] = spec.get("metadata", {}) | {"kernel_provisioner": provisioner}
        (source / "kernel.json").write_text(json.dumps(spec, indent=1), encoding="utf-8")
        try:
            target = manager.install_kernel_spec(
                str(source), kernel_name=name, user=user and prefix is None, prefix=prefix
            )
        except OSError as error:
            place = error.filename or name
            raise InfrastructureError(
                f"The kernel can't be written: {place}: {error.strerror or error}"
            ) from error
    return WarmKernel(name, shown, str(target), list(imports))


def remove_kernel(name: str = PROVISIONER) -> WarmKernel:
    """Take a kernelspec of warm kernels away; running kernels go on.

    Raises NotFound if there is none of that name, UsageError for one that is no warm kernel, InfrastructureError if it
    can't be removed.
    """
    found = next((kernel for kernel in warm_kernels() if kernel.name == name), None)
    if found is None:
        _check_free(name)
        raise NotFound("kernel", name)
    try:
        shutil.rmtree(found.folder)
    except OSError as error:
        raise InfrastructureError(
            f"The kernel can't be removed: {found.folder}: {error.strerror or error}"
        ) from error
    return found


def warm_kernels() -> list[WarmKernel]:
    """Return the kernelspecs of warm kernels that Jupyter finds here."""
    return [
        WarmKernel(
            name,
            spec.get("display_name", name),
            folder,
            _provisioner(spec).get("config", {}).get("imports", []),
        )
        for name, folder, spec in _specs()
        if _provisioner(spec).get("provisioner_name") == PROVISIONER
    ]


def _check_free(name: str) -> None:
    for other, folder, spec in _specs():
        if other == name.lower() and _provisioner(spec).get("provisioner_name") != PROVISIONER:
            raise UsageError(
                f"{name} is a kernel already, at {folder}, and not one of these; take another name."
            )


def _specs() -> list[tuple[str, str, dict[str, Any]]]:
    from jupyter_client.kernelspec import KernelSpecManager

    found = []
    for name, folder in sorted(KernelSpecManager().find_kernel_specs().items()):
        try:
            spec = json.loads((Path(folder) / "kernel.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(spec, dict):
            found.append((name, folder, spec))
    return found


def _provisioner(spec: dict[str, Any]) -> dict[str, Any]:
    metadata = spec.get("metadata")
    found = metadata.get("kernel_provisioner") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}
