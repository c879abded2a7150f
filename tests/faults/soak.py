"""Random faults for a long time: killed writers and ingesters, full disks, rebuilds, deleted indexes, and readers.

    python tests/faults/soak.py --seconds 1800

Each writer notes outside the store how many of its points were acknowledged. After each round all of them are counted,
in the index as it grew, and from time to time in one made anew. Ends with a summary; the exit code is 1 if a point was
lost or doubled, the content of an executed cell is missing, or anything else was not as it must be. The store is kept
then, and named.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from crowd import (
    Process,
    Writer,
    answers,
    check_points,
    close_nursery,
    ingest,
    rows,
    start,
    stop_ingester,
    write_on_a_full_disk,
)

from trackbook.domain.ids import new_id
from trackbook.errors import StoreError
from trackbook.services.catchup import catch_up, rebuild
from trackbook.services.checkup import examine_store
from trackbook.services.edits import Edits
from trackbook.services.opening import open_place
from trackbook.services.runs import Runs
from trackbook.services.series import SeriesReader
from trackbook.store import schema as t
from trackbook.store.blobs import BlobStore
from trackbook.store.paths import create_store

RUNS_PER_STORE = 400


class Soak:
    """One store after the other, each with rounds of random faults."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.seen: Counter[str] = Counter()
        self.points = 0
        self.folder = Path(tempfile.mkdtemp(prefix="trackbook-soak-"))

    def run(self, seconds: float) -> None:
        """Make rounds until the time is over."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._begin_store()
            while time.monotonic() < deadline and len(self.writers) < RUNS_PER_STORE:
                self._round()
            self._finish_store()

    def _begin_store(self) -> None:
        self.seen["stores"] += 1
        self.store = create_store(self.folder / str(self.seen["stores"]) / ".trackbook")
        self.notes = self.folder / str(self.seen["stores"]) / "notes"
        self.notes.mkdir()
        self.place = open_place(self.store)
        self.writers: list[Writer] = []
        self.ingesters: list[Process] = []

    def _round(self) -> None:
        self.seen["rounds"] += 1
        chance = self.chance
        crowd = [Writer(self.store, self.notes, rest=0.002).begin() for _ in range(chance.randint(1, 5))]
        full = [Writer(self.store, self.notes) for _ in range(chance.randint(0, 2))]
        for writer in full:
            seed = chance.randrange(10**9)
            writer.process = start(write_on_a_full_disk, self.store.root, writer.run_id, writer.notes, seed)
        end = time.monotonic() + chance.uniform(0.05, 0.5)
        while time.monotonic() < end:
            chance.choice(
                [
                    self._start_ingester,
                    self._kill_ingester,
                    self._search,
                    self._edit,
                    self._read,
                    self._delete_index,
                ]
                if chance.random() < 0.1
                else [self._start_ingester, self._search, self._edit, self._read]
            )()
            time.sleep(chance.uniform(0, 0.05))
        for writer in crowd:
            writer.kill()
            self.seen["writers killed"] += 1
        for writer in full:
            if chance.random() < 0.3:
                writer.kill()
                self.seen["writers killed"] += 1
            elif writer.process.wait() != 0:
                raise AssertionError(f"the writer of {writer.run_id} raised")
            self.seen["writers on a full disk"] += 1
        self.writers += crowd + full
        if chance.random() < 0.2:
            self._rebuild()
        if chance.random() < 0.3:
            self._check()

    def _start_ingester(self) -> None:
        if len(self.ingesters) < 2:  # the second one ends by itself
            self.ingesters.append(start(ingest, self.store.root, 0.5))
            self.seen["ingesters started"] += 1

    def _kill_ingester(self) -> None:
        if self.ingesters:
            self.ingesters.pop(self.chance.randrange(len(self.ingesters))).kill()
            self.seen["ingesters killed"] += 1

    def _search(self) -> None:
        page = Runs(self.place).search("metrics.n >= 0 order by metrics.n desc")
        assert page.total <= len(self.writers) + 7
        self.seen["searches"] += 1

    def _edit(self) -> None:
        if self.writers:
            writer = self.chance.choice(self.writers)
            Edits(self.store).set_tags(writer.run_id, {"edited": new_id()})
            self.seen["edits"] += 1

    def _read(self) -> None:
        if self.writers:
            writer = self.chance.choice(self.writers)
            series = SeriesReader(self.place).read_all(writer.run_id, "n") if self._knows(writer) else []
            for found in series:
                assert found.steps == list(range(len(found.steps))), writer.run_id
            self.seen["series read"] += 1

    def _knows(self, writer: Writer) -> bool:
        c = t.runs.c
        return bool(rows(self.place, t.runs, c.number, where=(c.id == writer.run_id) & c.number.is_not(None)))

    def _delete_index(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self.store.index.with_name(self.store.index.name + suffix).unlink(missing_ok=True)
        self.seen["indexes deleted"] += 1

    def _rebuild(self) -> None:
        rebuild(self.store).close()
        self.seen["rebuilds"] += 1

    def _check(self) -> None:
        """Count everything."""
        for _ in range(5):
            try:
                if catch_up(self.place, timeout=120):
                    break
            except StoreError as error:  # an index deleted in the middle of a pass
                self.seen[f"passes repeated: {error.reason[:40]}"] += 1
        else:
            raise AssertionError("the index does not catch up")
        self.points = sum(check_points(self.place, writer) for writer in self.writers)
        self.seen["counts"] += 1

    def _finish_store(self) -> None:
        while self.ingesters:
            self._kill_ingester()
        stop_ingester(self.store)
        self._check()
        before, points = answers(self.place), self.points
        self._rebuild()
        assert answers(self.place) == before, "an index made anew says something else"
        self._check()
        assert self.points == points
        numbers = sorted(n for (n,) in rows(self.place, t.runs, t.runs.c.number) if n is not None)
        assert numbers == sorted(set(numbers))
        checkup = examine_store(self.store)
        assert (checkup.behind, checkup.missing, checkup.unreadable) == (0, [], [])
        assert [damage for damage in checkup.damaged if "never finished" not in damage.reason] == []
        blobs = BlobStore(self.store.blobs)
        assert all(blobs.has(digest) for (digest,) in rows(self.place, t.artifacts, t.artifacts.c.digest))
        self.seen["points"] += points
        self.seen["runs"] += checkup.runs
        self.seen["records refused by full disks, and told"] += sum(loss.count for loss in checkup.losses)
        self.place.close()
        shutil.rmtree(self.store.root.parent)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=float, default=1800.0)
    parser.add_argument(
        "--seed", type=int, default=None, help="repeats the same choices, though not the same moments"
    )
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.randrange(10**6)
    print(f"{options.seconds:,.0f} seconds of faults, with the seed {seed}", flush=True)
    soak = Soak(seed)
    try:
        soak.run(options.seconds)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            print("Interrupted.")
        else:
            traceback.print_exc()
        print(f"\nNot as it must be: {error!r}\nThe store is kept in {soak.folder}, the seed was {seed}.")
        return 1
    else:
        shutil.rmtree(soak.folder)
    finally:
        close_nursery()
        for what, count in sorted(soak.seen.items()):
            print(f"{count:>12,} {what}")
    print("\nNo acknowledged point was lost, and none is there twice.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
