"""Sound and moving pictures."""

import io
import os
import wave
from typing import Any

from trackbook.domain.rich import RichContent
from trackbook.errors import InvalidValue
from trackbook.services.values.libraries import numpy
from trackbook.services.values.vectors import to_host
from trackbook.services.values.wrapped import Wrapped, check_size, read_file, ready

MAX_CHANNELS = 8
MAX_RATE = 768_000
_PEAK = 32_767


class Audio(Wrapped):
    """Sound: an array of samples at `rate` samples a second, or the path of a sound file, which is stored as it is.

    Samples are floats from -1 to 1, or int16, of the shape (samples,) or (samples, channels); they are stored as WAV
    of 16 bits.
    """

    def __init__(self, samples: Any, rate: int | None = None) -> None:
        self.samples = samples
        self.rate = rate

    def content(self, name: str) -> RichContent:
        """Return WAV, or the file's bytes."""
        if isinstance(self.samples, (str, os.PathLike)):
            data, media_type = read_file(name, self.samples, "audio", "audio/")
            return ready(name, "audio", data, media_type, _wav_meta(data))
        if isinstance(self.rate, bool) or not isinstance(self.rate, int) or not 0 < self.rate <= MAX_RATE:
            raise InvalidValue(
                name,
                self.rate,
                f"tb.Audio(samples, rate) takes the samples a second, such as 16000, not {self.rate!r}",
            )
        samples = _to_samples(name, self.samples)
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(samples.shape[1])
            file.setsampwidth(2)
            file.setframerate(self.rate)
            file.writeframes(samples.astype("<i2").tobytes())
        data = buffer.getvalue()
        return ready(name, "audio", data, "audio/wav", _wav_meta(data))


class Video(Wrapped):
    """A video file, by its path; it is stored as it is."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = path

    def content(self, name: str) -> RichContent:
        """Return the file's bytes."""
        if not isinstance(self.path, (str, os.PathLike)):
            raise InvalidValue(
                name, self.path, "tb.Video takes the path of a video file, such as 'clip.mp4' or 'clip.webm'"
            )
        data, media_type = read_file(name, self.path, "video", "video/")
        return ready(name, "video", data, media_type, {})


def _to_samples(name: str, value: Any) -> Any:
    np = numpy("Sound made of numbers")
    array = np.asarray(to_host(value))
    if array.ndim == 1:
        array = array[:, None]
    elif array.ndim == 2 and array.shape[0] <= MAX_CHANNELS < array.shape[1]:
        array = array.T
    if array.ndim != 2 or not array.size or array.shape[1] > MAX_CHANNELS:
        raise InvalidValue(
            name,
            value,
            f"samples have the shape (samples,) or (samples, channels) with at most {MAX_CHANNELS} channels, not "
            f"{np.shape(value)}",
        )
    check_size(name, "audio", 2 * array.size)
    if array.dtype == np.int16:
        return array
    if array.dtype.kind != "f":
        raise InvalidValue(name, value, f"samples are floats from -1 to 1, or int16, not {array.dtype}")
    peak = float(np.abs(array).max())
    if not peak <= 1 + 1e-6:  # NaN is not, either
        raise InvalidValue(
            name, value, f"samples are floats from -1 to 1, and here one is {peak:.4g}; divide by the largest"
        )
    return np.rint(np.clip(array, -1, 1) * _PEAK)


def _wav_meta(data: bytes) -> dict[str, Any]:
    try:
        with wave.open(io.BytesIO(data)) as file:
            rate, frames = file.getframerate(), file.getnframes()
            return {"rate": rate, "channels": file.getnchannels(), "seconds": round(frames / rate, 3)}
    except (wave.Error, EOFError, ZeroDivisionError):  # another format
        return {}
