"""What live curves cost the loop that they watch: the same training loop in a kernel, with and without `tb.watch`.

Run it by hand: python benchmarks/watching.py [--steps N] [--rounds N]
Each step works for about a millisecond in Python and logs four metrics. Rounds alternate, so that what else the
machine does meets both alike.
"""

import sys

# A script's folder comes first where Python looks for modules, and one of this folder has the name of another module.
if not sys.flags.safe_path:
    del sys.path[0]

import argparse
import json
import statistics
import tempfile
from typing import Any

from jupyter_client.manager import start_new_kernel

LOOP = """
import time
def work(steps, watched):
    with tb.start_run("bench") as run:
        if watched:
            watch = tb.watch()
        began, used = time.perf_counter(), time.process_time()
        for step in range(steps):
            total = 0
            for number in range(20_000):
                total += number * number
            run.log({"loss": 1 / (step + 1), "acc": step / steps, "val_loss": 2 / (step + 1), "lr": 0.1}, step=step)
        return [time.perf_counter() - began, time.process_time() - used]
"""


def main() -> None:
    """Print both medians and by how much they differ."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        manager, client = start_new_kernel(cwd=folder)
        try:
            ask(client, "%load_ext trackbook\nimport trackbook as tb")
            ask(client, LOOP)
            rounds = [
                [json.loads(ask(client, f"work({options.steps}, {watched})")) for watched in (False, True)]
                for _ in range(options.rounds)
            ]
        finally:
            client.stop_channels()
            manager.shutdown_kernel()
    for place, clock in enumerate(("on the clock", "of processor time, the thread that draws included")):
        one, other = (statistics.median(of[watched][place] for of in rounds) for watched in (0, 1))
        print(
            f"without a watch {one:.2f} s, with one {other:.2f} s {clock}: {100 * (other / one - 1):+.1f} %"
        )


def ask(client: Any, code: str) -> str:
    """Execute code and return the text of its value."""
    values: list[str] = []

    def take(message: dict[str, Any]) -> None:
        if message["msg_type"] == "execute_result":
            values.append(message["content"]["data"]["text/plain"])

    reply = client.execute_interactive(code, output_hook=take, timeout=600)
    if reply["content"]["status"] != "ok":
        raise SystemExit("\n".join(reply["content"]["traceback"]))
    return values[-1] if values else ""


if __name__ == "__main__":
    main()
