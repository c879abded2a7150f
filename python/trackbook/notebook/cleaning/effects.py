"""What running code would do beside giving names values, as far as its text proves that it does nothing.

Plain values are those of Python's own types, made by code that can be seen: with them operators, subscripts and some
builtins have no effect. On all other objects even `a + b` may run anybody's code.
"""

import ast
import builtins
from collections.abc import Iterable

_PURE_BUILTINS = frozenset(
    (
        "abs", "all", "any", "bool", "bytes", "chr", "complex", "dict", "divmod", "float", "frozenset",
        "int", "isinstance", "len", "list", "max", "min", "ord", "pow", "range", "repr", "round", "set",
        "sorted", "str", "sum", "tuple",
    )
)  # fmt: skip
_ANNOTATION = (
    ast.Name, ast.Constant, ast.Subscript, ast.Tuple, ast.BinOp, ast.BitOr, ast.Attribute, ast.List, ast.Load,
)  # fmt: skip
# Methods and attributes by which people look at tables and arrays.
_LOOKS = frozenset(
    (
        "head", "tail", "info", "describe", "value_counts", "nunique", "isnull", "isna", "notnull", "notna", "sum",
        "mean", "median", "std", "min", "max", "count", "memory_usage", "get_params", "keys", "values", "items",
        "unique", "corr", "quantile",
    )
)  # fmt: skip
_LOOKING_BUILTINS = frozenset(
    ("print", "display", "len", "type", "help", "dir", "repr", "id", "list", "set", "sorted")
)
_LOOKING_MAGICS = frozenset(
    (
        "who",
        "whos",
        "who_ls",
        "pinfo",
        "pinfo2",
        "psearch",
        "pwd",
        "ls",
        "lsmagic",
        "history",
        "hist",
        "quickref",
    )
)


def plain_names(trees: Iterable[ast.Module], changed: Iterable[str]) -> set[str]:
    """Return the names that only ever hold plain values, in a notebook of these cells."""
    bound: dict[str, list[ast.expr | None]] = {}
    for tree in trees:
        for statement in tree.body:
            for name, value in _bindings(statement):
                bound.setdefault(name, []).append(value)
    plain = set(bound) - set(changed)
    while True:
        left = {
            name
            for name in plain
            if all(value is not None and is_plain(value, plain, set(bound)) for value in bound[name])
        }
        if left == plain:
            return plain
        plain = left


def is_pure(statement: ast.stmt, plain: set[str], bound: set[str]) -> bool:
    """Tell whether a statement does nothing but give names values. `bound` are names that the notebook binds."""
    if isinstance(statement, ast.Pass):
        return True
    if isinstance(statement, ast.Assign):
        if not _is_pure_value(statement.value, plain, bound):
            return False
        unpacks = any(not isinstance(target, ast.Name) for target in statement.targets)
        return all(map(_is_name_target, statement.targets)) and (
            not unpacks or is_plain(statement.value, plain, bound)
        )
    if isinstance(statement, ast.AnnAssign):
        return (
            isinstance(statement.target, ast.Name)
            and _is_harmless_annotation(statement.annotation)
            and (statement.value is None or _is_pure_value(statement.value, plain, bound))
        )
    if isinstance(statement, ast.If):
        inner = (*statement.body, *statement.orelse)
        return is_plain(statement.test, plain, bound) and all(is_pure(part, plain, bound) for part in inner)
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def is_quiet(statement: ast.stmt, plain: set[str], bound: set[str]) -> bool:
    """Tell whether a statement has no effect that another one could notice: pure ones, imports, definitions, prints."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return True
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return not statement.decorator_list
    if isinstance(statement, ast.ClassDef):
        return not statement.decorator_list and not statement.keywords
    if isinstance(statement, ast.Expr):
        value = statement.value
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "print":
            return (
                "print" not in bound
                and not value.keywords
                and all(
                    isinstance(argument, ast.Name) or is_plain(argument, plain, bound)
                    for argument in value.args
                )
            )
        return isinstance(value, ast.Name) or is_plain(value, plain, bound)
    if isinstance(statement, ast.AugAssign):
        return isinstance(statement.target, ast.Name) and is_plain(statement.value, plain, bound)
    return is_pure(statement, plain, bound)


def is_look(statement: ast.stmt, bound: set[str]) -> bool:
    """Tell whether a statement only looks at something: `df.head()`, `x.shape`, `print(x)`, `%whos`."""
    if isinstance(statement, ast.Pass):
        return True
    return isinstance(statement, ast.Expr) and _is_look(statement.value, bound)


def is_plain(node: ast.expr, plain: set[str], bound: set[str]) -> bool:
    """Tell whether an expression gives a plain value, without any effect."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Name):
        return node.id in plain
    if isinstance(
        node, (ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.JoinedStr, ast.Subscript)
    ):
        return _children_are_plain(node, plain, bound)
    if isinstance(node, (ast.List, ast.Tuple, ast.Set, ast.Dict, ast.FormattedValue, ast.Slice)):
        return _children_are_plain(node, plain, bound)
    if isinstance(node, ast.Call):
        return (
            isinstance(node.func, ast.Name)
            and node.func.id in _PURE_BUILTINS
            and node.func.id not in bound
            and all(is_plain(argument, plain, bound) for argument in node.args)
            and all(isinstance(keyword.value, ast.Constant) and keyword.arg for keyword in node.keywords)
        )
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
        return _is_plain_comprehension(node, plain, bound)
    return False


