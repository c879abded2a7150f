"""Images: PIL's, arrays, tensors, and files."""

import io
import os
import struct
import zlib
from typing import Any

from trackbook.domain.rich import RichContent
from trackbook.errors import InvalidValue
from trackbook.services.values.libraries import numpy
from trackbook.services.values.vectors import to_host
from trackbook.services.values.wrapped import Wrapped, loaded, read_file, ready

MAX_SIDE = 16_384
_ACCEPTED = (
    "as image an array has the shape (height, width), or with 1, 3 or 4 channels behind it (a tensor: before it), and "
    "holds uint8 or floats from 0 to 1"
)
_OTHERWISE = "Other numbers: tb.Histogram(array), or tb.Json(array)"
# What PNG holds as it is; other modes become RGB.
_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16")


class Image(Wrapped):
    """A picture: an array, a PIL image, or the path of an image file, which is stored as it is."""

    def __init__(self, image: Any) -> None:
        self.image = image

    def content(self, name: str) -> RichContent:
        """Return PNG, or the file's bytes."""
        if isinstance(self.image, (str, os.PathLike)):
            return _from_file(name, self.image)
        if is_pil(self.image):
            return from_pil(name, self.image)
        return from_array(name, self.image)


def is_pil(value: object) -> bool:
    """Tell whether it is an image of PIL's."""
    return isinstance(value, loaded("PIL.Image", "Image"))


def from_pil(name: str, image: Any) -> RichContent:
    """Return a PIL image as PNG; of several frames the current one."""
    _check_sides(name, image, image.width, image.height)
    if image.mode == "F":
        raise InvalidValue(
            name, image, "PNG has no floats: scale them to 0..1 and log the array, or use image.convert('L')"
        )
    buffer = io.BytesIO()
    (image if image.mode in _MODES else image.convert("RGB")).save(buffer, "PNG")
    meta = {"width": image.width, "height": image.height}
    return ready(name, "image", buffer.getvalue(), "image/png", meta)


def from_array(name: str, value: Any) -> RichContent:
    """Return an array or a tensor as PNG; raises InvalidValue for shapes and values that are no image."""
    np = numpy("An image of numbers")
    is_tensor = isinstance(value, loaded("torch", "Tensor"))
    array = np.asarray(to_host(value))
    if array.ndim == 3 and is_tensor and array.shape[0] in (1, 3, 4):
        array = array.transpose(1, 2, 0)
    if array.ndim not in (2, 3) or 0 in array.shape or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise InvalidValue(name, value, f"{_ACCEPTED}; this one has the shape {array.shape}. {_OTHERWISE}")
    height, width = array.shape[:2]
    _check_sides(name, value, width, height)
    pixels = _to_pixels(np, name, array)
    return ready(name, "image", _png(np, pixels), "image/png", {"width": width, "height": height})


def size_of(data: bytes) -> dict[str, Any]:
    """Return the width and height that a PNG, GIF or JPEG says it has; nothing for other bytes."""
    width = height = 0
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) > 24:
        width, height = struct.unpack(">II", data[16:24])
    elif data[:4] == b"GIF8" and len(data) > 10:
        width, height = struct.unpack("<HH", data[6:10])
    elif data[:2] == b"\xff\xd8":
        width, height = _jpeg_size(data)
    return {"width": width, "height": height} if width and height else {}


def _from_file(name: str, path: str | os.PathLike[str]) -> RichContent:
    data, media_type = read_file(name, path, "image", "image/")
    if media_type == "image/svg+xml":
        raise InvalidValue(name, path, "an SVG is a document: store it with run.artifact(path)")
    return ready(name, "image", data, media_type, size_of(data))


def _check_sides(name: str, image: Any, width: int, height: int) -> None:
    if not 0 < width <= MAX_SIDE or not 0 < height <= MAX_SIDE:
        raise InvalidValue(
            name,
            image,
            f"an image has from 1 to {MAX_SIDE:,} pixels a side, and this one {width:,} × {height:,}",
        )


def _to_pixels(np: Any, name: str, array: Any) -> Any:
    if array.dtype == np.uint8:
        return array
    if array.dtype == bool:
        return array.astype(np.uint8) * 255
    if array.dtype.kind != "f":
        raise InvalidValue(name, array, f"{_ACCEPTED}; this one holds {array.dtype}. {_OTHERWISE}")
    least, most = float(array.min()), float(array.max())
    if not (least >= -1e-6 and most <= 1 + 1e-6):  # NaN is neither
        reach = "NaN" if np.isnan(array).any() else f"values from {least:.4g} to {most:.4g}"
        raise InvalidValue(name, array, f"{_ACCEPTED}; this one holds {reach}. {_OTHERWISE}")
    return np.rint(np.clip(array, 0, 1) * 255).astype(np.uint8)


def _png(np: Any, pixels: Any) -> bytes:
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    rows = np.zeros((height, 1 + width * channels), np.uint8)  # each row begins with its filter: none
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # a frame's header
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return 0, 0
