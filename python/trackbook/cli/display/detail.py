"""One run in full, as `trackbook show` prints it."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from trackbook.cli.display.data import data_table
from trackbook.cli.display.reproduction import reproduction_summary
from trackbook.cli.display.symbols import status_text
from trackbook.cli.display.system import system_table
from trackbook.cli.display.tables import Column, cut_here, make_table, to_column
from trackbook.cli.display.values import values_table
from trackbook.domain.attempt import Attempt
from trackbook.domain.cell import CellExecution, execution_at
from trackbook.domain.environment import Environment, Git
from trackbook.domain.formatting import (
    format_bytes,
    format_duration,
    format_moment,
    format_number,
    format_relative,
    format_value,
    one_line,
    plain_text,
    spark_line,
    thin,
)
from trackbook.domain.metric import is_system, series_name
from trackbook.domain.reproduction import REPRODUCES
from trackbook.domain.resumption import RESUMES
from trackbook.domain.run import Run, RunDetail, RunError
from trackbook.domain.secret import MaskedSecret

_INDENT = 2


def run_heading(run: Run) -> Text:
    """Return a run on one line: status, number, experiment and name."""
    return Text.assemble(
        status_text(run.status),
        "  ",
        (f"#{run.number}", "bold"),
        f"  {run.experiment} / {one_line(run.name)}",
    )


def run_sections(
    detail: RunDetail, sources: dict[int, str], relatives: dict[str, str] | None = None
) -> Iterator[RenderableType]:
    """Yield what is to be told about a run; `sources` has the source of each cell execution by its order.

    `relatives` has the names of the runs from which it comes by their ids; one that is not there was deleted.
    """
    yield run_heading(detail.run)
    yield _indented(_facts(detail, relatives or {}))
    if detail.run.notes:
        yield from _section("Notes", Text(plain_text(detail.run.notes)))
    if detail.run.error is not None:
        yield from _section("Error", error_text(detail.run.error))
    if len(detail.attempts) > 1:
        yield from _section("Attempts", _attempts(detail))
    if detail.run.params:
        yield from _section("Parameters", _params(detail))
    system = [series for series in detail.series if is_system(series.key)]
    if len(system) < len(detail.series):
        yield from _section("Metrics", _metrics(detail))
    if detail.values:
        yield from _section("Values", values_table(detail.values))
    if system:
        yield from _section("System", system_table(system, _INDENT))
    if detail.data:
        yield from _section("Data", data_table(detail.data))
    if detail.artifacts:
        yield from _section("Artifacts", _artifacts(detail))
    if detail.cells:
        yield from _section("Cells", _cells(detail, sources))
    if detail.environment is not None and detail.environment.editable:
        yield from _section("Packages installed from folders", _editable(detail.environment))
    if detail.environment is not None and detail.environment.variables:
        yield from _section("Environment variables", _pairs(detail.environment.variables))
    if detail.reproduction is not None:
        yield Text("\nReproduction", "bold")
        yield _indented(Text(_reproduction(detail, relatives or {})))
    if detail.secrets:
        yield from _section("Secrets that were masked", _secrets(detail.secrets))


def metrics_grid(run: Run) -> Padding:
    """Return a run's metrics, a line each."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(justify="right")
    for key, value in run.metrics.items():
        table.add_row(Text(one_line(key, None)), Text(format_number(value)))
    return _indented(table)


def error_text(error: RunError, *, place: str = "", frames: int = 12) -> Text:
    """Return an error with where it happened, `place` being its notebook, and the end of its traceback."""
    cell = f"cell {error.cell}" if error.cell is not None else ""
    where = "".join(f"{part}: " for part in [", ".join(filter(None, [place, cell]))] if part)
    lines = plain_text("\n".join(error.traceback)).splitlines()
    shown = lines[-frames:]
    if len(shown) < len(lines):
        shown.insert(0, f"… {len(lines) - len(shown)} more lines: --json")
    text = Text(f"{where}{error.ename}: {one_line(error.evalue, 500)}", "red")
    return text.append("\n" + "\n".join(shown), "default") if shown else text


def _section(title: str, content: RenderableType) -> Iterator[RenderableType]:
    yield Text(f"\n{title}", "bold")
    yield _indented(content)


def _indented(content: RenderableType) -> Padding:
    return Padding(content, (0, 0, 0, _INDENT), expand=False)


