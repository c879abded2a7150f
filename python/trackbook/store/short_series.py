"""Short series of a segment, packed together: columns of their own would cost each more than its points.

The names go into one block; the steps, times and values of all of them, one series behind the other, into one each.
"""

from collections.abc import Callable, Iterator

import msgspec
import numpy as np
import zstandard

from trackbook.store.columns import Floats, Ints, decode_floats, decode_ints, encode_floats, encode_ints

SHORT = 256  # points; longer series lie by themselves, to be read without the others

Block = tuple[int, int]
Packed = tuple[Block, Block, Block, Block]
Series = tuple[str, str, Ints, Ints, Floats]  # metric key, context as JSON text, steps, times, values

_encode = msgspec.msgpack.Encoder().encode
_decode_names = msgspec.msgpack.Decoder(list[tuple[str, str, int]]).decode


def pack(series: list[Series], put: Callable[[bytes], Block]) -> Packed | None:
    """Store series as blocks; None for no series."""
    if not series:
        return None
    names = [(key, context, len(values)) for key, context, _, _, values in series]
    return (
        put(zstandard.ZstdCompressor().compress(_encode(names))),
        put(encode_ints(np.concatenate([steps for _, _, steps, _, _ in series]))),
        put(encode_ints(np.concatenate([times for _, _, _, times, _ in series]))),
        put(encode_floats(np.concatenate([values for _, _, _, _, values in series]))),
    )


def unpack(packed: Packed, cut: Callable[[Block], bytes]) -> Iterator[Series]:
    """Yield the series that were packed."""
    names = _decode_names(zstandard.ZstdDecompressor().decompress(cut(packed[0])))
    steps, times, values = (
        decode_ints(cut(packed[1])),
        decode_ints(cut(packed[2])),
        decode_floats(cut(packed[3])),
    )
    end = 0
    for key, context, count in names:
        start, end = end, end + count
        yield key, context, steps[start:end], times[start:end], values[start:end]
