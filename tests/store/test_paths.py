import subprocess
import sys

import pytest

from trackbook.domain.ids import is_id
from trackbook.errors import StoreError, StoreTooNew
from trackbook.store.paths import create_store, find_store, locate_store


def test_a_store_is_found_upwards(tmp_path):
    store = create_store(tmp_path / ".trackbook")
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert find_store(deep) == store
    assert locate_store(deep) == store
    assert store.project == tmp_path
    assert is_id(store.id)


def test_without_one_it_is_made_at_the_git_root_else_here(tmp_path):
    project, plain = tmp_path / "project", tmp_path / "plain"
    (project / "notebooks").mkdir(parents=True)
    (project / ".git").mkdir()
    plain.mkdir()
    assert locate_store(project / "notebooks").project == project
    assert locate_store(plain).project == plain
    assert (plain / ".trackbook" / ".gitignore").read_text() == "*\n"


def test_many_that_make_it_at_once_agree_on_its_id(tmp_path):
    code = (
        "import sys; from pathlib import Path; from trackbook.store.paths import create_store; "
        "sys.stdin.readline(); print(create_store(Path(sys.argv[1])).id)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / ".trackbook")]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    ids = {process.communicate()[0].strip() for process in processes}
    assert len(ids) == 1
    assert is_id(ids.pop())
    assert not list((tmp_path / ".trackbook").glob("store-*"))


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ('{"format": 2, "id": "01a1fdc3-baed-7b8f-81d7-f7caf6f5a391"}', StoreTooNew, "newer Trackbook"),
        ('{"format": 1, "id": "../../etc"}', StoreError, "not a description"),
        ("{", StoreError, "can't be read"),
    ],
)
def test_a_folder_that_is_no_store_is_refused(tmp_path, text, error, says):
    (tmp_path / ".trackbook").mkdir()
    (tmp_path / ".trackbook" / "store.json").write_text(text)
    with pytest.raises(error, match=says):
        find_store(tmp_path)


def test_a_place_that_can_not_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="can't be made"):
        create_store(tmp_path / "file" / ".trackbook")
