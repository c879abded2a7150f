"""What a notebook is, before anything runs: its parameters and proposals, and what will be a problem with them."""

import contextlib
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from trackbook.domain.parameter import Parameter, check_value
from trackbook.errors import NotebookError, ParameterError
from trackbook.notebook.accepting import accept_proposals
from trackbook.notebook.dataflow import names_in_source
from trackbook.notebook.experiment import find_experiment
from trackbook.notebook.parameters import PARAMETERS, find_parameters
from trackbook.notebook.proposals import Proposal, propose_parameters
from trackbook.notebook.read import (
    Notebook,
    find_tagged_cell,
    kernel_of,
    language_of,
    read_notebook,
    source_of,
    tags_of,
)


class Inspection(Struct, frozen=True):
    """What a notebook is. `cells` counts them by type; `parameters_cell` is the position from 1 of the tagged cell.

    `experiment` is the one that the notebook itself starts. `problems` are sentences for people.
    """

    notebook: str
    language: str
    kernel: str | None
    experiment: str | None
    cells: dict[str, int]
    parameters_cell: int | None
    parameters: list[Parameter]
    proposals: list[Proposal]
    problems: list[str]


def inspect_notebook(path: Path) -> Inspection:
    """Return what a notebook is. Raises NotebookError if it can't be read, or its parameters cell is no Python."""
    notebook = read_notebook(path)
    parameters = find_parameters(notebook, path)
    position = find_tagged_cell(notebook, PARAMETERS)
    return Inspection(
        notebook=path.name,
        language=language_of(notebook),
        kernel=kernel_of(notebook),
        experiment=find_experiment(notebook),
        cells=dict(Counter(cell["cell_type"] for cell in notebook["cells"])),
        parameters_cell=position + 1 if position is not None else None,
        parameters=parameters,
        proposals=propose_parameters(notebook),
        problems=list(_problems(notebook, parameters, position)),
    )


def make_parameters(path: Path, names: Sequence[str] | None = None) -> list[Proposal]:
    """Make proposed constants (all, or those of `names`) parameters in the notebook's file; returns which they are.

    The rest of the file stays byte for byte. Raises NotebookError as `accept_proposals`; then nothing is written.
    """
    try:
        before = path.read_bytes()
    except FileNotFoundError:
        raise NotebookError(path, "there is no such file") from None
    data, accepted = accept_proposals(before, path, names)
    _replace(path, before, data)
    return accepted


def _replace(path: Path, before: bytes, data: bytes) -> None:
    target = path.resolve()  # a link stays a link
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(target.stat().st_mode & 0o7777)
        if target.read_bytes() != before:
            raise NotebookError(path, "it was changed meanwhile; nothing was written")
        draft.replace(target)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()


def _problems(notebook: Notebook, parameters: Sequence[Parameter], position: int | None) -> Iterator[str]:
    language = language_of(notebook)
    if language != "python":
        yield f"It is in {language}: its parameters can't be read."
        return
    tagged = [n for n, cell in enumerate(notebook["cells"], start=1) if _is_tagged(cell)]
    if len(tagged) > 1:
        yield f"Cells {', '.join(map(str, tagged))} have the tag `parameters`; only the first one counts."
    if position is not None and not parameters:
        yield f"The parameters cell ({position + 1}) assigns nothing."
    later = [
        (n, names_in_source(source_of(cell)))
        for n, cell in enumerate(notebook["cells"], start=1)
        if cell["cell_type"] == "code" and position is not None and n > position + 1
    ]
    for parameter in parameters:
        try:
            if parameter.default is not None:
                check_value(parameter, parameter.default)
        except ParameterError as error:
            yield f"The default of {parameter.name!r} is none that it takes: {error.reason}."
        reads = [n for n, names in later if parameter.name in names.read]
        binds = [n for n, names in later if parameter.name in names.bound]
        if binds and (not reads or binds[0] <= reads[0]) and parameter.name not in dict(later)[binds[0]].read:
            yield f"Cell {binds[0]} gives {parameter.name!r} another value: one that is given is lost there."
        elif not reads and not any(names.opaque for _, names in later):
            yield f"No cell reads {parameter.name!r}."


def _is_tagged(cell: Notebook) -> bool:
    return cell["cell_type"] == "code" and PARAMETERS in tags_of(cell)
