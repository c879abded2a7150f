"""Listings of installed packages that are kept, and forgotten when a folder changes."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from trackbook.capture import packages
from trackbook.capture.environment import look_ahead
from trackbook.capture.packages import installed_packages


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "alpha-1.0.dist-info").mkdir(parents=True)
    return folder


def settle(folder: Path, seconds: int = 10) -> None:
    """Have a folder look as if it had not been touched for a while."""
    moment = folder.stat().st_mtime - seconds
    os.utime(folder, (moment, moment))


def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    calls = []
    plain = packages._list

    def listed(folder: Path) -> object:
        calls.append(folder)
        return plain(folder)

    monkeypatch.setattr(packages, "_list", listed)
    return lambda: len(calls)


def test_a_folder_that_stays_is_listed_once(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch)
    settle(site)
    assert [installed_packages([str(site)]) for _ in range(3)] == [{"alpha": "1.0"}] * 3
    assert calls() == 1


def test_what_is_installed_later_is_seen(site: Path) -> None:
    settle(site)
    assert installed_packages([str(site)]) == {"alpha": "1.0"}
    (site / "beta-2.0.dist-info").mkdir()
    assert installed_packages([str(site)]) == {"alpha": "1.0", "beta": "2.0"}
    settle(site, 20)
    (site / "alpha-1.0.dist-info").rename(site / "alpha-1.1.dist-info")
    assert installed_packages([str(site)]) == {"alpha": "1.1", "beta": "2.0"}


def test_a_folder_that_has_just_changed_is_not_relied_on(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch)
    os.utime(site)
    for _ in range(2):
        installed_packages([str(site)])
    assert calls() == 2


def test_a_list_that_is_changed_by_its_reader_stays(site: Path) -> None:
    settle(site)
    installed_packages([str(site)]).clear()
    assert installed_packages([str(site)]) == {"alpha": "1.0"}


def test_what_was_looked_at_ahead_is_not_listed_again(monkeypatch: pytest.MonkeyPatch, site: Path) -> None:
    settle(site)
    monkeypatch.setattr("sys.path", [str(site)])
    look_ahead()
    calls = counted(monkeypatch)
    assert installed_packages() == {"alpha": "1.0"}
    assert calls() == 0
