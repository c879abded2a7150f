"""Which cells the trials of a sweep share, told before it begins."""

from trackbook.domain.sharing import Sharing

_MOST = 20


def describe_sharing(sharing: Sharing) -> list[str]:
    """Return lines that list the shared cells, and say why the next one is none."""
    lines = [sharing.summary, *(f"{one.cell:>5}  {one.source}" for one in sharing.cells[:_MOST])]
    if len(sharing.cells) > _MOST:
        lines.append(f"       and {len(sharing.cells) - _MOST} more")
    return [*lines, *sharing.remarks]
