"""How a run's repetition compares with it, and what stands in the way of one, as commands print it."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from trackbook.cli.display.tables import make_table, to_column
from trackbook.domain.formatting import format_moment, one_line
from trackbook.domain.obstacle import Diagnosis
from trackbook.domain.reproduction import Check, Reproduction, ReproductionVerdict
from trackbook.domain.run import Run

_INDENT = 2
_MOST = 40  # rows; --json has all
_STYLES: dict[ReproductionVerdict, str] = {
    "reproduced": "green",
    "differs": "yellow",
    "failed": "red",
    "not_comparable": "yellow",
}
_STATUSES = {
    "holds": ("holds", "green"),
    "differs": ("differs", "yellow"),
    "missing": ("missing", "yellow"),
    "extra": ("new", "yellow"),
    "not_compared": ("not compared", "dim"),
}
_SEVERITIES = {"error": "red", "warning": "yellow", "note": "dim"}


def verdict_text(verdict: ReproductionVerdict) -> Text:
    """Return a verdict in its colour."""
    return Text(verdict.replace("_", " "), _STYLES[verdict])


def reproduction_sections(
    reproduction: Reproduction, run: Run, other: Run | None
) -> Iterator[RenderableType]:
    """Yield how the repetition `other` (None when it was deleted) of `run` compares with it."""
    named = f"#{other.number}" if other is not None else "a run that is deleted"
    yield Text.assemble(
        verdict_text(reproduction.verdict), f"  #{run.number} {one_line(run.name)}, repeated as {named}"
    )
    yield from reproduction_details(reproduction)


def reproduction_summary(reproduction: Reproduction, named: str) -> str:
    """Return a repetition as one line, `named` being the run that it made."""
    verdict = reproduction.verdict.replace("_", " ")
    return f"{verdict} ({format_moment(reproduction.at)}, as {named}): {reproduction.reason}"


def reproduction_details(reproduction: Reproduction) -> Iterator[RenderableType]:
    """Yield the reason of a verdict, what was compared, and what was not as it was."""
    where = ", in an environment made of the recorded packages" if reproduction.environment else ""
    told = f"{reproduction.reason} Numbers are equal within {reproduction.tolerance:g}{where}."
    yield Padding(Text(told), (0, 0, 0, _INDENT))
    if counts := _counts(reproduction):
        yield Padding(counts, (0, 0, 0, _INDENT), expand=False)
    shown = [check for check in reproduction.checks if check.status != "holds" or check.kind == "metric"]
    if shown:
        yield Text("\nResults", "bold")
        yield Padding(_checks(shown[:_MOST]), (0, 0, 0, _INDENT), expand=False)
        if len(shown) > _MOST:
            yield Padding(Text(f"… {len(shown) - _MOST} more: --json", "dim"), (0, 0, 0, _INDENT))
    if reproduction.deviations:
        yield Text("\nNot as it was", "bold")
        table = make_table(
            [
                to_column("Kind", [one.kind for one in reproduction.deviations[:_MOST]]),
                to_column(
                    "What",
                    [one_line(one.message, 200) for one in reproduction.deviations[:_MOST]],
                    shrinks=True,
                ),
            ],
            margin=_INDENT,
        )
        yield Padding(table, (0, 0, 0, _INDENT), expand=False)
        if (more := len(reproduction.deviations) - _MOST) > 0:
            yield Padding(Text(f"… {more} more: --json", "dim"), (0, 0, 0, _INDENT))


def diagnosis_sections(diagnosis: Diagnosis) -> Iterator[RenderableType]:
    """Yield what stands in the way of repeating a run, each with what to do."""
    for position, obstacle in enumerate(diagnosis.obstacles):
        where = (
            f"cell {obstacle.order}: "
            if obstacle.order is not None and "ell " not in obstacle.message[:5]
            else ""
        )
        style = _SEVERITIES[obstacle.severity]
        code = obstacle.code.replace("_", " ")
        yield Text.assemble(
            "\n" if position else "",
            (obstacle.severity, style),
            f"  {where}{obstacle.message}",
            (f"  ({code})", "dim"),
        )
        yield Padding(Text(obstacle.help, "dim"), (0, 0, 0, _INDENT + 2))


def _counts(reproduction: Reproduction) -> Table | None:
    kinds = [kind for kind in ("metric", "output", "artifact", "value") if reproduction.compared.get(kind)]
    if not kinds:
        return None
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    words = {"metric": "Metrics", "output": "Cells with outputs", "artifact": "Artifacts", "value": "Values"}
    for kind in kinds:
        table.add_row(words[kind], f"{reproduction.held.get(kind, 0)} of {reproduction.compared[kind]} hold")
    return table


def _checks(checks: list[Check]) -> Table:
    return make_table(
        [
            to_column("Kind", [check.kind for check in checks], rank=2),
            to_column("Name", [one_line(check.name, 60) for check in checks], folds=True),
            to_column("Result", [Text(*_STATUSES[check.status]) for check in checks]),
            to_column(
                "Recorded", [one_line(check.expected, 30) for check in checks], justify="right", rank=1
            ),
            to_column("Now", [one_line(check.actual, 30) for check in checks], justify="right", rank=1),
            to_column("What", [one_line(check.message, 200) for check in checks], shrinks=True),
        ],
        margin=_INDENT,
    )
