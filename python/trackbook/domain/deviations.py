"""What was not as it was: two runs held against each other by what went into them, not by what came out."""

from collections.abc import Iterator, Mapping

from trackbook.domain.data import UsedData
from trackbook.domain.environment import Environment, Git
from trackbook.domain.formatting import format_value
from trackbook.domain.reproduction import MOST_DEVIATIONS, Deviation
from trackbook.domain.run import RunDetail


def deviations_between(recorded: RunDetail, repeated: RunDetail) -> list[Deviation]:
    """Return what went into a run's repetition and differs from what went into the run."""
    found = [
        *_params(recorded.run.params, repeated.run.params),
        *data_deviations(recorded.data, repeated.data),
        *_modules(recorded, repeated),
        *environment_deviations(recorded.environment, repeated.environment),
        *_unknown_environment(recorded.environment, repeated.environment),
        *_seeds(recorded, repeated),
    ]
    return found[:MOST_DEVIATIONS]


def environment_deviations(recorded: Environment | None, present: Environment | None) -> Iterator[Deviation]:
    """Yield how an environment differs from a recorded one; nothing where one of them is not known."""
    if recorded is None or present is None:
        return
    yield from _git(recorded.git, present.git)
    if recorded.python and present.python:
        if recorded.python != present.python:
            yield _changed("python", "Python", recorded.python, present.python)
        if recorded.platform != present.platform:
            yield _changed("platform", "The platform", recorded.platform, present.platform)
        yield from package_deviations(recorded.packages, present.packages)


def _unknown_environment(recorded: Environment | None, repeated: Environment | None) -> Iterator[Deviation]:
    if recorded is not None and recorded.python and (repeated is None or not repeated.python):
        message = "Which packages the repetition had was not recorded: they could not be compared."
        yield Deviation("package", "environment", message)


def package_deviations(recorded: Mapping[str, str], present: Mapping[str, str]) -> Iterator[Deviation]:
    """Yield which packages are missing or have another version; those that came later change nothing."""
    for name, version in recorded.items():
        now = present.get(name)
        if now is None:
            message = f"{name} {version} is not installed now."
            yield Deviation("package", name, message, version, "")
        elif now != version:
            yield _changed("package", name, version, now)


def data_deviations(recorded: list[UsedData], repeated: list[UsedData]) -> Iterator[Deviation]:
    """Yield which data was another version when the run was repeated."""
    before, now = _versions(recorded), _versions(repeated)
    for place, digests in before.items():
        if place in now and not digests & now[place] and None not in digests | now[place]:
            yield Deviation(
                "data", place, f"{place} held something else this time.", _short(digests), _short(now[place])
            )


def _versions(used: list[UsedData]) -> dict[str, set[str | None]]:
    found: dict[str, set[str | None]] = {}
    for one in used:
        found.setdefault(one.data.place, set()).add(one.data.digest)
    return found


def _short(digests: set[str | None]) -> str:
    return ", ".join(sorted(digest[:12] for digest in digests if digest))


def _modules(recorded: RunDetail, repeated: RunDetail) -> Iterator[Deviation]:
    now = {module.name: module for module in repeated.modules}
    for module in recorded.modules:
        other = now.get(module.name)
        if other is not None and other.digest != module.digest:
            message = f"The module {module.name} ({module.path}) has changed."
            yield Deviation("module", module.name, message, module.digest[:12], other.digest[:12])


def _seeds(recorded: RunDetail, repeated: RunDetail) -> Iterator[Deviation]:
    before = list(dict.fromkeys(seed.seed for seed in recorded.seeds))
    now = list(dict.fromkeys(seed.seed for seed in repeated.seeds))
    if before != now and before:
        texts = ", ".join(map(str, before)), ", ".join(map(str, now))
        yield Deviation(
            "seed", "seed", f"The seeds were {texts[0]}, and now are {texts[1] or 'none'}.", *texts
        )


def _params(recorded: Mapping[str, object], repeated: Mapping[str, object]) -> Iterator[Deviation]:
    for key, value in recorded.items():
        other = repeated.get(key)
        if key not in repeated:
            yield Deviation("param", key, f"The parameter {key} was not recorded.", format_value(value), "")
        elif repr(other) != repr(value):
            texts = format_value(value), format_value(other)
            yield Deviation(
                "param", key, f"The parameter {key} was {texts[0]}, and now is {texts[1]}.", *texts
            )


def _git(recorded: Git | None, present: Git | None) -> Iterator[Deviation]:
    if recorded is None:
        return
    if present is None:
        message = f"The run was recorded at commit {recorded.commit[:12]}; there is no git here now."
        yield Deviation("git", "commit", message, recorded.commit, "")
        return
    if recorded.commit != present.commit:
        message = f"The commit is {present.commit[:12]} now, and was {recorded.commit[:12]}."
        yield Deviation("git", "commit", message, recorded.commit, present.commit)
    if (recorded.dirty, recorded.diff) != (present.dirty, present.diff) and (recorded.dirty or present.dirty):
        message = "What was not committed is not the same as then."
        yield Deviation("git", "changes", message, _state(recorded), _state(present))


def _state(git: Git) -> str:
    return (git.diff or "changes")[:12] if git.dirty else "none"


def _changed(kind: str, name: str, before: str, now: str) -> Deviation:
    named = name
    return Deviation(kind, name, f"{named} is {now} now, and was {before}.", before, now)  # type: ignore[arg-type]
