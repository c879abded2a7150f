"""Columns of numbers as compressed bytes.

Integers are stored as differences; then the bytes are transposed, so that all highest bytes stand together, and
compressed. Equal steps and slowly growing times shrink to nearly nothing; noisy floats keep about their mantissa.
"""

import numpy as np
import zstandard
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_LEVEL = 3


def encode_ints(values: Ints) -> bytes:
    """Return whole numbers (64 bits) as bytes."""
    # Differences may overflow; they wrap around, and the running sum wraps back.
    return _shrink(np.diff(values.astype("<i8"), prepend=np.int64(0)))


def decode_ints(data: bytes) -> Ints:
    """Return what `encode_ints` was given."""
    return np.cumsum(_grow(data, "<i8"), dtype=np.int64)


def encode_floats(values: Floats) -> bytes:
    """Return floats (64 bits, NaN and infinities too) as bytes."""
    return _shrink(values.astype("<f8"))


def decode_floats(data: bytes) -> Floats:
    """Return what `encode_floats` was given, bit for bit."""
    return _grow(data, "<f8").astype(np.float64, copy=False)


def _shrink(values: NDArray[np.generic]) -> bytes:
    transposed = np.ascontiguousarray(values).view(np.uint8).reshape(-1, 8).T
    return zstandard.ZstdCompressor(level=_LEVEL).compress(transposed.tobytes())


def _grow(data: bytes, dtype: str) -> NDArray[np.generic]:
    raw = np.frombuffer(zstandard.ZstdDecompressor().decompress(data), dtype=np.uint8)
    return np.ascontiguousarray(raw.reshape(8, -1).T).reshape(-1).view(dtype)
