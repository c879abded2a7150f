"""What in a cell's text may give another result each time: random numbers, the clock, the network, people, devices.

Told from the text alone, by the names of well-known libraries: a helper in a module of one's own is not seen.
"""

import ast
import re
from dataclasses import dataclass, field
from functools import lru_cache

from trackbook.notebook.dataflow import plain_python

_CLOCKS = frozenset(
    (
        "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now",
        "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today", "time.time", "time.time_ns",
        "time.localtime", "time.strftime", "pandas.Timestamp.now", "pandas.Timestamp.today", "Timestamp.now",
    )
)  # fmt: skip
_NETWORK = frozenset(
    ("requests", "httpx", "aiohttp", "urllib3", "boto3", "paramiko", "ftplib", "huggingface_hub", "wget")
)
_OPENERS = frozenset(("urllib.request.urlopen", "urllib.request.urlretrieve", "urlopen", "urlretrieve"))
_TYPED = frozenset(("input", "getpass.getpass", "getpass"))
# Calls that seed a library's generator; of the last ones all of them.
_SEEDING = {
    "random.seed": "random",
    "numpy.random.seed": "numpy",
    "torch.manual_seed": "torch",
    "torch.cuda.manual_seed_all": "torch",
    "tensorflow.random.set_seed": "tensorflow",
    "tensorflow.keras.utils.set_random_seed": "*",
    "keras.utils.set_random_seed": "*",
}
_SEED_ALL = frozenset(("set_seed", "seed_everything", "fix_seed", "set_random_seed"))
_GENERATORS = frozenset(("numpy.random.default_rng", "numpy.random.RandomState", "random.Random"))
_TORCH_DRAWS = re.compile(r"torch\.(?:rand|randn|randint|randperm|normal|bernoulli|multinomial|nn\.)")
_SKLEARN_DRAWS = frozenset(
    (
        "train_test_split", "KFold", "StratifiedKFold", "ShuffleSplit", "StratifiedShuffleSplit", "shuffle", "resample",
        "RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor",
        "GradientBoostingClassifier", "GradientBoostingRegressor", "MLPClassifier", "MLPRegressor", "KMeans",
        "MiniBatchKMeans", "SGDClassifier", "SGDRegressor", "RandomizedSearchCV", "IsolationForest", "TSNE",
        "make_classification", "make_regression", "make_blobs", "make_moons", "make_circles",
    )
)  # fmt: skip
_KFOLD = frozenset(("KFold", "StratifiedKFold"))
_MAGICS = ("?.run_line_magic", "?.run_cell_magic")
_PYTHON_MAGICS = frozenset(("time", "timeit", "prun", "capture"))
_OPTIONS = re.compile(r"^(?:\s*-{1,2}[\w-]+(?:\s+\d+)?\s+)+")
_SHELL_NETWORK = re.compile(
    r"^\s*(?:!|%)\s*(?:wget|curl|git\s+clone|pip\s+install|conda\s+install|mamba\s+install|apt(?:-get)?\s+install)\b",
    re.MULTILINE,
)
_ADDRESS = re.compile(r"(?:https?|s3|gs|ftp)://")
_GPU = re.compile(r"\.cuda\(|[\"']cuda(?::\d+)?[\"']|\bjax\b.*\bgpu\b|\.to\(device\)|[\"']mps[\"']")


@dataclass(slots=True)
class Hazards:
    """What a cell's text has: libraries that draw numbers (`draws`) or are seeded (`seeds`), generators made without a
    seed, readings of the clock, uses of the network, questions to a person, a GPU, and the top-level packages imported.
    """

    draws: dict[str, None] = field(default_factory=dict)
    seeds: dict[str, None] = field(default_factory=dict)
    unseeded: dict[str, None] = field(default_factory=dict)
    clock: dict[str, None] = field(default_factory=dict)
    network: dict[str, None] = field(default_factory=dict)
    typed: dict[str, None] = field(default_factory=dict)
    imports: dict[str, None] = field(default_factory=dict)
    gpu: bool = False


