"""Files of parameters: YAML, JSON or TOML, a value for each name."""

import json
import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from trackbook.errors import ParameterError, UsageError

KINDS = (".yaml", ".yml", ".json", ".toml")


class FileValues(NamedTuple):
    """What a file gives: values by name, and the line from 1 of each name where it can be told."""

    path: Path
    values: dict[str, Any]
    lines: dict[str, int]

    def where(self, name: str) -> str:
        """Return the place of a name for people: `params.yaml, line 3`."""
        line = self.lines.get(name)
        return f"{self.path}, line {line}" if line else str(self.path)


def read_parameter_file(path: Path) -> FileValues:
    """Return the values of a file, which is YAML, JSON or TOML by its name's end.

    Raises UsageError for a file that can't be read, is none of these, or holds anything but values by name.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file.") from None
    except OSError as error:
        raise UsageError(f"{path}: it can't be read ({error.strerror or error}).") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: it is no text in UTF-8.") from None
    readers: dict[str, Callable[[Path, str], FileValues]] = {
        ".json": _read_json,
        ".toml": _read_toml,
        ".yaml": _read_yaml,
        ".yml": _read_yaml,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise UsageError(f"{path}: a file of parameters ends in {', '.join(KINDS[:-1])} or {KINDS[-1]}.")
    return reader(path, text)


def with_place(error: ParameterError, file: FileValues) -> ParameterError:
    """Return the error with the place in the file of the name that it is about."""
    return ParameterError(error.name, f"{error.reason} ({file.where(error.name)})", error.suggestions)


def _read_json(path: Path, text: str) -> FileValues:
    try:
        content = json.loads(text, object_pairs_hook=_without_duplicates)
    except _Duplicate as error:
        raise UsageError(f"{path}: {error}.") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: it is no JSON: {error}.") from None
    return FileValues(path, _mapping(path, content), _lines(content, text, r'"{}"\s*:'))


def _read_toml(path: Path, text: str) -> FileValues:
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: it is no TOML: {error}.") from None
    return FileValues(path, content, _lines(content, text, r"(?m:^\s*\[?[\"']?{}[\"']?\s*[=.\]])"))


def _read_yaml(path: Path, text: str) -> FileValues:
    import yaml

    try:
        loader = _yaml_loader()(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return FileValues(path, {}, {})
            lines = _check_yaml(path, node)
            content = loader.construct_document(node)
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: it is no YAML: {error}.") from None
    return FileValues(path, _mapping(path, content), lines)


def _yaml_loader() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    # As JSON and YAML 1.2 have it, 1e-3 is a number; and `no` is a text, as it is for everybody but YAML 1.1.
    kept = {
        letter: [
            rule for rule in rules if rule[0] not in ("tag:yaml.org,2002:float", "tag:yaml.org,2002:bool")
        ]
        for letter, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.yaml_implicit_resolvers = kept
    decimal = r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*\.[0-9_]*|[0-9][0-9_]*(?=[eE]))(?:[eE][-+]?[0-9]+)?"
    number = rf"{decimal}|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:float", re.compile(rf"^(?:{number})$"), list("-+0123456789.")
    )
    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
    )
    return Loader


def _check_yaml(path: Path, node: Any) -> dict[str, int]:
    import yaml

    if not isinstance(node, yaml.MappingNode):
        raise UsageError(f"{path}: it holds no values by name.")
    lines: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if key.value in lines:
            raise UsageError(f"{path}, line {line}: {key.value!r} stands there twice.")
        lines[str(key.value)] = line
    return lines


class _Duplicate(Exception):
    pass


def _without_duplicates(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in pairs:
        if name in result:
            raise _Duplicate(f"{name!r} stands there twice")
        result[name] = value
    return result


def _mapping(path: Path, content: Any) -> dict[str, Any]:
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise UsageError(f"{path}: it holds no values by name.")
    return content


def _lines(content: Any, text: str, pattern: str) -> dict[str, int]:
    lines: dict[str, int] = {}
    for name in content if isinstance(content, dict) else ():
        # A name that stands at several places may be one of an inner mapping: no line is better than a wrong one.
        found = list(re.finditer(pattern.format(re.escape(name)), text))
        if len(found) == 1:
            start = found[0].end() if "\n" in found[0].group() else found[0].start()
            lines[name] = text.count("\n", 0, start) + 1
    return lines
