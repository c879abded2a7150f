"""`trackbook enable` and `trackbook disable` as commands."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def ipython(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return tmp_path / "ipython"


def test_on_and_off(call: Any, ipython: Path) -> None:
    path = ipython / "profile_default" / "startup" / "05-trackbook.py"
    assert call("enable", "--status").out == f"off  {path}\n"
    assert not ipython.exists()
    answer = call("enable")
    assert (answer.code, answer.out) == (0, "")
    assert f"on in sessions that begin from now on, by {path}." in answer.err
    assert call("enable", "--status").out == f"on  {path}\n"
    assert "switched on already" in call("enable").err
    assert "is removed" in call("disable").err
    assert not path.exists()
    answer = call("disable")
    assert answer.code == 0
    assert "It was not switched on" in answer.err


def test_another_profile(call: Any, ipython: Path) -> None:
    call("enable", "--profile", "work")
    assert (ipython / "profile_work" / "startup" / "05-trackbook.py").is_file()
    assert call("enable", "--profile", "a/b").code == 2
