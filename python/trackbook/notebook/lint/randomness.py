"""Randomness that nobody can repeat. TB501 and TB502."""

import ast
from collections.abc import Iterator, Mapping

from trackbook.domain.lint import Diagnostic
from trackbook.notebook.lint.cells import LintCell, LintNotebook
from trackbook.notebook.lint.syntax import calls_of, imported_names, place, syntax_of

# Which calls set a seed, and for which library; an empty text is all.
_SEEDS = {
    "random.seed": "random",
    "numpy.random.seed": "numpy",
    "numpy.random.set_state": "numpy",
    "torch.manual_seed": "torch",
    "torch.random.manual_seed": "torch",
    "tensorflow.random.set_seed": "tensorflow",
    "tensorflow.keras.utils.set_random_seed": "",
    "keras.utils.set_random_seed": "",
    "trackbook.seed": "",
    "transformers.set_seed": "",
}
_SEEDING_WORDS = frozenset(
    (
        "set_seed", "seed_everything", "set_random_seed", "seed_all", "set_seeds", "fix_seed",
        "manual_seed", "set_all_seeds",
    )
)  # fmt: skip
_NUMPY = frozenset(
    (
        "rand", "randn", "randint", "random", "random_sample", "ranf", "sample", "choice", "shuffle",
        "permutation", "normal", "uniform", "standard_normal", "beta", "binomial", "exponential", "gamma",
        "poisson", "multivariate_normal", "laplace", "lognormal", "multinomial", "dirichlet", "geometric",
        "logistic", "chisquare", "triangular", "weibull", "bytes",
    )
)  # fmt: skip
_RANDOM = frozenset(
    (
        "random", "randint", "randrange", "choice", "choices", "shuffle", "sample", "uniform", "gauss", "normalvariate",
        "betavariate", "expovariate", "gammavariate", "lognormvariate", "triangular", "getrandbits", "randbytes",
    )
)  # fmt: skip
_TORCH = frozenset(
    (
        "rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "normal",
        "bernoulli", "multinomial", "poisson", "utils.data.random_split",
    )
)  # fmt: skip
# Of scikit-learn, what draws from numpy's state unless it gets a random_state.
_ESTIMATORS = (
    "train_test_split", "ShuffleSplit", "StratifiedShuffleSplit", "GroupShuffleSplit", "RandomizedSearchCV",
    "RandomForest", "ExtraTree", "GradientBoosting", "HistGradientBoosting", "DecisionTree", "AdaBoost",
    "Bagging", "IsolationForest", "MLP", "SGD", "Perceptron", "KMeans", "MiniBatchKMeans",
    "BisectingKMeans", "GaussianMixture", "BayesianGaussianMixture", "TSNE", "TruncatedSVD",
    "LatentDirichletAllocation", "FastICA", "make_", "shuffle", "resample", "RandomUnderSampler",
    "RandomOverSampler", "SMOTE",
)  # fmt: skip
_NOT_RANDOM = frozenset(
    (
        "make_pipeline",
        "make_column_transformer",
        "make_union",
        "make_scorer",
        "make_column_selector",
        "make_multilabel_scorer",
    )
)
_UNSEEN = ("`%run", "`%load", "`exec")


