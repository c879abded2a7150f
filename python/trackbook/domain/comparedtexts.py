"""What a comparison says of data and files, as rows of short texts."""

from trackbook.domain.compare import (
    ColumnChange,
    ComparedData,
    ComparedFile,
    ComparedValue,
    Comparison,
    DataVersion,
    FileVersion,
)
from trackbook.domain.formatting import format_bytes

_DIGITS = 8  # of a digest; enough to tell versions of one thing apart


def value_sections(comparison: Comparison) -> list[tuple[str, list[ComparedValue]]]:
    """Return the sections of a comparison that have a value a run, with their titles; data and files as texts."""
    return [
        ("Parameters", comparison.params),
        ("Tags", comparison.tags),
        ("Run", comparison.facts),
        ("Data", [_row(row, [_data_text(one) for one in row.versions]) for row in comparison.data]),
        ("Seeds", comparison.seeds),
        ("Environment", [row for row in comparison.environment if not row.key.startswith("git.")]),
        ("Git", [row for row in comparison.environment if row.key.startswith("git.")]),
        ("Variables", comparison.variables),
        ("Packages", comparison.packages),
        ("Modules", [_row(row, [_file_text(one) for one in row.files]) for row in comparison.modules]),
        ("Artifacts", [_row(row, [_file_text(one) for one in row.files]) for row in comparison.artifacts]),
    ]


def _row(row: ComparedData | ComparedFile, texts: list[str | None]) -> ComparedValue:
    return ComparedValue(row.key, list(texts), row.differs)


def _data_text(version: DataVersion | None) -> str | None:
    if version is None:
        return None
    parts = [] if version.rows is None else [f"{version.rows:,} rows"]
    parts += [version.digest[:_DIGITS] if version.digest else "no digest"]
    return ", ".join([*parts, *map(_column_text, version.columns)])


def _column_text(change: ColumnChange) -> str:
    if change.before is None:
        return f"+{change.name}"
    return f"−{change.name}" if change.after is None else f"{change.name}: {change.before} → {change.after}"


def _file_text(version: FileVersion | None) -> str | None:
    return None if version is None else f"{format_bytes(version.size)}, {version.digest[:_DIGITS]}"
