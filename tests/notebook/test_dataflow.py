"""Which names a cell reads, makes, and changes."""

import pytest

from trackbook.notebook.dataflow import names_in, names_in_source


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
        ("def f(v):\n    match v:\n        case {'a': a, **b}:\n            return a, b, e", "e", "", ""),
        ("def f(v):\n    match v:\n        case [a, *b]:\n            return a, b, e", "e", "", ""),
        ("a, b = 1, 2", "", "a b", ""),
        ("a, b = 1, f(2)", "f", "a", "b"),
        ("a, *b = 1, 2, 3", "", "", "a b"),
        ("a, b = pair", "pair", "", "a b"),
        ("layers = [64, -1]\nsizes = {'a': (1, None)}", "", "layers sizes", ""),
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
        ("layers = [1]\nlayers.append(n)\ncfg = {}\ncfg['a'] = 2\nd = 3", "n", "d", "layers cfg"),
        ("if x\n", "", "", ""),
    ],
)
def test_names(code: str, read: str, constants: str, made: str) -> None:
    names = names_in(code)
    assert list(names.read) == read.split()
    assert list(names.constants) == constants.split()
    assert list(names.made) == made.split()


@pytest.mark.parametrize(
    ("code", "perhaps"),
    [
        ("a = f()\nif c:\n    a = g()\n    b = g()", "b"),
        ("if c:\n    a = f()\nelse:\n    a = g()\nb = f()", "a"),
        ("for i in x:\n    a = i\nelse:\n    b = 1\nc = 2", "a b"),
        ("async for i in x:\n    a = i", "a"),
        ("while x:\n    a = 1", "a"),
        ("try:\n    a = f()\nexcept E:\n    b = 1\nfinally:\n    c = 2", "a b c"),
        ("try:\n    a = f()\nexcept* E:\n    b = 1", "a b"),
        ("with x:\n    a = f()", "a"),
        ("async with x:\n    a = f()", "a"),
        ("match x:\n    case 1:\n        a = f()", "a"),
        ("c and (a := f())\nd = (b := f()) if c else 0", "a b"),
        ("d = [a := i for i in x]", "a"),
        ("if c:\n    def f():\n        a = 1\n    pass\nb = f()", ""),
    ],
)
def test_names_that_a_cell_may_leave_alone(code: str, perhaps: str) -> None:
    assert list(names_in(code).perhaps) == perhaps.split()


@pytest.mark.parametrize(
    ("source", "reads", "writes"),
    [
        ("df.fillna(0, inplace=True)", "df", "df"),
        ("df.fillna(0)", "df", ""),
        ("lst.append(x)", "lst x", "lst"),
        ("x[0] = y", "y x", "x"),
        ("obj.part.attr = 1", "obj", "obj"),
        ("cfg['a']['b'] += 1", "cfg", "cfg"),
        ("model.fit(X, y)", "model X y", "model"),
        ("[lst.append(i) for i in xs]", "xs lst", "lst"),
        ("[lst.append(1) for lst in xs]", "xs", ""),
        ("def f():\n    lst.append(1)", "lst", "f"),
        ("[y := f(x) for x in xs]", "xs f", "y"),
        ("del x", "x", "x"),
        ("x = 1\ndel x", "", ""),
        ("import a.b\nfrom c import d as e", "", "a e"),
        ("for i in range(3):\n    pass", "", "i"),
        ("async with a as b:\n    pass", "a", "b"),
        ("try:\n    f()\nexcept E as error:\n    pass", "f E", ""),
        ("f'{a} {b:.2f}'", "a b", ""),
        ("from m import *", "", "*"),
        ("exec(text)", "text", "*"),
        ("%run other.py", "", "*"),
        ("%time z = f(q)", "f q", "z"),
        ("%timeit -n 10 f(x)", "f x", ""),
        ("%%time\nz = g(h)", "g h", "z"),
        ("%%capture out\nprint(w)", "w", "out"),
        ("%%time\n%%track churn\nz = g(h)", "g h", "z"),
        ("%%bash\nls $HOME", "", ""),
        ("%track param depth lr=0.1 size=depth * 2", "depth", ""),
        ("%track start churn --params a b=c --tags team=x", "a c", ""),
        ("%track note lr is good", "", ""),
        ("files = !ls {folder}", "folder", "files"),
        ("%matplotlib inline\nplt.plot(x)", "plt x", ""),
        ("x?", "", ""),
        ("y = (a\n   % b)", "a b", "y"),
        ("print(len('x'))", "", ""),
        ("while True\n", "", ""),
    ],
)
def test_reads_and_writes(source: str, reads: str, writes: str) -> None:
    names = names_in_source(source)
    assert (names.reads, names.writes) == (reads.split(), writes.split())


def test_a_deep_expression_has_no_names() -> None:
    assert names_in("+".join("x" * 100_000)).reads in ([], ["x"])
    assert names_in("(" * 500 + ")" * 500).writes == []
