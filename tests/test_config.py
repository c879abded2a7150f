from pathlib import Path

import pytest

from trackbook.config import CAPTURES, Settings, captures_in, jobs_in
from trackbook.errors import UsageError


def test_an_empty_environment_says_nothing():
    assert Settings.load({}) == Settings()
    assert Settings.load({"TRACKBOOK_STORE": "", "TRACKBOOK_RUN": ""}) == Settings()


def test_what_a_job_tells_its_kernel_is_read_back():
    settings = Settings(store=Path("/a/store"), run_id="run", job_id="job", output_dir=Path("/a/out"))
    assert Settings.load(settings.job_environment()) == settings


def test_the_process_environment_is_the_default(monkeypatch):
    monkeypatch.setenv("TRACKBOOK_STORE", "~/store")
    monkeypatch.setenv("JPY_SESSION_NAME", "/a/b.ipynb")
    assert Settings.load().store == Path.home() / "store"
    assert Settings.load().notebook == Path("/a/b.ipynb")


def test_a_url_gets_a_spool_of_its_own_whatever_its_password():
    settings = Settings.load(
        {"TRACKBOOK_STORE": "postgresql://me:secret@host/name", "TRACKBOOK_SPOOL": "/spool"}
    )
    other = Settings.load({"TRACKBOOK_STORE": "postgresql://me:other@host/name", "TRACKBOOK_SPOOL": "/spool"})
    assert settings.store is None
    assert settings.remote == "postgresql://me@host/name"
    assert settings.folder is not None
    assert settings.folder == other.folder
    assert settings.folder.parent == Path("/spool")
    assert Settings.load(settings.job_environment()) == settings


@pytest.mark.parametrize("url", ["mysql://host/name", "s3://bucket", "ftp://me:secret@host"])
def test_a_url_that_can_be_no_store_is_refused_rather_than_made_a_folder(url):
    with pytest.raises(UsageError, match="folder") as refused:
        Settings.load({"TRACKBOOK_STORE": url})
    assert "secret" not in str(refused.value)


def test_how_often_the_disk_is_waited_for_reaches_the_kernel_of_a_job():
    settings = Settings.load({"TRACKBOOK_SYNC": "0.5"})
    assert settings.sync == 0.5
    assert Settings.load(settings.job_environment()) == settings


@pytest.mark.parametrize("text", ["0", "-1", "often", "nan", "inf"])
def test_what_is_no_number_of_seconds_is_refused(text):
    with pytest.raises(UsageError, match="a number of seconds"):
        Settings.load({"TRACKBOOK_SYNC": text})


@pytest.mark.parametrize("url", ["http://127.0.0.1:8899", "http://localhost:8899/team", "http://[::1]:8899"])
def test_clear_text_is_for_this_machine(url):
    assert Settings.load({"TRACKBOOK_STORE": url}).store_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://runs.example.com",
        "http://127.example.com@evil.example",
        "http://10.0.0.1",
        "http://127.example.com",
    ],
)
def test_clear_text_to_another_machine_must_be_meant(url):
    with pytest.raises(UsageError, match="TRACKBOOK_INSECURE=1"):
        Settings.load({"TRACKBOOK_STORE": url})
    assert Settings.load({"TRACKBOOK_STORE": url, "TRACKBOOK_INSECURE": "1"}).store_url == url


def test_how_often_the_machine_is_looked_at_reaches_the_kernel_of_a_job():
    assert Settings.load({}).system_interval == 10
    settings = Settings.load({"TRACKBOOK_SYSTEM_INTERVAL": "2.5"})
    assert settings.system_interval == 2.5
    assert Settings.load(settings.job_environment()) == settings
    assert "TRACKBOOK_SYSTEM_INTERVAL" not in Settings().job_environment()


@pytest.mark.parametrize("text", ["0", "0.09", "-1", "often", "nan", "inf"])
def test_an_interval_that_is_none_is_refused(text):
    with pytest.raises(UsageError, match=r"TRACKBOOK_SYSTEM_INTERVAL .* a number of seconds from 0\.1 on"):
        Settings.load({"TRACKBOOK_SYSTEM_INTERVAL": text})


def test_captures_are_those_of_the_environment_else_of_the_project(tmp_path: Path) -> None:
    assert Settings.load({}).captures_in(tmp_path) == CAPTURES
    project = tmp_path / "pyproject.toml"
    project.write_text('[tool.other]\ncapture = ["x"]\n')
    assert Settings.load({}).captures_in(tmp_path) == CAPTURES
    project.write_text('[tool.trackbook]\ncapture = ["-data", "-system"]\n')
    assert Settings.load({}).captures_in(tmp_path) == CAPTURES - {"data", "system"}
    assert Settings.load({"TRACKBOOK_CAPTURE": "all"}).captures_in(tmp_path) == CAPTURES
    assert Settings.load({"TRACKBOOK_CAPTURE": "git, cells"}).captures_in(tmp_path) == {"git", "cells"}
    project.write_text("[tool.trackbook]\ncapture = []\n")
    assert Settings.load({}).captures_in(tmp_path) == CAPTURES


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('capture = ["-dat"]', "names '-dat', which there is not: all, none, or some of cells, data"),
        ("capture = 3", "has to list names"),
        ("capture = [", "can't be read"),
    ],
)
def test_a_project_that_names_what_there_is_not(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.trackbook]\n{text}\n")
    with pytest.raises(UsageError, match=told):
        Settings.load({}).captures_in(tmp_path)
    assert captures_in(tmp_path) == CAPTURES


@pytest.mark.parametrize(
    "variables",
    [{}, {"TRACKBOOK_CAPTURE": "all"}, {"TRACKBOOK_CAPTURE": "none"}, {"TRACKBOOK_CAPTURE": "-data,-git"}],
)
def test_a_job_s_kernel_records_what_its_worker_would(variables: dict[str, str]) -> None:
    settings = Settings.load({**variables, "TRACKBOOK_VARIABLES": "A, B_*"})
    again = Settings.load(settings.job_environment())
    assert (again.capture, again.names_captures) == (settings.capture, settings.names_captures)
    assert again.variables == ("A", "B_*")


def test_how_many_jobs_run_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRACKBOOK_JOBS", raising=False)
    assert jobs_in(tmp_path) == 1
    (tmp_path / "pyproject.toml").write_text("[tool.trackbook]\njobs = 3\n")
    assert jobs_in(tmp_path) == 3
    monkeypatch.setenv("TRACKBOOK_JOBS", "5")
    assert jobs_in(tmp_path) == 5
    for wrong in ("0", "65", "many", "-1", "1.5"):
        monkeypatch.setenv("TRACKBOOK_JOBS", wrong)
        with pytest.raises(UsageError, match="TRACKBOOK_JOBS"):
            jobs_in(tmp_path)
    monkeypatch.delenv("TRACKBOOK_JOBS")
    for wrong in ("0", '"2"', "true", "[1]"):
        (tmp_path / "pyproject.toml").write_text(f"[tool.trackbook]\njobs = {wrong}\n")
        with pytest.raises(UsageError, match="whole number"):
            jobs_in(tmp_path)
