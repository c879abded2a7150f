"""Edits of a notebook's file that leave every other byte as it is."""

import json
from typing import Any, NamedTuple

from trackbook.errors import NotebookError
from trackbook.notebook.read import Notebook

Span = tuple[int, int]


class _Change(NamedTuple):
    start: int
    end: int
    text: str


class NotebookText:
    """The text of a notebook's file, edited in places; `data` is the file with the edits in it."""

    def __init__(self, data: bytes, path: object) -> None:
        """Raises NotebookError for what is no notebook of nbformat 4 in UTF-8."""
        self._bom = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
        try:
            self._text = data.removeprefix(self._bom).decode()
            self._document: Notebook = json.loads(self._text)
            top = _members(self._text, _skip(self._text, 0))
            self._cells = _elements(self._text, top["cells"][0])
            self._keys = [_members(self._text, start) for start, _ in self._cells]
        except (ValueError, KeyError, RecursionError, AttributeError) as error:
            raise NotebookError(path, f"it can't be edited as text ({error})") from None
        if self._document.get("nbformat") != 4:
            raise NotebookError(path, "it is of an old format; open it in JupyterLab and save it first")
        self._path = path
        self._changes: list[_Change] = []

    def add_tag(self, position: int, tag: str) -> None:
        """Give a cell one more tag."""
        metadata = dict(self._document["cells"][position].get("metadata", {}))
        tags = metadata.get("tags", [])
        if "metadata" not in self._keys[position] or not isinstance(tags, list):
            raise NotebookError(self._path, f"cell {position + 1} has no metadata for a tag")
        metadata["tags"] = [*tags, tag]
        self._replace(self._keys[position]["metadata"], metadata)

    def set_source(self, position: int, source: str) -> None:
        """Give a cell another source."""
        as_list = isinstance(self._document["cells"][position]["source"], list)
        self._replace(self._keys[position]["source"], source.splitlines(keepends=True) if as_list else source)

    def insert_cell(self, position: int, source: str, tag: str) -> None:
        """Put a code cell with a tag before the one at `position`."""
        cell: dict[str, Any] = {"cell_type": "code", "execution_count": None}
        if self._document.get("nbformat_minor", 0) >= 5:
            cell["id"] = self._new_id(tag)
        cell |= {"metadata": {"tags": [tag]}, "outputs": [], "source": source.splitlines(keepends=True)}
        start = self._cells[position][0]
        before = self._text[self._text.rfind("\n", 0, start) + 1 : start]
        gap = f"{self._newline}{before}" if not before.strip() and self._newline in self._text else " "
        self._changes.append(_Change(start, start, f"{self._dump(cell, start)},{gap}"))

    def delete_cell(self, position: int) -> None:
        """Take a cell out; the last one stays, with nothing in it."""
        if position + 1 == len(self._cells):
            self.set_source(position, "")
        else:
            start, end = self._cells[position][0], self._cells[position + 1][0]
            self._changes.append(_Change(start, end, ""))

    @property
    def data(self) -> bytes:
        """The file's bytes with all edits."""
        text = self._text
        for change in sorted(self._changes, key=lambda change: change.start, reverse=True):
            text = text[: change.start] + change.text + text[change.end :]
        return self._bom + text.encode()

    @property
    def _newline(self) -> str:
        return "\r\n" if "\r\n" in self._text else "\n"

    def _replace(self, span: Span, value: Any) -> None:
        self._changes.append(_Change(*span, self._dump(value, span[0])))

    def _dump(self, value: Any, start: int) -> str:
        """Return a value as JSON in the file's own manner, for a place in it."""
        plain = self._text.isascii()
        if "\n" not in self._text.strip():
            comma, colon = (", ", ": ") if '": ' in self._text else (",", ":")
            return json.dumps(value, ensure_ascii=plain, separators=(comma, colon))
        line = self._text[self._text.rfind("\n", 0, start) + 1 : start]
        base = line[: len(line) - len(line.lstrip())]
        unit = self._indent
        dumped = json.dumps(value, ensure_ascii=plain, indent=unit, separators=(",", ": "))
        return dumped.replace("\n", f"{self._newline}{base}")

    @property
    def _indent(self) -> str:
        for line in self._text.split("\n")[1:]:
            if line.strip():
                return line[: len(line) - len(line.lstrip())] or " "
        return " "

    def _new_id(self, wanted: str) -> str:
        taken = {cell.get("id") for cell in self._document["cells"]}
        while wanted in taken:
            wanted += "-"
        return wanted


_DECODER = json.JSONDecoder()
_SPACE = " \t\r\n"


def _skip(text: str, position: int) -> int:
    while text[position] in _SPACE:
        position += 1
    return position


def _value_end(text: str, position: int) -> int:
    return _DECODER.raw_decode(text, position)[1]


def _members(text: str, start: int) -> dict[str, Span]:
    """The spans of an object's values by name."""
    members: dict[str, Span] = {}
    position = _skip(text, start + 1)
    while text[position] != "}":
        name, position = _DECODER.raw_decode(text, position)
        begin = _skip(text, _skip(text, position) + 1)
        end = _value_end(text, begin)
        members[name] = (begin, end)
        position = _skip(text, end)
        if text[position] == ",":
            position = _skip(text, position + 1)
    return members


def _elements(text: str, start: int) -> list[Span]:
    """The spans of a list's items."""
    items: list[Span] = []
    position = _skip(text, start + 1)
    while text[position] != "]":
        end = _value_end(text, position)
        items.append((position, end))
        position = _skip(text, end)
        if text[position] == ",":
            position = _skip(text, position + 1)
    return items
