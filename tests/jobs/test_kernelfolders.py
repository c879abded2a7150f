"""Where kernels are looked for: where jupyter_client itself looks."""

from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from trackbook.jobs.kernelfolders import kernel_folders


def test_the_folders_are_those_of_jupyter_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IPYTHONDIR", raising=False)
    assert kernel_folders() == KernelSpecManager().kernel_dirs


def test_a_folder_of_ipython_elsewhere_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    assert kernel_folders() == KernelSpecManager().kernel_dirs
    assert kernel_folders()[-1] == str(tmp_path / "kernels")
