"""How magic lines are taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackbook.errors import UsageError
from trackbook.magics.values import Namespace, list_values, shorten, tags_of
from trackbook.notebook.words import did_you_mean, read_words, split_assignment, split_words, unquote


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("  a   b ", ["a", "b"]),
        ("a=1 b = 2 c= 3 d =4", ["a=1", "b=2", "c=3", "d=4"]),
        ("a=b + 1 c", ["a=b + 1", "c"]),
        ("a == b", ["a == b"]),
        ("a=-1 b", ["a=-1", "b"]),
        ("a='x y' b", ["a='x y'", "b"]),
        ('a=f"x {y} z" b', ['a=f"x {y} z"', "b"]),
        (r"a='it\'s' b", [r"a='it\'s'", "b"]),
        ("it's b", ["it's", "b"]),
        ("a=[1, 2] b={'k': (3, 4)}", ["a=[1, 2]", "b={'k': (3, 4)}"]),
        ("a=f(x, ')') b", ["a=f(x, ')')", "b"]),
        ("'my key'=1", ["'my key'=1"]),
        ("größe=1 模型", ["größe=1", "模型"]),
        ("a=x <= y b", ["a=x <= y", "b"]),
    ],
)
def test_words(line: str, words: list[str]) -> None:
    assert split_words(line) == words


@pytest.mark.parametrize("line", ["'a", 'a="b', "a=[1", "a=(1, '", "a={'x': [}"])
def test_what_is_not_closed(line: str) -> None:
    with pytest.raises(UsageError, match="is not closed in"):
        split_words(line)


@given(st.text(max_size=40))
def test_any_line_gives_words_or_says_what_is_wrong(line: str) -> None:
    try:
        words = split_words(line)
    except UsageError:
        assert any(mark in line for mark in "'\"([{")
    else:
        assert all(word.strip() for word in words)
        assert "".join("".join(words).split()) == "".join(line.split())


@given(
    st.lists(st.text("abcäß12_./-", min_size=1).filter(lambda word: word not in "/-" and "--" not in word))
)
def test_plain_words_come_back(words: list[str]) -> None:
    words = [word for word in words if word not in ("/", "-", "//")]
    assert split_words(" ".join(words)) == words


def test_options() -> None:
    read = read_words(
        "churn --name 'a b' --tags x y=z --quiet --step=3",
        {"--name": "one", "--tags": "many", "--quiet": "none", "--step": "one"},
    )
    assert read.plain == ["churn"]
    assert (read.one("--name"), read.many("--tags"), read.has("--quiet"), read.one("--step")) == (
        "'a b'",
        ["x", "y=z"],
        True,
        "3",
    )
    assert read_words("--name x churn", {"--name": "one"}).plain == ["churn"]


def test_assignments() -> None:
    assert split_assignment("a=1") == ("a", "1")
    assert split_assignment("'my key'='x=y'") == ("my key", "'x=y'")
    assert split_assignment("a=b==c") == ("a", "b==c")
    assert split_assignment("loss{subset}=1") == ("loss{subset}", "1")
    for word in ("a", "a==b", "a<=b", "f(x=1)", "a!=b", "'x=y'"):
        assert split_assignment(word) is None


def test_quotes() -> None:
    assert unquote("'a b'") == "a b"
    assert unquote('"it\'s"') == "it's"
    assert unquote("a'b") == "a'b"
    assert unquote("'a' and 'b'") == "a' and 'b"


def test_suggestions() -> None:
    assert did_you_mean("detph", ["depth", "width"]) == " Did you mean depth?"
    assert did_you_mean("xyz", ["depth"]) == ""


def test_values() -> None:
    names = Namespace({"x": 2, "word": "text"}, {"x": 3, "inner": [1]})
    assert names.word("x", text=True) == ("x", 3)
    assert names.word("y=x*inner[0]", text=True) == ("y", 3)
    assert names.word("opt=adam", text=True) == ("opt", "adam")
    assert names.word("opt=word", text=True) == ("opt", "text")
    assert names.word("flag=True", text=True) == ("flag", True)
    assert names.word("x + 1", text=True) == ("x + 1", 4)
    assert names.word("all=[x for _ in range(2)]", text=True) == ("all", [3, 3])
    with pytest.raises(UsageError, match="no variable 'adam'"):
        names.word("opt=adam", text=False)


def test_filled_text() -> None:
    names = Namespace({"acc": 0.9123, "i": 3})
    assert names.fill("run-{i} {acc:.2f}") == "run-3 0.91"
    assert names.fill("'quoted {i}'") == "quoted 3"
    assert names.fill("{unknown} {i}") == "{unknown} {i}"
    assert names.fill("100 % {") == "100 % {"


def test_tags() -> None:
    assert tags_of(["a=b", "c", "d='x y'"], unquote) == {"a": "b", "c": "", "d": "x y"}


def test_short_values() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise ValueError

    assert shorten(0.1 + 0.2) == "0.3"
    assert shorten("a\nb") == r"'a\nb'"
    assert len(shorten("x" * 1000)) == 60
    assert shorten(Broken()) == "<Broken>"
    assert list_values({f"k{i}": i for i in range(10)}, 2) == "k0 0, k1 1, and 8 more"