def hazards_in(sources: "list[str]") -> list[Hazards]:
    """Return what each of some cells has, which run in this order: a name imported in one is known to the next."""
    known: dict[str, str] = {}
    return [_hazards(source, known) for source in sources]


def _hazards(source: str, known: dict[str, str]) -> Hazards:
    found = Hazards(gpu=_GPU.search(source) is not None)
    if (match := _SHELL_NETWORK.search(source)) is not None:
        found.network[match[0].strip()] = None
    tree = _parsed(source)
    if tree is not None:
        _Visitor(found, known).visit(tree)
    return found


@lru_cache(maxsize=256)
def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(plain_python(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Visitor(ast.NodeVisitor):
    def __init__(self, found: Hazards, known: dict[str, str]) -> None:
        self._found, self._known = found, known

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            top = alias.name.partition(".")[0]
            self._found.imports[top] = None
            self._known[alias.asname or top] = alias.name if alias.asname else top

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level or not node.module:
            return
        self._found.imports[node.module.partition(".")[0]] = None
        for alias in node.names:
            self._known[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        name = self._name(node.func)
        if name in _MAGICS:
            self._visit_magic([part.value for part in node.args if isinstance(part, ast.Constant)])
            return
        last = name.rpartition(".")[2]
        if self._seeds(name, last) or not name:
            return
        found = self._found
        seeded = any(keyword.arg in ("random_state", "seed", "generator", "key") for keyword in node.keywords)
        if name in _GENERATORS:
            if not node.args and not seeded:
                found.unseeded[f"{name}()"] = None
        elif name.startswith("random.") and name.count(".") == 1:
            found.draws["random"] = None
        elif name.startswith("numpy.random.") and not name.startswith("numpy.random.bit_generator"):
            found.draws["numpy"] = None
        elif _TORCH_DRAWS.match(name):
            found.draws["torch"] = None
        elif name.startswith(("tensorflow.random.", "keras.layers.", "tensorflow.keras.layers.")):
            found.draws["tensorflow"] = None
        elif name.startswith("sklearn.") and last in _SKLEARN_DRAWS and not seeded:
            if last not in _KFOLD or _is_true(node, "shuffle"):
                found.draws["numpy"] = None
        elif last == "sample" and "." in name and not seeded:
            found.draws["numpy"] = None
        if name in _CLOCKS:
            found.clock[name] = None
        if name in _TYPED:
            found.typed[last] = None
        if name.partition(".")[0] in _NETWORK or name in _OPENERS or _reads_address(node):
            found.network[name] = None

    def _visit_magic(self, words: list[object]) -> None:
        # What %time, %%time and their like run is Python of the notebook.
        if words and words[0] in _PYTHON_MAGICS and isinstance(words[-1], str):
            tree = _parsed(_OPTIONS.sub("", words[-1]) if len(words) == 2 else words[-1])
            if tree is not None:
                self.visit(tree)

    def _seeds(self, name: str, last: str) -> bool:
        if name in _SEEDING:
            self._found.seeds[_SEEDING[name]] = None
        elif last in _SEED_ALL or name in ("trackbook.seed",):
            self._found.seeds["*"] = None
        else:
            return False
        return True

    def _name(self, node: ast.expr) -> str:
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            # What is called on a result, say frame.dropna().sample(10), is known by its last name alone.
            return f"?.{parts[0]}" if parts else ""
        return ".".join([self._known.get(node.id, node.id), *reversed(parts)])


def _is_true(node: ast.Call, name: str) -> bool:
    return any(
        keyword.arg == name and isinstance(keyword.value, ast.Constant) and keyword.value.value is True
        for keyword in node.keywords
    )


def _reads_address(node: ast.Call) -> bool:
    return any(
        isinstance(argument, ast.Constant)
        and isinstance(argument.value, str)
        and _ADDRESS.match(argument.value) is not None
        for argument in node.args[:1]
    )