def _children_are_plain(node: ast.expr, plain: set[str], bound: set[str]) -> bool:
    return all(
        is_plain(child, plain, bound) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)
    )


def _is_plain_comprehension(
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, plain: set[str], bound: set[str]
) -> bool:
    inside = set(plain)
    for part in node.generators:
        if part.is_async or not _is_name_target(part.target) or not is_plain(part.iter, inside, bound):
            return False
        inside |= {name.id for name in ast.walk(part.target) if isinstance(name, ast.Name)}
        if not all(is_plain(condition, inside, bound) for condition in part.ifs):
            return False
    results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    # A generator runs later, when its names may hold something else.
    return not isinstance(node, ast.GeneratorExp) and all(
        is_plain(result, inside, bound) for result in results
    )


def _is_pure_value(node: ast.expr, plain: set[str], bound: set[str]) -> bool:
    if isinstance(node, (ast.Name, ast.Lambda)):
        return not isinstance(node, ast.Lambda) or not (node.args.defaults or node.args.kw_defaults)
    if isinstance(node, (ast.List, ast.Tuple)):
        return all(_is_pure_value(item, plain, bound) for item in node.elts)
    if isinstance(node, ast.Dict):
        keys = all(key is not None and is_plain(key, plain, bound) for key in node.keys)
        return keys and all(_is_pure_value(value, plain, bound) for value in node.values)
    return is_plain(node, plain, bound)


def _is_harmless_annotation(node: ast.expr) -> bool:
    return all(isinstance(part, _ANNOTATION) for part in ast.walk(node))


def _is_name_target(node: ast.expr) -> bool:
    if isinstance(node, (ast.Tuple, ast.List)):
        return all(map(_is_name_target, node.elts))
    return isinstance(node, ast.Name)


def _bindings(statement: ast.stmt) -> list[tuple[str, ast.expr | None]]:
    """Return the names that a statement binds with the value where it is written out; None where it is not."""
    if isinstance(statement, ast.Assign) and all(
        isinstance(target, ast.Name) for target in statement.targets
    ):
        return [(target.id, statement.value) for target in statement.targets if isinstance(target, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [(statement.target.id, statement.value)] if statement.value is not None else []
    if isinstance(statement, ast.If):
        return [pair for part in (*statement.body, *statement.orelse) for pair in _bindings(part)]
    found: list[tuple[str, ast.expr | None]] = []
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.append((node.id, None))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.append((node.name, None))
        elif isinstance(node, ast.alias):
            found.append(((node.asname or node.name).split(".")[0], None))
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            found += [(name, None) for name in node.names]
        elif (isinstance(node, ast.ExceptHandler) and node.name) or (
            isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name
        ):
            found.append((node.name, None))
        elif isinstance(node, ast.MatchMapping) and node.rest:
            found.append((node.rest, None))
    return found


def _is_look(node: ast.expr, bound: set[str]) -> bool:
    if isinstance(node, ast.Name):
        return True
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Attribute):
        return _is_look(node.value, bound) and not node.attr.startswith("_")
    if isinstance(node, ast.Subscript):
        return _is_look(node.value, bound) and all(
            isinstance(
                part,
                (ast.Constant, ast.Name, ast.List, ast.Tuple, ast.Slice, ast.UnaryOp, ast.USub, ast.Load),
            )
            for part in ast.walk(node.slice)
        )
    if isinstance(node, (ast.List, ast.Tuple)):
        return all(_is_look(item, bound) for item in node.elts)
    if isinstance(node, ast.JoinedStr):
        return all(
            _is_look(item.value, bound) for item in node.values if isinstance(item, ast.FormattedValue)
        )
    return isinstance(node, ast.Call) and _is_looking_call(node, bound)


def _is_looking_call(node: ast.Call, bound: set[str]) -> bool:
    function = node.func
    arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
    if isinstance(function, ast.Name):
        known = function.id in _LOOKING_BUILTINS and function.id not in bound
        # `print(x, file=f)` writes, `sorted(x, key=f)` calls.
        return known and not node.keywords and all(_is_look(argument, bound) for argument in arguments)
    if not isinstance(function, ast.Attribute):
        return False
    if _is_shell(function.value):
        texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        return function.attr == "run_line_magic" and bool(texts) and texts[0] in _LOOKING_MAGICS
    constants = all(isinstance(argument, ast.Constant) for argument in arguments)
    in_place = any(keyword.arg in (None, "inplace", "out", "buf") for keyword in node.keywords)
    return function.attr in _LOOKS and constants and not in_place and _is_look(function.value, bound)


def _is_shell(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "get_ipython"


BUILTINS = frozenset(dir(builtins))
