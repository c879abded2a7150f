"""Whether a process waits for something that can never come: what a copied state may do to it."""

import contextlib
import platform
from pathlib import Path

_FUTEX = {"x86_64": "202", "aarch64": "98"}


def is_deadlocked(pid: int) -> bool:
    """Tell whether a process of one thread and without children waits for a lock, which nobody is there to release.

    Where that can't be told it is False.
    """
    with contextlib.suppress(OSError):
        tasks = [path.name for path in Path(f"/proc/{pid}/task").iterdir()]
        if (
            tasks != [str(pid)]
            or Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").strip()
        ):
            return False
        call = Path(f"/proc/{pid}/syscall").read_text(encoding="ascii").split()[0]
        return call == _FUTEX.get(platform.machine())
    return False
