"""Diagnosing: what makes a run hard to repeat, told from its record and from what is there now."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from trackbook.capture.git import read_git, read_untracked
from trackbook.capture.packages import installed_packages, normal_name
from trackbook.domain.environment import Environment
from trackbook.domain.obstacle import Diagnosis, Obstacle, ObstacleCode, Severity, gravest_first
from trackbook.domain.run import RunDetail
from trackbook.domain.verdict import Verdict
from trackbook.notebook.hazards import Hazards, hazards_in
from trackbook.services.reproducing.inputs import Inputs
from trackbook.services.reproducing.recipe import Recipe, Recipes, is_python
from trackbook.services.runs import Runs
from trackbook.services.snapshots import Snapshots
from trackbook.services.verdicts import Verdicts

_Placed = tuple[int | None, Hazards]  # a cell's execution, and what its text has

# Distributions that are not called as the package that one imports.
_DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "cv2": "opencv-python",
    "PIL": "pillow",
    "yaml": "pyyaml",
    "bs4": "beautifulsoup4",
    "skimage": "scikit-image",
    "dateutil": "python-dateutil",
    "attr": "attrs",
}
_FINDINGS = {
    "out_of_order": "Run the notebook from top to bottom: Restart Kernel and Run All Cells.",
    "edited": "Run the notebook from top to bottom before the results count.",
    "deleted_but_used": "Put the cell back, or restart the kernel and run all cells.",
    "repeated": "Restart the kernel and run all cells, so that each runs once.",
    "never_run": "Run the notebook from top to bottom: Restart Kernel and Run All Cells.",
}


class Diagnosing:
    """Names what stands in the way of repeating runs."""

    def __init__(
        self,
        project: Path,
        runs: Runs,
        snapshots: Snapshots,
        verdicts: Verdicts,
        recipes: Recipes,
        inputs: Inputs,
    ) -> None:
        self._project, self._runs, self._snapshots = project, runs, snapshots
        self._verdicts, self._recipes, self._inputs = verdicts, recipes, inputs

    def of(self, reference: str) -> Diagnosis:
        """Return what stands in the way of repeating a run. Raises NotFound without one.

        Data whose content is known is read, to see whether it has changed.
        """
        detail = self._runs.detail(reference)
        recipe = self._recipes.of(detail)
        found = [*recipe.obstacles]
        if detail.run.source.kind != "script":
            verdict = self._verdicts.of_detail(detail, self._snapshots.sources(detail.run.id))
            found += _hidden_state(verdict)
        cells = _placed(recipe)
        found += _random_numbers(detail, cells)
        found += _outside_world(detail, cells)
        found += self._inputs.data(detail.data)
        found += self._inputs.modules(detail.modules)
        found += _code(detail, self._project)
        imports = {name for _, cell in cells for name in cell.imports}
        found += _environment(detail.environment, imports)
        return Diagnosis(detail.run.id, gravest_first(found))


def distribution_of(module: str) -> str:
    """Return the normalised name of the distribution that most likely brings a top-level module."""
    return normal_name(_DISTRIBUTIONS.get(module, module))


def unseeded(detail: RunDetail, recipe: Recipe) -> list[Obstacle]:
    """Return where a run draws random numbers without a seed."""
    return list(_random_numbers(detail, _placed(recipe)))


def _placed(recipe: Recipe) -> list[_Placed]:
    hazards = hazards_in(recipe.sources) if is_python(recipe) else []
    return list(zip(recipe.orders, hazards, strict=True)) if hazards else []


def _hidden_state(verdict: Verdict) -> Iterator[Obstacle]:
    grouped: dict[str, list[tuple[int | None, str, list[str]]]] = {}
    for cell in verdict.cells:
        for finding in cell.findings:
            grouped.setdefault(finding.code, []).append((cell.order, finding.message, finding.names))
    for code, findings in grouped.items():
        order, message, names = findings[0]
        where = f"Cell {order}" if order is not None else "A cell"
        told = f"{where}: {message}"
        if len(findings) > 1:
            told += f" So it is with {len(findings) - 1} more."
        # Its own executions are what is repeated: in their order, and as often.
        yield Obstacle(code, "warning", told, _FINDINGS[code], order, names)  # type: ignore[arg-type]


def _random_numbers(detail: RunDetail, cells: Sequence[_Placed]) -> Iterator[Obstacle]:
    seeded = {name for seed in detail.seeds for name in seed.libraries}
    drawn: dict[str, int | None] = {}
    for order, cell in cells:
        seeded |= set(cell.seeds)
        for name in cell.draws:
            if name not in seeded and "*" not in seeded:
                drawn.setdefault(name, order)
        for name in cell.unseeded:
            yield Obstacle(
                "no_seed",
                "warning",
                f"A generator is made without a seed ({name}): its numbers differ each time.",
                "Give it one, such as numpy.random.default_rng(42); a seed of %track seed does not reach it.",
                order,
                [name],
            )
    if drawn:
        names = sorted(drawn)
        yield Obstacle(
            "no_seed",
            "warning",
            f"Random numbers are drawn ({', '.join(names)}), and no seed was set before.",
            "Set one at the beginning: %track seed 42",
            next(iter(drawn.values())),
            names,
        )


def _outside_world(detail: RunDetail, cells: Sequence[_Placed]) -> Iterator[Obstacle]:
    for order, cell in cells:
        if cell.typed:
            names = list(cell.typed)
            yield Obstacle(
                "input",
                "error",
                f"Something is typed in ({', '.join(names)}): nobody is there when the run is repeated.",
                "Make it a parameter, or read it from an environment variable.",
                order,
                names,
            )
        if cell.clock:
            yield Obstacle(
                "clock",
                "note",
                f"The time of day is read ({', '.join(cell.clock)}).",
                "Make the moment a parameter if a result depends on it.",
                order,
                list(cell.clock),
            )
        if cell.network:
            yield Obstacle(
                "network",
                "note",
                f"The network is used ({', '.join(cell.network)}): what it answers may change.",
                "Keep what is fetched as a file of the project.",
                order,
                list(cell.network),
            )
    hardware = detail.environment.hardware if detail.environment is not None else {}
    on_gpu = [order for order, cell in cells if cell.gpu]
    if on_gpu and (named := hardware.get("gpu")):
        yield Obstacle(
            "gpu",
            "note",
            f"The run calculated on {named}: another device, or another driver, rounds differently.",
            "Compare with a tolerance, such as --tolerance 0.001.",
            on_gpu[0],
        )


def _code(detail: RunDetail, project: Path) -> Iterator[Obstacle]:
    git = detail.environment.git if detail.environment is not None else None
    if git is None:
        if detail.environment is not None and detail.modules:
            yield Obstacle(
                "no_git",
                "note",
                "The project is not under git: what its modules were is known, other files' states are not.",
                "git init, and commit before a run counts.",
            )
        return
    if git.dirty:
        cut = " Only the beginning of the changes is kept." if git.diff_cut else ""
        yield Obstacle(
            "uncommitted",
            "warning",
            f"The run was made with changes that were not committed.{cut}",
            "Commit before a run counts; the changes are kept with the run: trackbook show RUN",
        )
    loose = read_untracked(project, [module.path for module in detail.modules])
    if loose:
        yield Obstacle(
            "untracked",
            "warning",
            f"{', '.join(loose[:8])} {_is(loose)} not known to git, and the run imported "
            f"{'it' if len(loose) == 1 else 'them'}.",
            "git add, and commit before a run counts.",
            names=loose,
        )
    present = read_git(project)
    if present is not None and present.commit != git.commit:
        yield Obstacle(
            "commit",
            "note",
            f"The commit is {present.commit[:12]} now, and was {git.commit[:12]}.",
            f"git checkout {git.commit[:12]} brings the code of then back.",
            names=[git.commit],
        )


def _environment(environment: Environment | None, imports: set[str]) -> Iterator[Obstacle]:
    if environment is None or not environment.python:
        yield Obstacle(
            "no_environment",
            "warning",
            "Which packages the run had is not recorded.",
            "Let the environment be recorded (TRACKBOOK_CAPTURE, or `capture` in pyproject.toml).",
        )
        return
    import platform

    if _minor(environment.python) != _minor(platform.python_version()):
        yield Obstacle(
            "other_python",
            "warning",
            f"The run had Python {environment.python}; this is {platform.python_version()}.",
            f"Repeat it with Python {_minor(environment.python)}; --env does where it is installed.",
            names=[environment.python],
        )
    yield from _packages(environment.packages, installed_packages(), imports)
    if environment.editable:
        names = sorted(environment.editable)
        states = [name for name in names if environment.editable[name].dirty]
        told = f", and {', '.join(states)} had changes that were not committed" if states else ""
        yield Obstacle(
            "package_local",
            "note",
            f"{', '.join(names)} {_was(names)} installed from a folder{told}: no index has that version.",
            "Install a released version before a run counts.",
            names=names,
        )
    if environment.lock is None:
        yield Obstacle(
            "no_lock",
            "note",
            "The project has no lock file: which packages it needs is known from this run alone.",
            "Write one with uv lock, poetry lock, or pip freeze > requirements.txt",
        )


def _packages(
    recorded: Mapping[str, str], present: Mapping[str, str], imports: set[str]
) -> Iterator[Obstacle]:
    used = {distribution_of(name) for name in imports}
    missing = [name for name in recorded if name not in present]
    other = [name for name in recorded if name in present and present[name] != recorded[name]]
    for needed in (True, False):
        if chosen := [name for name in missing if (name in used) == needed]:
            told = _named([f"{name} {recorded[name]}" for name in chosen])
            reason = ", and the notebook imports it" if needed else ""
            told = f"{told} {_is(chosen)} not installed here{reason}."
            yield _of_packages("package_missing", "error" if needed else "note", told, chosen)
        if chosen := [name for name in other if (name in used) == needed]:
            told = _named([f"{name} {present[name]} (was {recorded[name]})" for name in chosen])
            told = f"Other versions are installed here: {told}."
            yield _of_packages("package_version", "warning" if needed else "note", told, chosen)


def _of_packages(code: ObstacleCode, severity: Severity, message: str, names: Sequence[str]) -> Obstacle:
    help_ = "--env installs the packages of then into a fresh environment."
    return Obstacle(code, severity, message, help_, names=list(names))


def _named(packages: Sequence[str]) -> str:
    more = f" and {len(packages) - 8} more" if len(packages) > 8 else ""
    return f"{', '.join(packages[:8])}{more}"


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _was(names: Sequence[str]) -> str:
    return "was" if len(names) == 1 else "were"
