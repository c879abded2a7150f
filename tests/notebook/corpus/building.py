"""Builds the files of the corpus: cells, documents, and how a document is written."""

import base64
import json
import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Cell = dict[str, Any]
Build = Callable[[], bytes]

PYTHON = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": "3.11.9",
    },
}


@dataclass(frozen=True)
class Sample:
    """A notebook of the corpus.

    `runnable`: it executes from top to bottom in a Python kernel with pandas, numpy, scikit-learn and matplotlib, in
    about `seconds`. `repeatable`: a second run gives the same results. `by_counts`: from top to bottom it fails, but in
    the order of its execution counts it runs. `valid`: nbformat's own schema accepts it.
    """

    name: str
    build: Build
    runnable: bool = False
    seconds: float = 0.0
    repeatable: bool = True
    by_counts: bool = False
    valid: bool = True


SAMPLES: dict[str, Sample] = {}


def sample(
    *,
    runnable: bool = False,
    seconds: float = 1.5,
    repeatable: bool = True,
    by_counts: bool = False,
    valid: bool = True,
) -> Callable[[Build], Build]:
    """Put the notebook that a function builds into the corpus, under the function's name."""

    def register(build: Build) -> Build:
        name = build.__name__
        SAMPLES[name] = Sample(
            name, build, runnable, seconds if runnable else 0.0, repeatable, by_counts, valid
        )
        return build

    return register


def code(
    source: str | list[str],
    count: int | None = None,
    outputs: Iterable[Cell] = (),
    *,
    id: str | None = None,  # noqa: A002  # as the file calls it
    tags: Iterable[str] = (),
    **metadata: Any,
) -> Cell:
    """Return a code cell."""
    if tags:
        metadata["tags"] = list(tags)
    return {
        "cell_type": "code",
        "execution_count": count,
        "id": id,
        "metadata": metadata,
        "outputs": list(outputs),
        "source": lines(source) if isinstance(source, str) else source,
    }


def markdown(source: str, **more: Any) -> Cell:
    """Return a Markdown cell."""
    return {"cell_type": "markdown", "id": None, "metadata": {}, **more, "source": lines(source)}


def raw(source: str, **metadata: Any) -> Cell:
    """Return a raw cell."""
    return {"cell_type": "raw", "id": None, "metadata": metadata, "source": lines(source)}


def lines(source: str) -> list[str]:
    """Return a source as files hold it."""
    return source.splitlines(keepends=True)


def stream(text: str, name: str = "stdout") -> Cell:
    """Return what a cell printed."""
    return {"name": name, "output_type": "stream", "text": lines(text)}


def result(text: str, count: int, **data: Any) -> Cell:
    """Return a cell's result; further representations by MIME type."""
    return {
        "data": {"text/plain": lines(text), **{kind.replace("__", "/"): item for kind, item in data.items()}},
        "execution_count": count,
        "metadata": {},
        "output_type": "execute_result",
    }


def shown(data: dict[str, Any]) -> Cell:
    """Return what a cell displayed."""
    return {"data": data, "metadata": {}, "output_type": "display_data"}


def error(name: str, value: str) -> Cell:
    """Return the exception that a cell ended with."""
    return {
        "ename": name,
        "evalue": value,
        "output_type": "error",
        "traceback": [f"\x1b[0;31m{name}\x1b[0m: {value}"],
    }


def png(width: int = 8, height: int = 8) -> str:
    """Return a grey picture as notebooks hold it."""
    rows = b"".join(b"\0" + bytes((x * y) % 256 for x in range(width)) for y in range(height))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return base64.b64encode(data).decode() + "\n"


def document(
    *cells: Cell, minor: int | None = 5, metadata: dict[str, Any] | None = None, ids: bool = True
) -> dict[str, Any]:
    """Return a notebook of nbformat 4; its cells get ids where they have none and the format knows them."""
    for number, cell in enumerate(cells):
        if minor is None or minor < 5 or not ids:
            if cell.get("id") is None:
                cell.pop("id", None)
        elif cell.get("id") is None:
            cell["id"] = f"{zlib.crc32(f'{number}'.encode()):08x}"
    return {
        "cells": list(cells),
        "metadata": PYTHON if metadata is None else metadata,
        "nbformat": 4,
        "nbformat_minor": 5 if minor is None else minor,
    }


def written(
    notebook: Any,
    *,
    indent: int | str | None = 1,
    ascii_only: bool = False,
    end: str = "\n",
    sort: bool = False,
) -> bytes:
    """Return a notebook's file; as Jupyter writes it unless told otherwise."""
    separators = (",", ": ") if indent is not None else (",", ":")
    text = json.dumps(notebook, indent=indent, ensure_ascii=ascii_only, separators=separators, sort_keys=sort)
    return (text + end).encode("utf-8", "surrogatepass")


def notebook(*cells: Cell, **how: Any) -> bytes:
    """Return the file of an ordinary notebook."""
    return written(document(*cells, **how))
