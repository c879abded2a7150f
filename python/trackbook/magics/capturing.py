"""`%track capture`: what is recorded without a line of code, and its switches in this session."""

from pathlib import Path

from trackbook import api
from trackbook.config import CAPTURES, Settings
from trackbook.errors import UsageError
from trackbook.notebook.words import Words, did_you_mean
from trackbook.services.capturing.switches import is_off, is_wanted, switch_off, switch_on
from trackbook.store.paths import find_store

# These are begun with a run; all others are asked for at each cell.
_BEGUN_WITH_A_RUN = frozenset(("data", "system", "environment", "git", "variables", "notebook"))


def change_captures(words: Words, folder: Path) -> str:
    """Carry out what is behind `%track capture`: nothing lists them, `NAME ... on|off` switches some.

    `folder` is the notebook's. Raises UsageError for what is no name of a capture, and a switch that is missing.
    """
    if not words.plain:
        return _list(folder)
    *names, switch = words.plain
    if switch not in ("on", "off") or not names:
        raise UsageError(
            "Say which, and on or off: %track capture data off. %track capture alone lists them."
        )
    for name in names:
        if name not in CAPTURES:
            known = did_you_mean(name, CAPTURES) or f" There are: {', '.join(sorted(CAPTURES))}."
            raise UsageError(f"There is no capture {name!r}.{known}")
    for name in names:
        (switch_on if switch == "on" else switch_off)(name)
    later = switch == "on" and api.current_run() is not None and not _BEGUN_WITH_A_RUN.isdisjoint(names)
    return f"{', '.join(names)} {switch} in this session{', from the next run on' if later else ''}"


def _list(folder: Path) -> str:
    run = api.current_run()
    wanted = run.recorder.capture if run is not None else _settings_of(folder)
    on = [name for name in sorted(CAPTURES) if is_wanted(name, wanted)]
    off = [
        f"{name} ({'in this session' if is_off(name) else 'by the settings'})"
        for name in sorted(CAPTURES)
        if name not in on
    ]
    return " · ".join(
        filter(None, [f"on: {', '.join(on)}" if on else "", f"off: {', '.join(off)}" if off else ""])
    )


def _settings_of(folder: Path) -> frozenset[str]:
    settings, store = Settings.load(), find_store(folder)
    return settings.captures_in(store.project if store is not None else folder)