def _facts(detail: RunDetail, relatives: dict[str, str]) -> Table:
    run = detail.run
    facts: list[tuple[str, str]] = [
        ("Id", run.id),
        (
            "Started",
            f"{format_moment(run.started)} ({format_relative(run.started)}) by {run.user} on {run.host}",
        ),
        ("Time", _times(run)),
        ("Source", f"{run.source.kind} {run.source.path or ''}".rstrip()),
    ]
    if run.reason:
        facts.append(("Reason", one_line(run.reason, 200)))
    if run.tags:
        facts.append(
            ("Tags", ", ".join(f"{key}={value}" if value else key for key, value in run.tags.items()))
        )
    if run.group:
        facts.append(("Group", one_line(run.group)))
    if run.forked_from:
        facts.append(("Forked from", f"{_name(run.forked_from, relatives)}, at step {run.forked_step}"))
    if detail.forks:
        facts.append(("Forks", f"{len(detail.forks)} runs"))
    if run.parent_id:
        facts.append(("Parent", _name(run.parent_id, relatives)))
    if repeats := run.tags.get(REPRODUCES):
        facts.append(("Repeats", _name(repeats, relatives)))
    if resumes := run.tags.get(RESUMES):
        facts.append(("Goes on from", _name(resumes, relatives)))
    if detail.children:
        facts.append(("Children", f"{len(detail.children)} runs"))
    if detail.cells or detail.seeds:
        facts.append(("Seed", _seeds(detail)))
    if detail.snapshots:
        facts.append(("Snapshot", ", ".join(f"{info.moment} ({info.origin})" for info in detail.snapshots)))
    for loss in detail.losses:
        span = f"{format_moment(loss.first)} to {format_moment(loss.last)}"
        facts.append(("Lost", f"{loss.count:,} records or files that the disk refused, {span}"))
    facts += _environment_facts(detail)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    for name, value in facts:
        table.add_row(name, Text(plain_text(value)))
    return table


def _seeds(detail: RunDetail) -> str:
    if not detail.seeds:
        return "none was set: unseeded random numbers differ when this runs again"
    return "; ".join(f"{seed.seed} for {', '.join(seed.libraries)}" for seed in detail.seeds)


def _name(run_id: str, relatives: dict[str, str]) -> str:
    return relatives.get(run_id, f"{run_id}, which is deleted")


def _reproduction(detail: RunDetail, relatives: dict[str, str]) -> str:
    assert detail.reproduction is not None
    return reproduction_summary(detail.reproduction, _name(detail.reproduction.run_id, relatives))


def _times(run: Run) -> str:
    total = format_duration(run.duration) or "not ended"
    return f"{total}, {format_duration(run.active)} in cells" if run.active else total


def _environment_facts(detail: RunDetail) -> list[tuple[str, str]]:
    environment = detail.environment
    if environment is None:
        return []
    facts: list[tuple[str, str]] = []
    if environment.python:
        packages = f"{len(environment.packages)} packages"
        facts.append(("Python", f"{environment.python}, {packages}, {environment.platform}"))
    if environment.git is not None:
        facts.append(("Git", _git_text(environment.git)))
        if environment.git.remote:
            facts.append(("Remote", one_line(environment.git.remote, 200)))
    if environment.lock is not None:
        lock = environment.lock
        facts.append(("Lock file", f"{one_line(lock.path)}, {format_bytes(lock.size)}, {lock.digest[:12]}"))
    return facts


def _git_text(git: Git) -> str:
    branch = f" on {git.branch}" if git.branch else ""
    changes = ", with changes not committed" if git.dirty else ""
    if changes and git.diff_size is not None:
        cut = ", of which the beginning is kept" if git.diff_cut else ""
        changes += f" ({format_bytes(git.diff_size)}{cut})"
    return f"{git.commit[:12]}{branch}{changes}"


def _editable(environment: Environment) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, package in environment.editable.items():
        state = f"{package.commit[:12]}{', with changes' if package.dirty else ''}" if package.commit else ""
        version = environment.packages.get(name, "")
        table.add_row(Text(one_line(name, 60)), Text(version), Text(state), Text(one_line(package.path, 200)))
    return table


