"""What was not as it was, between a run and its repetition."""

from datetime import UTC, datetime

import msgspec

from trackbook.domain.data import DataInput, UsedData
from trackbook.domain.deviations import deviations_between, environment_deviations
from trackbook.domain.environment import Environment, Git, Module
from trackbook.domain.run import Run, RunDetail, Source
from trackbook.domain.seed import Seed

AT = datetime(2026, 11, 22, tzinfo=UTC)


def detail(**more: object) -> RunDetail:
    params = more.pop("params", {})
    run = Run(
        "id", 1, "churn", "name", "finished", AT, AT, 0.0, 0.0, "", "", Source("job"), None, "", {}, params, {}, {}, {},
        None, None, False, 1,
    )  # type: ignore[arg-type]  # fmt: skip
    empty = RunDetail(run, [], [], [], [], None, [], [], [])
    return msgspec.structs.replace(empty, **more)


def environment(python: str = "3.11.7", git: Git | None = None, **packages: str) -> Environment:
    return Environment(python, "Linux", "python", packages, {}, git=git)


def kinds(recorded: RunDetail, repeated: RunDetail) -> list[tuple[str, str]]:
    return [(one.kind, one.name) for one in deviations_between(recorded, repeated)]


def test_nothing_deviates_from_itself() -> None:
    git = Git("abc", "main", True, diff="d1")
    whole = detail(
        params={"lr": float("nan"), "n": [1]},
        environment=environment(git=git, numpy="1.26"),
        modules=[Module("m", "m.py", "d", 1)],
        seeds=[Seed(3, ["random"], AT)],
        data=[UsedData(DataInput("a", "a.csv", "file", "observed", digest="d"), AT)],
    )
    assert kinds(whole, whole) == []


def test_packages_python_and_platform() -> None:
    before, now = (
        environment(numpy="1.26", gone="1", same="2"),
        environment("3.12.1", numpy="2.0", same="2", new="1"),
    )
    found = list(environment_deviations(before, now))
    assert [(one.kind, one.name) for one in found] == [
        ("python", "Python"),
        ("package", "numpy"),
        ("package", "gone"),
    ]
    assert [one.message for one in found] == [
        "Python is 3.12.1 now, and was 3.11.7.",
        "numpy is 2.0 now, and was 1.26.",
        "gone 1 is not installed now.",
    ]
    assert list(environment_deviations(before, None)) == []
    assert kinds(detail(environment=before), detail()) == [("package", "environment")]
    assert kinds(detail(), detail(environment=before)) == []


def test_git() -> None:
    clean, other = Git("a" * 40, "main", False), Git("b" * 40, "main", False)
    dirty, dirtier = Git("a" * 40, "main", True, diff="d1"), Git("a" * 40, "main", True, diff="d2")
    for before, now, names in (
        (clean, other, ["commit"]),
        (clean, dirty, ["changes"]),
        (dirty, dirtier, ["changes"]),
        (clean, None, ["commit"]),
        (None, clean, []),
    ):
        found = environment_deviations(environment(git=before), environment(git=now))
        assert [one.name for one in found] == names


def test_params_seeds_modules_and_data() -> None:
    one = UsedData(DataInput("a", "a.csv", "file", "observed", digest="d1" * 32), AT)
    other = UsedData(DataInput("a", "a.csv", "file", "observed", digest="d2" * 32), AT)
    unknown = UsedData(DataInput("a", "a.csv", "file", "observed"), AT)
    before = detail(
        params={"lr": 0.1, "gone": 1, "same": "x"},
        seeds=[Seed(3, ["random"], AT)],
        modules=[Module("m", "m.py", "d1", 1), Module("unused", "u.py", "d", 1)],
        data=[one],
    )
    now = detail(params={"lr": 0.2, "same": "x"}, modules=[Module("m", "m.py", "d2", 1)], data=[other])
    assert kinds(before, now) == [
        ("param", "lr"), ("param", "gone"), ("data", "a.csv"), ("module", "m"), ("seed", "seed"),
    ]  # fmt: skip
    assert ("data", "a.csv") not in kinds(before, detail(data=[unknown]))
    # A file of which both runs had the one version, and one of them further ones.
    assert ("data", "a.csv") not in kinds(before, detail(data=[other, one]))
