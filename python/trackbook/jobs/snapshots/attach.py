"""The process that a kernel manager starts as a kernel, and that has a snapshot forked to be one in its place.

Run as `python -m trackbook.jobs.snapshots.attach SOCKET FOLDER CONNECTION_FILE`. It passes signals on, and ends with
the kernel, with its exit code.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from trackbook.jobs.forking.request import UNKNOWN_END, request_fork

_LOOK_EVERY = 0.2


def kernel_command(socket: str, folder: str) -> list[str]:
    """Return the command of such a kernel, as a kernelspec has it."""
    return [sys.executable, "-m", "trackbook.jobs.snapshots.attach", socket, folder, "{connection_file}"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Be a kernel as the command line says; returns its exit code."""
    socket, folder, connection_file = sys.argv[1:] if arguments is None else arguments
    values = {"connection_file": connection_file, "folder": folder, "owner": os.getpid()}
    try:
        kernel = request_fork(socket, values)
    except OSError as error:
        sys.stderr.write(f"The snapshot could not be taken up: {error}\n")
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: kernel.send_signal(number))
    while True:
        try:
            code = kernel.wait(_LOOK_EVERY)
        except subprocess.TimeoutExpired:
            continue
        return 0 if code == UNKNOWN_END else abs(code)


if __name__ == "__main__":
    sys.exit(main())
