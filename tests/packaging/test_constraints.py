"""constraints.txt: what every clone installs can be installed by each Python that Trackbook supports."""

from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
OLDEST = "3.11.0"


def pins_for(python: str) -> dict[str, str]:
    """Return the version of each package that constraints.txt names for a release of Python."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    here = {"python_version": python.rpartition(".")[0], "python_full_version": python}
    return {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in pins
        if pin.marker is None or pin.marker.evaluate(here)
    }


def test_the_oldest_python_can_install_what_is_pinned() -> None:
    pins = pins_for(OLDEST)
    assert len(pins) > 100
    refused = [
        f"{one.name} {one.version} needs Python {needed}"
        for one in distributions()
        if (needed := one.metadata.get("Requires-Python"))
        and pins.get(canonicalize_name(one.name)) == one.version
        and not SpecifierSet(needed).contains(OLDEST)
    ]
    assert refused == []
