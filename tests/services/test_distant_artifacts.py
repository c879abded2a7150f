"""Artifacts behind a URL: in S3, spoken to over the network, and in a folder, for stores of each kind."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from trackbook.config import Settings
from trackbook.errors import CorruptRecord, MissingExtra, StoreError, StoreUnreachable
from trackbook.services.checkup import examine_store
from trackbook.services.context import Services, open_services
from trackbook.services.delivery import Delivery
from trackbook.services.opening import open_place
from trackbook.services.recorder import RunRecorder
from trackbook.store import distant_blobs
from trackbook.store.distant_blobs import DistantBlobs
from trackbook.store.paths import StorePaths, create_store
from trackbook.store.url_blobs import UrlBlobs

BIG = bytes(range(256)) * 12_000  # 3 MB


def opened(store: StorePaths) -> Services:
    services = open_services(store)
    assert services.runs.refresh(timeout=60.0)
    return services


def deliver(services: Services) -> None:
    with Delivery(services.place):
        pass


def record(store: StorePaths) -> str:
    run = RunRecorder.start(store, experiment="e")
    run.store_artifact(BIG, "model.bin")
    run.store_artifact(b"small", "small.txt")
    order = run.cell_started("cell", 1, "print('hi')")
    run.cell_finished(order, "ok", 0.1, [{"output_type": "stream", "name": "stdout", "text": "hi\n"}])
    run.end()
    return run.run_id


def read(services: Services, run_id: str, path: str) -> bytes:
    return services.artifacts.open(run_id, path)[1].read_bytes()


def test_they_are_sent_to_s3_and_read_by_somebody_else(
    bucket: str, new_store: Callable[[Path], StorePaths], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3

    store = new_store(tmp_path / ".trackbook")
    run_id = record(store)
    services = opened(store)
    assert read(services, run_id, "model.bin") == BIG  # still on its way, and there all the same
    deliver(services)
    assert not [path for path in store.blobs.rglob("*") if path.is_file()]
    cached = [path.stat().st_size for path in store.cached_blobs.rglob("*") if path.is_file()]
    assert cached
    assert max(cached) < 64 * 1024
    prefix = bucket.removeprefix("s3://team/")
    listed = boto3.client("s3").list_objects_v2(Bucket="team", Prefix=prefix)["Contents"]
    assert sum(one["Size"] >= len(BIG) for one in listed) == 1
    # Somebody who does not know the URL, and has no copy.
    monkeypatch.delenv("TRACKBOOK_ARTIFACTS")
    for path in store.cached_blobs.rglob("*"):
        if path.is_file():
            path.unlink()
    other = opened(store)
    assert read(other, run_id, "model.bin") == BIG
    assert read(other, run_id, "small.txt") == b"small"
    assert other.snapshots.cell(run_id, 1).source == "print('hi')"
    assert examine_store(store).healthy
    for one in (services, other):
        one.place.close()


def test_runs_do_not_wait_for_a_service_that_is_away(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import s3fs

    address = os.environ["AWS_ENDPOINT_URL"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    store = create_store(tmp_path / ".trackbook")
    run_id = record(store)
    services = opened(store)
    assert services.runs.get("#1").status == "finished"
    with pytest.raises(StoreUnreachable, match="s3://team"):
        services.place.blobs.deliver()
    deliver(services)  # says nothing: they wait
    assert read(services, run_id, "model.bin") == BIG
    services.place.close()
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    s3fs.S3FileSystem.clear_instance_cache()
    services = opened(store)
    deliver(services)
    assert not [path for path in store.blobs.rglob("*") if path.is_file()]
    assert read(services, run_id, "model.bin") == BIG
    services.place.close()


def test_bytes_that_were_changed_there_are_recognised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "there"
    monkeypatch.setenv("TRACKBOOK_ARTIFACTS", there.as_uri())
    store = create_store(tmp_path / ".trackbook")
    run_id = record(store)
    services = opened(store)
    deliver(services)
    (path,) = [path for path in there.rglob("*") if path.is_file() and path.stat().st_size == len(BIG)]
    path.write_bytes(b"x" + BIG[1:])
    with pytest.raises(CorruptRecord, match="other bytes"):
        read(services, run_id, "model.bin")
    path.unlink()
    assert [missing.what for missing in examine_store(store).missing] == ["model.bin"]
    services.place.close()


def test_a_store_has_one_place_for_artifacts(
    new_store: Callable[[Path], StorePaths], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKBOOK_ARTIFACTS", (tmp_path / "there").as_uri())
    store = new_store(tmp_path / ".trackbook")
    open_place(store).close()
    monkeypatch.setenv("TRACKBOOK_ARTIFACTS", "s3://elsewhere/x")
    with pytest.raises(StoreError, match="TRACKBOOK_ARTIFACTS"):
        open_place(store)
    monkeypatch.delenv("TRACKBOOK_ARTIFACTS")
    open_place(store).close()


def test_what_was_recorded_before_goes_there_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = create_store(tmp_path / ".trackbook")
    identity = json.loads((store.root / "store.json").read_bytes())
    run_id = record(store)
    opened(store).place.close()
    monkeypatch.setenv("TRACKBOOK_ARTIFACTS", (tmp_path / "there").as_uri())
    services = opened(store)
    deliver(services)
    assert not [path for path in store.blobs.rglob("*") if path.is_file()]
    assert read(services, run_id, "model.bin") == BIG
    assert store.id == identity["id"]
    services.place.close()


def test_a_kind_that_nobody_knows(tmp_path: Path) -> None:
    store = create_store(tmp_path / ".trackbook")
    place = open_place(store, Settings(artifacts="nothing://x/y"))
    with pytest.raises((StoreError, MissingExtra), match="nothing"):
        place.blobs.has("0" * 64)
    place.close()


def test_copies_of_what_lies_elsewhere_take_a_bounded_part_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distant_blobs, "CACHE_BYTES", 250_000)
    blobs = DistantBlobs(tmp_path / "w", tmp_path / "c", UrlBlobs(str(tmp_path / "there")), may_lag=True)
    contents = [bytes([number]) * 100_000 for number in range(5)]
    digests = [blobs.put_bytes(content) for content in contents]
    assert blobs.deliver() == 5
    for digest, content in zip(digests, contents, strict=True):
        assert blobs.get(digest) == content
        age = time.time() - 10 * (5 - digests.index(digest))
        os.utime(tmp_path / "c" / digest[:2] / digest, (age, age))
    kept = {path.name for path in (tmp_path / "c").glob("??/*")}
    assert kept == set(digests[3:])  # those that were fetched last
    assert blobs.get(digests[0]) == contents[0]


@pytest.mark.usefixtures("bucket")
def test_what_a_job_needs_is_there_before_it_is_queued(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKBOOK_STORE", postgresql_url)
    notebook = tmp_path / "n.ipynb"
    cells: list[dict[str, object]] = []
    notebook.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    services = open_services(create_store(tmp_path / "here", Settings.load().remote))
    elsewhere = open_place(create_store(tmp_path / "elsewhere", Settings.load().remote))
    try:
        # No ingester has sent anything.
        (job,) = services.jobs.submit(notebook)
        assert b"cells" in elsewhere.blobs.get(job.spec.notebook)
        monkeypatch.setattr(UrlBlobs, "write", _is_away)
        notebook.write_text(notebook.read_text().replace("{}", '{"title": "changed"}'))
        with pytest.raises(StoreUnreachable):
            services.jobs.submit(notebook, executor="dask")
        # This machine's own workers find it here.
        (job,) = services.jobs.submit(notebook)
        assert b"changed" in services.place.blobs.get(job.spec.notebook)
        assert len(services.jobs.list()) == 2
    finally:
        elsewhere.close()
        services.close()


def _is_away(*_: object) -> None:
    raise StoreUnreachable("s3://team", "it is away")
