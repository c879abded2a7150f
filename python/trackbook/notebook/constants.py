"""Constants: the value of a literal in source, computed without running anything.

Beside literals it knows `float("nan")` and its like, and arithmetic on numbers such as `60 * 60` or `1 / 3`.
"""

import ast
import operator
from collections.abc import Callable
from typing import Any, Final


class _NoConstant:
    """What an expression is that has no value before it runs."""


NO_CONSTANT: Final = _NoConstant()

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_LARGEST = 2**63


def evaluate(node: ast.expr) -> Any:
    """Return the JSON value of an expression; NO_CONSTANT if it has none."""
    try:
        return _evaluate(node)
    except (_NotConstant, ArithmeticError, ValueError, RecursionError):
        return NO_CONSTANT


class _NotConstant(Exception):
    pass


def _evaluate(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        if node.value is None or isinstance(node.value, (bool, int, float, str)):
            return node.value
        raise _NotConstant
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_evaluate(item) for item in node.elts]
    if isinstance(node, ast.Dict):
        return _evaluate_dict(node)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        value = _number(node.operand)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp):
        return _evaluate_arithmetic(node)
    if isinstance(node, ast.Call):
        return _evaluate_float_call(node)
    raise _NotConstant


def _evaluate_dict(node: ast.Dict) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        name = _evaluate(key) if key is not None else None
        if not isinstance(name, str):
            raise _NotConstant
        result[name] = _evaluate(value)
    return result


def _evaluate_arithmetic(node: ast.BinOp) -> int | float:
    left, right = _number(node.left), _number(node.right)
    compute = _OPERATORS.get(type(node.op))
    if compute is None:
        raise _NotConstant
    if isinstance(node.op, ast.Pow) and (abs(left) > _LARGEST or abs(right) > 1024):
        raise _NotConstant
    result = compute(left, right)
    if isinstance(result, complex) or (isinstance(result, int) and abs(result) > _LARGEST):
        raise _NotConstant
    return result  # type: ignore[no-any-return]  # numbers in, a number out


def _evaluate_float_call(node: ast.Call) -> float:
    named_float = isinstance(node.func, ast.Name) and node.func.id == "float"
    if named_float and len(node.args) == 1 and not node.keywords:
        argument = node.args[0]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, (str, int, float)):
            return float(argument.value)
    raise _NotConstant


def _number(node: ast.expr) -> int | float:
    value = _evaluate(node)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _NotConstant
    return value
