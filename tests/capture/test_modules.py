"""Modules of a project that are imported, in this process."""

import hashlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from trackbook.capture import modules
from trackbook.capture.modules import ModuleWatch


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def names(watch: ModuleWatch) -> list[str]:
    return [found.module.name for found in watch.changes()]


def test_imports_are_found_once(project: Path) -> None:
    (project / "tb_features.py").write_text("SIZE = 3\n")
    (project / "tb_pack").mkdir()
    (project / "tb_pack" / "__init__.py").write_text("")
    (project / "tb_pack" / "größe.py").write_text("x = 1\n")
    watch = ModuleWatch(project)
    assert names(watch) == []
    importlib.import_module("tb_features")
    importlib.import_module("tb_pack.größe")
    found = {item.module.path: item for item in watch.changes()}
    assert list(found) == ["tb_features.py", "tb_pack/__init__.py", "tb_pack/größe.py"]
    features = found["tb_features.py"]
    assert features.source == b"SIZE = 3\n"
    assert features.module.digest == hashlib.sha256(b"SIZE = 3\n").hexdigest()
    assert features.module.size == 9
    assert names(watch) == []
    assert len(ModuleWatch(project).changes()) == 3


def test_reloaded_modules_are_found_again(project: Path) -> None:
    (project / "tb_changing.py").write_text("x = 1\n")
    module = importlib.import_module("tb_changing")
    watch = ModuleWatch(project)
    assert names(watch) == ["tb_changing"]
    (project / "tb_changing.py").write_text("x = 22\n")
    assert names(watch) == []
    importlib.invalidate_caches()
    importlib.reload(module)
    (found,) = watch.changes()
    assert found.source == b"x = 22\n"


def test_what_is_not_the_project_s(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    for folder in ("env/lib", "vendor/site-packages", ".trackbook/x", "node_modules"):
        (project / folder).mkdir(parents=True)
    (project / "env" / "pyvenv.cfg").write_text("")
    outside = tmp_path_factory.mktemp("outside")
    files = [
        project / "env" / "lib" / "tb_in_env.py",
        project / "vendor" / "site-packages" / "tb_vendored.py",
        project / ".trackbook" / "x" / "tb_stored.py",
        project / "node_modules" / "tb_node.py",
        outside / "tb_outside.py",
    ]
    for file in files:
        file.write_text("x = 1\n")
        module = ModuleType(file.stem)
        module.__file__ = str(file)
        sys.modules[file.stem] = module
    assert names(ModuleWatch(project)) == []


def test_modules_without_a_source(project: Path) -> None:
    for name, file in (
        ("tb_none", None),
        ("tb_gone", str(project / "gone.py")),
        ("tb_so", str(project / "x.so")),
    ):
        module = ModuleType(name)
        module.__file__ = file
        sys.modules[name] = module
    sys.modules["tb_blocked"] = None  # type: ignore[assignment]  # as import machinery allows
    assert names(ModuleWatch(project)) == []


def test_a_project_behind_a_link(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (project / "tb_linked.py").write_text("x = 1\n")
    importlib.import_module("tb_linked")
    link = tmp_path_factory.mktemp("links") / "project"
    link.symlink_to(project)
    assert names(ModuleWatch(link)) == ["tb_linked"]


def test_what_was_looked_at_ahead_is_found_behind_a_link(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modules, "_ahead", modules._ahead)
    (project / "tb_real.py").write_text("")
    link = tmp_path_factory.mktemp("ahead") / "link"
    link.symlink_to(project)
    monkeypatch.syspath_prepend(str(link))
    importlib.invalidate_caches()
    importlib.import_module("tb_real")
    modules.look_ahead()
    assert names(ModuleWatch(project)) == ["tb_real"]
    assert names(ModuleWatch(link)) == ["tb_real"]


def test_what_was_looked_at_ahead_is_found_where_it_is_the_projects(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modules, "_ahead", modules._ahead)
    for name in ("tb_early", "tb_last", "tb_late"):
        (project / f"{name}.py").write_text(f"x = {name!r}\n")
    importlib.import_module("tb_early")
    importlib.import_module("tb_last")
    modules.look_ahead()
    watch = ModuleWatch(project)
    assert names(watch) == ["tb_early", "tb_last"]
    assert names(watch) == []
    importlib.import_module("tb_late")
    assert names(watch) == ["tb_late"]
    assert names(ModuleWatch(project)) == ["tb_early", "tb_last", "tb_late"]
    # Without the last one of that time it is not known where the new ones begin: all are looked at.
    del sys.modules["tb_last"]
    assert names(ModuleWatch(project)) == ["tb_early", "tb_late"]


@pytest.mark.parametrize("is_another", [True, False])
def test_modules_between_one_and_itself_imported_again_are_found(project: Path, is_another: bool) -> None:
    for name in ("tb_first", "tb_new"):
        (project / f"{name}.py").write_text("")
    first = importlib.import_module("tb_first")
    watch = ModuleWatch(project)
    assert names(watch) == ["tb_first"]
    del sys.modules["tb_first"]
    importlib.import_module("tb_new")
    if is_another:
        importlib.import_module("tb_first")
    else:
        sys.modules["tb_first"] = first
    assert names(watch)[0] == "tb_new"
    assert names(watch) == []