def _pairs(values: dict[str, str]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, value in values.items():
        table.add_row(Text(one_line(name, 60)), Text(cut_here(value, 120)))
    return table


def _secrets(secrets: list[MaskedSecret]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for secret in secrets:
        times = f"{secret.count:,} times" if secret.count > 1 else "once"
        table.add_row(Text(one_line(secret.kind, 60)), Text(one_line(secret.place, 80)), Text(times))
    return table


def _attempts(detail: RunDetail) -> Table:
    attempts = detail.attempts
    return make_table(
        [
            to_column("#", [str(attempt.number) for attempt in attempts], justify="right"),
            to_column("Status", [status_text(attempt.status) for attempt in attempts]),
            to_column("Started", [format_moment(attempt.started) for attempt in attempts]),
            to_column("Time", [_length(attempt) for attempt in attempts], justify="right"),
            to_column("Host", [one_line(attempt.host, 30) for attempt in attempts], rank=1),
            to_column(
                "Reason", [one_line(attempt.reason or "", 200) for attempt in attempts], rank=2, shrinks=True
            ),
        ],
        margin=_INDENT,
    )


def _length(attempt: Attempt) -> str:
    return format_duration((attempt.ended - attempt.started).total_seconds()) if attempt.ended else ""


def _params(detail: RunDetail) -> Table:
    values: dict[str, set[str]] = {}
    for revision in detail.revisions:
        values.setdefault(revision.key, set()).add(repr(revision.value))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for key, value in detail.run.params.items():
        text = Text(cut_here(format_value(value), 120))
        if len(values.get(key, ())) > 1:
            text.append("  revised", "dim")
        table.add_row(Text(one_line(key, None)), text)
    return table


def _metrics(detail: RunDetail) -> Table:
    series = [series for series in detail.series if not is_system(series.key)]
    units = to_column("Unit", [s.unit or "" for s in series], rank=2)
    goals = {None: "", "max": "higher", "min": "lower"}
    return make_table(
        [
            to_column("Metric", [one_line(series_name(s.key, s.context), None) for s in series], folds=True),
            to_column("Last", [format_number(s.last) for s in series], justify="right"),
            *([units] if any(s.unit for s in series) else []),
            to_column("Min", [_optional(s.min) for s in series], justify="right", rank=1),
            to_column("Max", [_optional(s.max) for s in series], justify="right", rank=1),
            to_column("Points", [str(s.count) for s in series], justify="right", rank=3),
            to_column("Curve", [spark_line(thin(s.spark)) for s in series], rank=4, style="cyan"),
            to_column("Better", [goals[s.goal] for s in series], rank=5),
        ],
        margin=_INDENT,
    )


def _optional(value: float | None) -> str:
    return "" if value is None else format_number(value)


def _artifacts(detail: RunDetail) -> Table:
    artifacts = detail.artifacts
    made_by = [execution_at(detail.cells, artifact.cell_id, artifact.created) for artifact in artifacts]
    executions = ["" if cell is None else str(cell.order) for cell in made_by]
    return make_table(
        [
            to_column("Path", [one_line(artifact.path, None) for artifact in artifacts], folds=True),
            to_column("Kind", [artifact.kind for artifact in artifacts]),
            to_column("Size", [format_bytes(artifact.size) for artifact in artifacts], justify="right"),
            *([to_column("Execution", executions, justify="right", rank=1)] if any(executions) else []),
        ],
        margin=_INDENT,
    )


def _cells(detail: RunDetail, sources: dict[int, str]) -> Table:
    cells = detail.cells
    return make_table(
        [
            to_column("#", [str(cell.order) for cell in cells], justify="right"),
            to_column("Status", [status_text(cell.status) for cell in cells]),
            to_column("Time", [format_duration(cell.duration) for cell in cells], justify="right"),
            *_used(cells),
            to_column("Source", [_first_line(sources.get(cell.order, "")) for cell in cells], shrinks=True),
        ],
        margin=_INDENT,
    )


def _used(cells: Sequence[CellExecution]) -> Iterator[Column]:
    if any(cell.cpu is not None for cell in cells):
        times = ["" if cell.cpu is None else format_duration(cell.cpu) for cell in cells]
        yield to_column("CPU", times, justify="right", rank=2)
    if any(cell.memory is not None for cell in cells):
        sizes = ["" if cell.memory is None else format_bytes(cell.memory) for cell in cells]
        yield to_column("Memory", sizes, justify="right", rank=1)


def _first_line(source: str) -> str:
    lines = [line for line in source.splitlines() if line.strip()]
    return one_line(f"{lines[0]} …" if len(lines) > 1 else lines[0], 100) if lines else ""
