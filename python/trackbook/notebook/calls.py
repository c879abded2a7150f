"""Calls whose effect is known by their names: those that only look, that change, and that set the process up."""

import builtins

# Methods that leave what they are called on as it is, and their arguments, too.
LOOKING = frozenset(
    (
        # pandas and numpy
        "head", "tail", "describe", "info", "copy", "mean", "sum", "std", "var", "min", "max", "median", "mode",
        "count", "quantile", "corr", "cov", "groupby", "agg", "aggregate", "apply", "map", "transform", "merge",
        "join", "pivot", "pivot_table", "melt", "stack", "unstack", "value_counts", "unique", "nunique", "isna",
        "isnull", "notna",
        "notnull", "astype", "round", "abs", "reset_index", "set_index", "sort_values", "sort_index", "dropna",
        "fillna", "rename", "assign", "query", "filter", "sample", "nlargest", "nsmallest", "iterrows", "itertuples",
        "items", "keys", "values", "to_numpy", "to_dict", "to_list", "tolist", "to_csv", "to_parquet", "to_json",
        "to_string", "to_markdown", "to_frame", "rolling", "resample", "shift", "diff", "cumsum", "pct_change",
        "isin", "between", "where", "mask", "clip", "drop", "drop_duplicates", "duplicated", "concat", "reshape",
        "ravel", "flatten", "argmax", "argmin", "argsort", "dot", "any", "all", "nonzero", "item", "T", "transpose",
        "plot", "hist", "boxplot", "style", "memory_usage", "select_dtypes", "get_dummies", "crosstab", "size",
        # scikit-learn
        "predict", "predict_proba", "predict_log_proba", "decision_function", "score", "transform", "get_params",
        "inverse_transform", "get_feature_names_out", "kneighbors",
        # text, containers, paths, files
        "format", "join", "split", "strip", "lstrip", "rstrip", "replace", "lower", "upper", "title", "startswith",
        "endswith", "encode", "decode", "index", "find", "get", "union", "intersection", "difference", "issubset",
        "exists", "is_file", "is_dir", "read_text", "read_bytes", "glob", "rglob", "iterdir", "with_suffix",
        "with_name", "resolve", "as_posix", "stat", "mkdir", "write_text", "write_bytes", "isoformat", "strftime",
        "total_seconds", "timestamp", "date", "savefig",
        # torch
        "detach", "cpu", "numpy", "shape", "dim", "parameters", "state_dict", "named_parameters",
        # Trackbook
        "log", "param", "params", "metric", "tag", "note", "artifact", "figure",
    )
)  # fmt: skip
CHANGING = frozenset(
    (
        "append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "update", "add", "discard",
        "setdefault", "popitem", "appendleft", "popleft", "extendleft", "fit", "fit_transform", "fit_predict",
        "partial_fit", "load_state_dict", "set_params",
    )
)  # fmt: skip
# Packages whose functions leave their arguments alone, but for those that say otherwise by their names.
CAREFUL = frozenset(
    (
        "numpy", "pandas", "sklearn", "scipy", "statsmodels", "matplotlib", "seaborn", "plotly", "altair", "polars",
        "math", "statistics", "json", "copy", "itertools", "functools", "collections", "operator", "pathlib", "os",
        "re", "time", "datetime", "IPython", "pprint", "tqdm", "torch", "joblib", "pickle", "hashlib", "csv", "io",
        "textwrap", "string", "decimal", "fractions", "dataclasses", "typing", "tabulate", "rich", "trackbook",
    )
)  # fmt: skip
FUNCTIONS_THAT_CHANGE = frozenset(
    (
        "shuffle",
        "copyto",
        "put",
        "place",
        "putmask",
        "fill_diagonal",
        "heapify",
        "heappush",
        "heappop",
        "insort",
    )
)
LOOKING_BUILTINS = frozenset(
    (
        "print", "len", "sum", "min", "max", "abs", "round", "sorted", "list", "tuple", "set", "dict", "frozenset",
        "str", "int", "float", "bool", "complex", "bytes", "repr", "format", "type", "isinstance", "issubclass",
        "hasattr", "getattr", "callable", "id", "hash", "range", "enumerate", "zip", "map", "filter", "reversed", "any",
        "all",
        "iter", "display", "dir", "vars", "pow", "divmod", "ord", "chr", "slice", "super", "object", "property",
    )
)  # fmt: skip
# Functions of modules, called for what they do to the process and not for what they return.
SETTING = (
    "set", "use", "chdir", "putenv", "unsetenv", "basicConfig", "filterwarnings", "simplefilter", "config", "configure",
    "register", "enable", "disable", "rc", "reset", "init", "insert", "append", "extend", "remove", "update", "seterr",
    "load_dotenv", "patch", "install", "pop", "clear", "start_run",
)  # fmt: skip
EVERYWHERE = frozenset((*dir(builtins), "get_ipython", "display"))
SETTING_MAGICS = frozenset(
    (
        "cd", "pushd", "popd", "env", "set_env", "load_ext", "reload_ext", "matplotlib", "config", "autoreload",
        "aimport", "precision", "sql", "pylab", "gui", "alias", "colors", "xmode", "autoawait", "autocall",
    )
)  # fmt: skip
