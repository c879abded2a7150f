"""Tables and arrays in memory: their columns, and a digest of what they hold that any process comes to.

The digest covers, in this order: what kind of thing it is, the names and types of the columns, the number of rows, and
for each column which values are missing and what the others are. For pandas it covers the index like a column, and a
default index is the same as one that counts the rows. It does not cover memory layout, chunks, or which objects hold
the values.
"""

import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from trackbook.domain.data import Column

_SLICE = 8192  # rows that are turned into Python values at once
_COPIED = 64 * 1024 * 1024
_SAMPLES = 4096


class MemoryTable(NamedTuple):
    """A table as it was when it was named: rows, columns, size in bytes, and how to digest it later.

    `digest` raises ValueError where the values have no lasting form; `changed` tells whether the table was written to
    since, as far as a sample of its values shows.
    """

    rows: int
    columns: list[Column]
    size: int
    digest: Callable[[], str]
    changed: Callable[[], bool]


def read_table(value: Any) -> MemoryTable | None:
    """Return what a pandas, polars or pyarrow table, or a numpy array holds; None for anything else.

    What could be written to afterwards is copied up to 64 MB; beyond, later changes are looked for in a sample.
    """
    for library, kind, read in (
        ("pandas", "DataFrame", _pandas),
        ("pandas", "Series", _pandas_series),
        ("polars", "DataFrame", _polars),
        ("polars", "Series", _polars_series),
        ("pyarrow", "Table", _arrow),
        ("pyarrow", "RecordBatch", _arrow_batch),
        ("numpy", "ndarray", _numpy),
    ):
        known = getattr(sys.modules.get(library), kind, None)
        if isinstance(known, type) and isinstance(value, known):
            return read(value)
    return None


class _Digest:
    # Each part stands behind its length, so that no two tables run into the same bytes.
    def __init__(self, kind: str) -> None:
        import hashlib

        self._sha = hashlib.sha256()
        self.text(f"trackbook table 1 {kind}")

    def text(self, text: str) -> None:
        self.data(text.encode("utf-8", "surrogatepass"))

    def data(self, data: Any) -> None:
        view = memoryview(data).cast("B") if not isinstance(data, bytes) else data
        self._sha.update(len(view).to_bytes(8, "little"))
        self._sha.update(view)

    def array(self, array: Any) -> None:
        """Take a numpy array without objects in it."""
        import numpy as np

        plain = np.ascontiguousarray(array)
        if plain.dtype.kind in "mM":
            plain = plain.view("i8")
        if plain.dtype.byteorder == ">" or (plain.dtype.byteorder == "=" and sys.byteorder == "big"):
            plain = plain.astype(plain.dtype.newbyteorder("<"))
        self.data(plain.reshape(-1).view("u1") if plain.size else b"")

    def values(self, slices: Iterator[list[Any]]) -> None:
        """Take Python values, at most some thousands at once."""
        for values in slices:
            try:
                self.data(_encoder.encode(values))
            except (TypeError, ValueError, OverflowError) as error:
                raise ValueError(f"it holds objects that have no lasting form ({error})") from error

    def hex(self) -> str:
        return self._sha.hexdigest()


def _plain(value: Any) -> Any:
    # numpy's own scalars are numbers; what else there is has to say so itself.
    item = getattr(value, "item", None)
    if callable(item) and type(value).__module__ == "numpy":
        return item()
    if isinstance(value, complex):
        return [value.real, value.imag]
    raise TypeError(type(value).__name__)


_encoder = msgspec.msgpack.Encoder(enc_hook=_plain, order="deterministic")


def _never() -> bool:
    return False


# pandas


def _pandas(frame: Any, kind: str = "pandas") -> MemoryTable:
    size = int(frame.memory_usage(index=True, deep=False).sum())
    columns = [Column(str(name), str(dtype)) for name, dtype in zip(frame.columns, frame.dtypes, strict=True)]
    # From pandas 3 on, a shallow copy keeps what it has while the original is written to.
    lasting = int(sys.modules["pandas"].__version__.split(".")[0]) >= 3
    kept = frame.copy(deep=not lasting and size <= _COPIED)
    sample = None if lasting or size <= _COPIED else _pandas_sample(frame)
    return MemoryTable(
        len(frame),
        columns,
        size,
        lambda: _digest_pandas(kept, kind),
        _never if sample is None else lambda: _pandas_sample(frame) != sample,
    )


def _pandas_series(series: Any) -> MemoryTable:
    return _pandas(series.to_frame(), "pandas Series")


