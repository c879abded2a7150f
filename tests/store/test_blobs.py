import hashlib

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
