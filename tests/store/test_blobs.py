import hashlib
import os

import pytest

from trackbook.errors import NotFound
from trackbook.store.blobs import BlobStore


@pytest.fixture
def blobs(tmp_path):
    return BlobStore(tmp_path / "blobs")


def test_bytes_are_named_by_their_sha256_and_stored_once(blobs):
    digest = blobs.put_bytes(b"hello")
    assert digest == hashlib.sha256(b"hello").hexdigest()
    assert blobs.put_bytes(b"hello") == digest
    assert blobs.get(digest) == b"hello"
    assert [path.name for path in blobs.root.rglob("*") if path.is_file()] == [digest]


def test_a_file_is_copied_and_leaves_no_draft(blobs, tmp_path):
    source = tmp_path / "big.bin"
    source.write_bytes(b"ab" * 1_500_000)
    digest, size = blobs.put_file(source)
    assert (digest, size) == (hashlib.sha256(source.read_bytes()).hexdigest(), 3_000_000)
    source.write_bytes(b"changed")
    assert blobs.path(digest).stat().st_size == 3_000_000
    assert blobs.put_file(blobs.path(digest)) == (digest, 3_000_000)
    assert [path.name for path in blobs.root.rglob("*") if path.is_file()] == [digest]


@pytest.mark.parametrize("digest", ["", "../../../etc/passwd", "a" * 63, "/" * 64, "." * 64])
def test_what_is_no_digest_names_no_path(blobs, digest):
    with pytest.raises(NotFound):
        blobs.get(digest)


def test_a_blob_that_is_not_there(blobs):
    with pytest.raises(NotFound, match="There is no blob"):
        blobs.get("0" * 64)


@pytest.mark.parametrize("moment", ["before", "when it is taken aside", "after"])
def test_a_blob_that_is_put_again_while_it_is_discarded_is_not_lost(blobs, moment, monkeypatch):
    digest = blobs.put_bytes(b"shared")
    os.utime(blobs.path(digest), (1, 1))
    writer = BlobStore(blobs.root)
    rename = os.rename

    def rename_among_writers(source, target):
        if moment == "before":
            writer.put_bytes(b"shared")
        rename(source, target)
        if moment == "when it is taken aside":
            writer.put_bytes(b"shared")

    monkeypatch.setattr(os, "rename", rename_among_writers)
    freed = blobs.discard(digest, before=1000.0)
    if moment == "after":
        assert not blobs.has(digest)
        writer.put_bytes(b"shared")
    assert freed == (0 if moment == "before" else 6)
    assert blobs.get(digest) == b"shared"
    assert [path.name for path in blobs.root.rglob("*") if path.is_file()] == [digest]


def test_what_is_put_again_counts_as_new(blobs, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(b"x")
    digest, _ = blobs.put_file(source)
    for put in (lambda: blobs.put_file(source), lambda: blobs.put_bytes(b"x"), lambda: blobs.keep(digest)):
        os.utime(blobs.path(digest), (1, 1))
        put()
        assert blobs.discard(digest, before=1000.0) == 0
    assert not blobs.keep("0" * 64)
    assert blobs.discard("0" * 64, before=1000.0) == 0
