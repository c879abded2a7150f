"""Folders of data and their manifests."""

import hashlib
import json
import os
import shutil

import pytest

from trackbook.capture.datafile import state_of
from trackbook.capture.folder import digest_files, digest_folder


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "data"
    (folder / "b").mkdir(parents=True)
    (folder / "b" / "2.txt").write_text("two")
    (folder / "a.txt").write_text("one")
    return folder


def test_the_digest_is_that_of_the_manifest_which_lists_all_files_by_path(folder):
    facts = digest_folder(str(folder))
    assert json.loads(facts.manifest) == [
        {"path": "a.txt", "size": 3, "digest": hashlib.sha256(b"one").hexdigest()},
        {"path": "b/2.txt", "size": 3, "digest": hashlib.sha256(b"two").hexdigest()},
    ]
    assert facts.digest == hashlib.sha256(facts.manifest).hexdigest()
    assert (facts.files, facts.size, facts.changed, facts.problem) == (2, 6, False, None)


def test_the_same_files_elsewhere_are_the_same_version(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    os.utime(tmp_path / "copy" / "a.txt", (1, 1))
    first = digest_folder(str(folder)).digest
    assert digest_folder(str(tmp_path / "copy")).digest == first
    (tmp_path / "copy" / "a.txt").rename(tmp_path / "copy" / "c.txt")
    assert digest_folder(str(tmp_path / "copy")).digest != first


def test_some_files_give_the_digest_of_a_folder_that_has_only_these(folder):
    states = [(str(path), state_of(path.stat())) for path in folder.rglob("*.txt")]
    assert digest_files(str(folder), reversed(states)).digest == digest_folder(str(folder)).digest
    assert digest_files(str(folder), states[:1]).files == 1


def test_links_that_lead_back_are_followed_once(folder):
    (folder / "b" / "up").symlink_to(folder)
    (folder / "link.txt").symlink_to(folder / "a.txt")
    (folder / "other").symlink_to(folder / "b")
    paths = [entry["path"] for entry in json.loads(digest_folder(str(folder)).manifest)]
    assert paths == ["a.txt", "b/2.txt", "link.txt", "other/2.txt"]


def test_pipes_are_named_and_never_opened(folder):
    os.mkfifo(folder / "pipe")
    facts = digest_folder(str(folder))
    assert json.loads(facts.manifest)[-1] == {"path": "pipe", "problem": "no regular file"}
    assert facts.digest is not None
    assert facts.problem is None


def test_without_one_file_s_content_there_is_no_digest(folder):
    (folder / "gone.txt").symlink_to(folder / "nowhere")
    facts = digest_folder(str(folder))
    assert facts.digest is None
    assert facts.problem == "1 of 3 files can't be read"
    assert json.loads(facts.manifest)[-1] == {"path": "gone.txt", "problem": "No such file or directory"}


def test_what_belongs_to_tools_is_left_out(folder):
    for name in (".git", ".trackbook", "__pycache__", ".ipynb_checkpoints"):
        (folder / name).mkdir()
        (folder / name / "x").write_text("x")
    assert digest_folder(str(folder)).files == 2


def test_a_file_that_changed_changes_the_folder(folder):
    path = folder / "a.txt"
    before = state_of(path.stat())
    path.write_text("another")
    assert digest_files(str(folder), [(str(path), before)]).changed


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        digest_folder(str(tmp_path / "none"))


def test_an_empty_folder(tmp_path):
    facts = digest_folder(str(tmp_path))
    assert (facts.files, facts.manifest) == (0, b"[]")
