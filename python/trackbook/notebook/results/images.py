"""Pictures: how different they look, not which bytes they are made of."""

import base64
import binascii
import io
import re
from typing import TYPE_CHECKING, Any

from trackbook.domain.difference import Difference, excerpt
from trackbook.domain.tolerance import Tolerance
from trackbook.notebook.results.text import compare_text

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

RASTER = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp")
SVG = "image/svg+xml"

_LONGEST = 96  # pixels of the longer side at which pictures are compared: what the eye sees at a glance
_SIZE_SLACK = 0.02  # by which a tight bounding box may come out wider or narrower
_FAINT = 0.04  # of the range from black to white
_LEAST_INK = 0.01  # of what an image could hold; below it the picture counts as blank
_ID = re.compile(r"""\bid=["']([^"']+)["']|\bhref=["']#([^"']+)["']|url\(#([^)]+)\)""")
_DATE = re.compile(r"<dc:date>.*?</dc:date>|<!--.*?-->", re.DOTALL)
_PATH = re.compile(r"""(?<=\sd=")[^"]*""")
_JOINT = re.compile(r"(?<=[A-Za-z])(?=[-+.\d])|(?<=\d)(?=[A-DF-Za-df-z])|(?<=\d)(?=-)")


def compare_rasters(expected: str, actual: str, mime: str, tolerance: Tolerance) -> Difference | None:
    """Return how two pictures in base64 differ to the eye; None if they look the same within `tolerance.image`."""
    if expected == actual or "".join(expected.split()) == "".join(actual.split()):
        return None
    pictures = [_open(text) for text in (expected, actual)]
    one, other = pictures
    if one is None or other is None:
        which = "that was expected" if one is None else "that came"
        return Difference("image", f"The picture {which} can't be read.", mime=mime)
    sizes = f"{one.width} × {one.height}", f"{other.width} × {other.height}"
    if not _alike(one.size, other.size):
        told = f"A picture of {sizes[0]} pixels was expected, one of {sizes[1]} came."
        return Difference("image", told, *sizes, mime=mime)
    distance = picture_distance(one, other)
    if distance <= tolerance.image:
        return None
    told = f"{distance:.0%} of what the picture shows looks different, allowed is {tolerance.image:.0%}."
    if round(distance, 2) <= round(tolerance.image, 2):
        told = f"{distance:.2%} of what the picture shows looks different, allowed is {tolerance.image:.2%}."
    return Difference("image", told, *sizes, mime=mime)


def compare_svg(expected: str, actual: str, tolerance: Tolerance) -> Difference | None:
    """Return how two drawings differ, whatever names and dates they carry; numbers are held to the tolerance."""
    found = compare_text(_normalised(expected), _normalised(actual), tolerance, SVG)
    if found is None:
        return None
    told = f"The drawing differs. {found.message}"
    return Difference("image", told, excerpt(found.expected), excerpt(found.actual), SVG)


def picture_distance(one: "Image", other: "Image") -> float:
    """Return how different two pictures look, from 0 (the same) to 1.

    Both are looked at small, so that how edges are smoothed does not matter, and what changed is set against what is
    drawn at all: a moved line in a plot is a great change though most of the plot stays white.
    """
    import numpy as np

    longest = max(*one.size, *other.size)
    scale = min(1.0, _LONGEST / longest)
    size = max(1, round(one.width * scale)), max(1, round(one.height * scale))
    first, second = (_pixels(picture, size) for picture in (one, other))
    # What JPEG and smoothing leave is faint everywhere; what changed is plain somewhere.
    changed = float(np.maximum(np.abs(first - second) - _FAINT, 0.0).mean())
    ink = max(_ink(first), _ink(second), _LEAST_INK)
    return min(1.0, changed / ink)


def _pixels(picture: "Image", size: tuple[int, int]) -> "np.ndarray[Any, Any]":
    import numpy as np
    from PIL import Image

    # What is transparent is seen on the page, which is white more often than not.
    layered = picture.convert("RGBA")
    page = Image.new("RGBA", layered.size, "white")
    flat = Image.alpha_composite(page, layered).convert("RGB")
    return np.asarray(flat.resize(size, Image.Resampling.BOX), dtype=np.float64) / 255.0


def _ink(pixels: "np.ndarray[Any, Any]") -> float:
    import numpy as np

    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return float(np.abs(pixels - np.median(border, axis=0)).mean())


def _open(text: str) -> "Image | None":
    from PIL import Image

    try:
        picture = Image.open(io.BytesIO(base64.b64decode(text)))
        picture.load()
    except (OSError, ValueError, SyntaxError, binascii.Error, Image.DecompressionBombError):
        return None
    return picture


def _alike(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return all(
        abs(first - second) <= max(2, _SIZE_SLACK * first) for first, second in zip(one, other, strict=True)
    )


def _normalised(svg: str) -> str:
    svg = _DATE.sub("", svg)
    names: dict[str, str] = {}
    for match in _ID.finditer(svg):
        names.setdefault(_name(match), f"id-{len(names)}")
    svg = _ID.sub(lambda match: match[0].replace(_name(match), names[_name(match)]), svg)
    return _PATH.sub(lambda match: _JOINT.sub(" ", match[0]), svg)


def _name(match: "re.Match[str]") -> str:
    return next(group for group in match.groups() if group)
