"""Which names of a cell are parameters and which are metrics."""

import fractions
from typing import Any

import numpy as np
import pytest

from trackbook.magics.scalars import metrics_in, names_in, parameters_in


@pytest.mark.parametrize(
    ("code", "read", "constants", "made"),
    [
        ("acc = lr * 2", "lr", "", "acc"),
        ("lr = 0.1\nacc = lr * 2", "", "lr", "acc"),
        ("lr = -1\nlr", "", "lr", ""),
        ("best = 0\nbest = max(best, 1)", "max", "", "best"),
        ("total += 1", "total", "", "total"),
        ("x = x + 1", "x", "", "x"),
        ("for epoch in range(n):\n    loss = epoch", "range n", "", "loss"),
        ("with open(p) as f:\n    size = len(f.read())", "open p len", "", "size"),
        ("def f(a, b=c):\n    d = a + e\n    return d\ny = f(1)", "c e", "", "y"),
        ("def f():\n    global g\n    g = h\n", "h", "", ""),
        ("y = [i * s for i in xs if i > t]", "xs t s", "", "y"),
        ("y = {k: v for k, vs in m.items() for v in vs}", "m", "", "y"),
        ("f = lambda a: a + b", "b", "", "f"),
        ("a, b = 1, 2", "", "", "a b"),
        ("a = b = c", "c", "", "a b"),
        ("x: int = 3\ny: float", "", "x", ""),
        ("if (n := len(data)) > limit:\n    m = n", "len data limit", "", "n m"),
        ("import math as m\ny = m.pi * r", "r", "", "y"),
        ("from a import b\nb.c(d)", "d", "", ""),
        ("class A(B):\n    size = q\n    def f(self): return self.size + z", "B q z", "", ""),
        ("try:\n    v = f()\nexcept E as error:\n    print(error)", "f E print", "", "v"),
        ("match p:\n    case [a, *b]:\n        q = a\n    case {'k': c, **d}:\n        q = d", "p", "", "q"),
        ("obj.attr = v\nitems[k] = w", "v obj w items k", "", ""),
        ("x = await f(y)", "f y", "", "x"),
        ("text = 'x'", "", "text", ""),
        ("if x\n", "", "", ""),
    ],
)
def test_names(code: str, read: str, constants: str, made: str) -> None:
    names = names_in(code)
    assert list(names.read) == read.split()
    assert list(names.constants) == constants.split()
    assert list(names.made) == made.split()


def test_only_simple_values_count() -> None:
    namespace: dict[str, Any] = {
        "i": 1,
        "f": 0.5,
        "b": True,
        "s": "text",
        "n32": np.float32(0.25),
        "n64": np.int64(3),
        "q": fractions.Fraction(1, 2),
        "long": "x" * 501,
        "array": np.zeros(1),
        "none": None,
        "items": [1],
        "_private": 1,
    }
    names = [*namespace, "unknown"]
    assert list(parameters_in(names, namespace)) == ["i", "f", "b", "s", "n32", "n64", "q"]
    assert list(metrics_in(names, namespace)) == ["i", "f", "n32", "n64", "q"]
