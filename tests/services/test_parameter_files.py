import math
from pathlib import Path
from typing import Any

import pytest

from trackbook.errors import ParameterError, UsageError
from trackbook.services.parameter_files import read_parameter_file, with_place

YAML = """\
# what to try
lr: 1e-3
depth: 4
name: "no"
off: no
layers: [64, 64]
options:
  depth: 3
missing: null
limit: .inf
flag: true
"""
JSON = '{"lr": 1e-3,\n "options": {"depth": 3},\n "name": "depth"}'
TOML = 'lr = 1e-3\n\nname = "x"\nday = 2026-01-31\n[options]\ndepth = 3\n'


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_yaml_is_read_as_people_mean_it(tmp_path: Path) -> None:
    given = read_parameter_file(write(tmp_path, "params.yaml", YAML))
    assert given.values == {
        "lr": 0.001,
        "depth": 4,
        "name": "no",
        "off": "no",
        "layers": [64, 64],
        "options": {"depth": 3},
        "missing": None,
        "limit": math.inf,
        "flag": True,
    }
    assert given.lines["lr"] == 2
    assert given.lines["options"] == 7


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("params.json", JSON, {"lr": 1, "options": 2, "name": 3}),
        ("params.toml", TOML, {"lr": 1, "name": 3, "day": 4, "options": 5}),
    ],
)
def test_json_and_toml(tmp_path: Path, name: str, text: str, lines: dict[str, int]) -> None:
    given = read_parameter_file(write(tmp_path, name, text))
    assert given.values["lr"] == 0.001
    assert given.values["options"] == {"depth": 3}
    assert given.lines == lines


def test_an_empty_file_gives_nothing(tmp_path: Path) -> None:
    assert read_parameter_file(write(tmp_path, "a.yml", "# nothing\n")).values == {}
    assert read_parameter_file(write(tmp_path, "a.toml", "")).values == {}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.yaml", "lr: [1", "no YAML"),
        ("a.yaml", "- 1\n- 2", "no values by name"),
        ("a.yaml", "1: 2", "no values by name"),
        ("a.yaml", "lr: 1\nlr: 2", "line 2: 'lr' stands there twice"),
        ("a.yaml", "x: !!python/object/apply:os.system [id]", "no YAML"),
        ("a.json", "{", "no JSON"),
        ("a.json", "[1]", "no values by name"),
        ("a.json", '{"a": 1, "a": 2}', "'a' stands there twice"),
        ("a.toml", "a = = 1", "no TOML"),
        ("a.txt", "a = 1", "ends in .yaml, .yml, .json or .toml"),
    ],
)
def test_what_can_not_be_read_is_said(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_parameter_file(write(tmp_path, name, text))


def test_a_file_that_is_missing_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        read_parameter_file(tmp_path / "a.yaml")
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(UsageError, match="UTF-8"):
        read_parameter_file(tmp_path / "b.yaml")


def test_an_error_names_the_place(tmp_path: Path) -> None:
    path = write(tmp_path, "params.yaml", YAML)
    given = read_parameter_file(path)
    told: Any = with_place(ParameterError("depth", "it is too large"), given)
    assert told.reason == f"it is too large ({path}, line 3)"
