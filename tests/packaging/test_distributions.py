"""The files of a release hold what they should, and no more."""

import json
import tarfile
import zipfile
from email.parser import Parser
from fnmatch import filter as matching
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VERSION = json.loads((ROOT / "package.json").read_text())["version"]


@pytest.fixture(scope="module")
def wheel_files(distributions):
    return zipfile.ZipFile(distributions.wheel).namelist()


@pytest.fixture(scope="module")
def sdist_files(distributions):
    with tarfile.open(distributions.sdist) as archive:
        return [name.partition("/")[2] for name in archive.getnames()]


def test_the_version_is_that_of_package_json(distributions):
    assert distributions.wheel.name == f"trackbook-{VERSION}-py3-none-any.whl"
    assert distributions.sdist.name == f"trackbook-{VERSION}.tar.gz"


@pytest.mark.parametrize(
    "pattern",
    [
        "trackbook/__init__.py",
        "trackbook/py.typed",
        "trackbook/server/rest-api.yml",
        "*.data/data/share/jupyter/labextensions/trackbook/package.json",
        "*.data/data/share/jupyter/labextensions/trackbook/install.json",
        "*.data/data/share/jupyter/labextensions/trackbook/static/remoteEntry.*.js",
        "*.data/data/share/jupyter/labextensions/trackbook/static/style.js",
        "*.data/data/etc/jupyter/jupyter_server_config.d/trackbook.json",
        "*.dist-info/licenses/LICENSE",
    ],
)
def test_the_wheel_holds(wheel_files, pattern):
    assert len(matching(wheel_files, pattern)) == 1


def test_the_wheel_holds_the_package_and_jupyters_files_only(wheel_files):
    elsewhere = [name for name in wheel_files if not name.startswith(("trackbook/", f"trackbook-{VERSION}."))]
    assert elsewhere == []
    assert matching(wheel_files, "trackbook/labextension/*") == []


def test_the_base_install_requires_msgspec_alone(distributions):
    with zipfile.ZipFile(distributions.wheel) as archive:
        metadata = Parser().parsestr(archive.read(f"trackbook-{VERSION}.dist-info/METADATA").decode())
    required = [line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line]
    assert [line.partition(">")[0] for line in required] == ["msgspec"]


@pytest.mark.parametrize(
    "path",
    [
        "LICENSE",
        "package.json",
        "yarn.lock",
        "labextension/src/index.ts",
        "python/trackbook/labextension/package.json",
    ],
)
def test_the_source_distribution_holds_what_the_wheel_is_made_from(sdist_files, path):
    assert path in sdist_files


def test_the_source_distribution_holds_nothing_that_git_ignores_but_the_extension(sdist_files):
    assert matching(sdist_files, "*node_modules*") == []
    assert matching(sdist_files, "labextension/lib/*") == []