def _pandas_sample(frame: Any) -> bytes:
    rows = frame.iloc[:: max(1, len(frame) // _SAMPLES)]
    return repr((len(frame), list(rows.columns), rows.to_numpy(dtype=object).tolist())).encode()


def _digest_pandas(frame: Any, kind: str) -> str:
    digest = _Digest(kind)
    digest.text(
        repr([(str(name), str(dtype)) for name, dtype in zip(frame.columns, frame.dtypes, strict=True)])
    )
    digest.text(str(len(frame)))
    index = frame.index
    digest.text(repr([str(name) for name in index.names]))
    for level in range(index.nlevels):
        values = index.get_level_values(level)
        digest.text(str(values.dtype))
        _digest_pandas_values(digest, values.to_series(index=range(len(values))))
    for position in range(frame.shape[1]):
        _digest_pandas_values(digest, frame.iloc[:, position])
    return digest.hex()


def _digest_pandas_values(digest: _Digest, series: Any) -> None:
    import numpy as np

    dtype = series.dtype
    name = type(dtype).__name__
    if isinstance(dtype, np.dtype) and dtype.kind not in "OV":
        digest.array(series.to_numpy())
    elif name == "CategoricalDtype":
        _digest_pandas_values(digest, dtype.categories.to_series(index=range(len(dtype.categories))))
        digest.array(series.cat.codes.to_numpy().astype("i8"))
    elif name == "DatetimeTZDtype":
        digest.array(series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy())
    elif getattr(dtype, "kind", "O") in "iufb" and hasattr(dtype, "numpy_dtype"):
        missing = series.isna().to_numpy()
        digest.array(np.packbits(missing))
        digest.array(series.fillna(dtype.type(0)).to_numpy(dtype=dtype.numpy_dtype))
    else:
        digest.values(_pandas_slices(series))


def _pandas_slices(series: Any) -> Iterator[list[Any]]:
    for start in range(0, len(series), _SLICE):
        part = series.iloc[start : start + _SLICE]
        values, missing = part.to_numpy(dtype=object), part.isna().to_numpy()
        yield [None if gone else value for value, gone in zip(values, missing, strict=True)]


# polars


def _polars(frame: Any, kind: str = "polars") -> MemoryTable:
    columns = [Column(name, str(dtype)) for name, dtype in frame.schema.items()]
    kept = frame.clone()
    return MemoryTable(
        frame.height, columns, int(frame.estimated_size()), lambda: _digest_polars(kept, kind), _never
    )


def _polars_series(series: Any) -> MemoryTable:
    return _polars(series.to_frame(), "polars Series")


def _digest_polars(frame: Any, kind: str) -> str:
    import numpy as np

    digest = _Digest(kind)
    digest.text(repr([(name, str(dtype)) for name, dtype in frame.schema.items()]))
    digest.text(str(frame.height))
    for series in frame.get_columns():
        if series.dtype.is_numeric() and not str(series.dtype).startswith(("Decimal", "Int128", "UInt128")):
            digest.array(np.packbits(series.is_null().to_numpy()))
            digest.array(series.fill_null(0).to_numpy())
        else:
            digest.values(series.slice(at, _SLICE).to_list() for at in range(0, len(series), _SLICE))
    return digest.hex()


# pyarrow


def _arrow(table: Any, kind: str = "pyarrow") -> MemoryTable:
    columns = [Column(field.name, str(field.type)) for field in table.schema]
    return MemoryTable(table.num_rows, columns, int(table.nbytes), lambda: _digest_arrow(table, kind), _never)


def _arrow_batch(batch: Any) -> MemoryTable:
    return _arrow(sys.modules["pyarrow"].Table.from_batches([batch]))


def _digest_arrow(table: Any, kind: str) -> str:
    import numpy as np
    from pyarrow import types

    digest = _Digest(kind)
    digest.text(repr([(field.name, str(field.type)) for field in table.schema]))
    digest.text(str(table.num_rows))
    for column in table.columns:
        if types.is_integer(column.type) or types.is_float32(column.type) or types.is_float64(column.type):
            digest.array(np.packbits(column.is_null().to_numpy()))
            digest.array(column.fill_null(0).to_numpy())
        else:
            digest.values(column.slice(at, _SLICE).to_pylist() for at in range(0, len(column), _SLICE))
    return digest.hex()


# numpy


def _numpy(array: Any) -> MemoryTable:
    names = array.dtype.names
    if names:
        columns = [Column(name, str(array.dtype[name])) for name in names]
    else:
        width = array.shape[1] if array.ndim == 2 else 1
        columns = [Column(str(index), str(array.dtype)) for index in range(width)] if width <= 1000 else []
    is_small = array.nbytes <= _COPIED
    kept = array.copy() if is_small else array
    sample = None if is_small else _numpy_sample(array)
    return MemoryTable(
        len(array) if array.ndim else 1,
        columns,
        int(array.nbytes),
        lambda: _digest_numpy(kept),
        _never if sample is None else lambda: _numpy_sample(array) != sample,
    )


def _numpy_sample(array: Any) -> bytes:
    flat = array.reshape(-1) if array.flags.c_contiguous else array.flat
    taken = flat[:: max(1, array.size // _SAMPLES)]
    return repr(taken.tolist()).encode() if array.dtype.hasobject else bytes(taken.tobytes())


def _digest_numpy(array: Any) -> str:
    digest = _Digest("numpy")
    digest.text(array.dtype.newbyteorder("<").str if not array.dtype.names else str(array.dtype))
    digest.text(repr(tuple(array.shape)))
    if array.dtype.hasobject:
        flat = array.reshape(-1)
        digest.values(flat[at : at + _SLICE].tolist() for at in range(0, flat.size, _SLICE))
    else:
        digest.array(array)
    return digest.hex()