def find_unseeded(notebook: LintNotebook) -> Iterator[Diagnostic]:
    """Yield, once a cell and library, random numbers for which no seed is set above."""
    if any(
        event.kind == "opaque" and event.name.startswith(_UNSEEN)
        for cell in notebook.code
        for event in cell.scan.events
    ):
        return  # what is run there may set one
    names = imported_names(notebook)
    imported = {kind.partition(".")[0] for kind in names.values()}
    seeds_of = {cell.position: list(_seeds(cell, names)) for cell in notebook.code}
    anywhere = {library for seeds in seeds_of.values() for _, library in seeds}
    seeded: set[str] = set()
    for cell in notebook.code:
        seeds = seeds_of[cell.position]
        inside = syntax_of(cell).deferred
        found: set[str] = set()
        for call, name in calls_of(cell, names):
            library, code = _draws(call, name, imported)
            if not library or library in found:
                continue
            above = seeded | {name for line, name in seeds if line <= call.lineno}
            known = anywhere if id(call) in inside else above
            if "" in known or library in known:
                continue
            found.add(library)
            if code == "TB502":
                message = f"`{name.rpartition('.')[2]}` is random, and gets no `random_state`."
            else:
                drawn = f"`{ast.unparse(call.func)}` draws random numbers of {_TITLES.get(library, library)}"
                message = f"{drawn}, and no seed is set above."
            yield cell.diagnose(code, message, **place(cell, call.func))
        seeded |= {name for _, name in seeds}


_TITLES = {"random": "Python", "numpy-generator": "numpy", "sklearn": "scikit-learn"}


def _seeds(cell: LintCell, names: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    for magic in cell.source.magics:
        if magic.name == "track" and magic.words.split()[:1] == ["seed"]:
            yield magic.line, ""
    for call, name in calls_of(cell, names):
        library = _SEEDS.get(name)
        if library is None and name.rpartition(".")[2] in _SEEDING_WORDS:
            library = ""
        if library is not None and (call.args or call.keywords):
            yield call.lineno, library
            if library == "numpy":  # whose state scikit-learn uses
                yield call.lineno, "sklearn"


def _draws(call: ast.Call, name: str, imported: set[str]) -> tuple[str, str]:
    """Return the library whose random numbers a call draws, and the rule for that; empty if none."""
    head, _, last = name.rpartition(".")
    if name.startswith(("sklearn.", "imblearn.")):
        return ("sklearn", "TB502") if _is_unfixed(call, last) else ("", "")
    if name.partition(".")[0] in imported:
        return (library, "TB501") if (library := _library(call, name, head, last)) else ("", "")
    # Only tables and series have these arguments: `random.sample` is none of them.
    keywords = {keyword.arg for keyword in call.keywords}
    is_table = isinstance(call.func, ast.Attribute) and call.func.attr == "sample"
    is_table = is_table and bool(keywords & {"frac", "n", "replace", "weights"})
    return ("numpy", "TB501") if is_table and _lacks(call, "random_state", "seed") else ("", "")


def _library(call: ast.Call, name: str, head: str, last: str) -> str:
    if head == "numpy.random":
        if last in ("default_rng", "RandomState"):
            return "numpy-generator" if _is_without_seed(call) else ""
        return "numpy" if last in _NUMPY else ""
    if head == "random":
        if last == "Random":
            return "random" if _is_without_seed(call) else ""
        return "random" if last in _RANDOM else ""
    if name.startswith("torch.") and name.removeprefix("torch.") in _TORCH:
        return "torch" if _lacks(call, "generator") else ""
    if name.startswith("tensorflow.random.") and last in ("normal", "uniform", "shuffle", "truncated_normal"):
        return "tensorflow" if _lacks(call, "seed") else ""
    return ""


def _is_unfixed(call: ast.Call, last: str) -> bool:
    shuffle = next((keyword.value for keyword in call.keywords if keyword.arg == "shuffle"), None)
    shuffles = shuffle.value if isinstance(shuffle, ast.Constant) else None
    if last in ("KFold", "StratifiedKFold", "StratifiedGroupKFold"):
        return shuffles is True and _lacks(call, "random_state")
    is_random = last.startswith(_ESTIMATORS) and last not in _NOT_RANDOM
    return is_random and shuffles is not False and _lacks(call, "random_state")


def _lacks(call: ast.Call, *keywords: str) -> bool:
    # `**options` may hold it.
    return not any(keyword.arg is None or keyword.arg in keywords for keyword in call.keywords)


def _is_without_seed(call: ast.Call) -> bool:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return all(isinstance(value, ast.Constant) and value.value is None for value in given)
