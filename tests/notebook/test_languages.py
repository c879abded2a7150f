"""Parameters in other languages: whatever the name and the value, one assignment and nothing alive in it."""

import re
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import v4

from trackbook.errors import NotebookError, ParameterError
from trackbook.notebook.inject import inject_parameters
from trackbook.notebook.languages import foreign_assignments, foreign_parameters
from trackbook.notebook.parameters import find_parameters

LANGUAGES = ("r", "julia", "scala", "matlab", "c#", "f#", "powershell", "bash")
# Texts in double quotes, all of whose characters are plain or escapes, or lists of numbers.
SAFE = {
    "r": r'"(?:[A-Za-z0-9 _.,:;/+=@\-]|\\u\{[0-9a-f]{4}\}|\\U\{[0-9a-f]{8}\})*"',
    "julia": r'"(?:[A-Za-z0-9 _.,:;/+=@\-]|\\u[0-9a-f]{4}|\\U[0-9a-f]{8})*"',
    "c#": r'"(?:[A-Za-z0-9 _.,:;/+=@\-]|\\u[0-9a-f]{4}|\\U[0-9a-f]{8})*"',
    "f#": r'"(?:[A-Za-z0-9 _.,:;/+=@\-]|\\u[0-9a-f]{4}|\\U[0-9a-f]{8})*"',
    "scala": r'"[A-Za-z0-9 _.,:;/+=@\-]*"|new String\(Array\([\d, ]+\)\.map\(_\.toChar\)\)',
    "matlab": r'"[A-Za-z0-9 _.,:;/+=@\-]*"|string\(char\(\[[\d ]+\]\)\)',
    "powershell": r"'[A-Za-z0-9 _.,:;/+=@\-]*'|\(-join \[char\[\]\]\([\d,]+\)\)",
}
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))
NASTY = [
    "$(touch x)",
    "${x}",
    '"; x',
    "'; x",
    "`touch x`",
    "\\",
    "\\u0022",
    "a\nb",
    "%s",
    "’x",
    "#{x}",
    "\u2028",
    "😀",
]


def value_of(language: str, value: Any) -> str:
    line = foreign_assignments(language, {"x": value}).split("\n", 1)[1]
    return line.split("=", 1)[1].strip().removesuffix(";")


@pytest.mark.parametrize("language", SAFE)
@given(text=TEXTS)
def test_no_text_is_alive(language: str, text: str) -> None:
    assert re.fullmatch(SAFE[language], value_of(language, text))


@pytest.mark.parametrize("language", SAFE)
@pytest.mark.parametrize("text", NASTY)
def test_no_nasty_text_is_alive(language: str, text: str) -> None:
    assert re.fullmatch(SAFE[language], value_of(language, text))
    assert text == "\\" or text not in value_of(language, [text])


@pytest.mark.parametrize("text", [*NASTY, "", "~", "*", "-n", "!x", "a b"])
def test_bash_gives_the_text_back(text: str) -> None:
    script = foreign_assignments("bash", {"x": text, "y": [text, 1]}) + '\nprintf "%s\\0%s" "$x" "${y[0]}"'
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    assert done.stdout.decode() == f"{text}\0{text}"


@pytest.mark.parametrize("language", LANGUAGES)
@given(name=st.text())
def test_a_name_is_one_or_refused(language: str, name: str) -> None:
    try:
        source = foreign_assignments(language, {name: 1})
    except ParameterError:
        return
    assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", name)
    assert len(source.split("\n")) == 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["x=1;y", "x\ny", "x y", "$x", "x;", "", "1x", "x[1]", "é", "x\n"])
def test_names_that_are_none(language: str, name: str) -> None:
    with pytest.raises(ParameterError):
        foreign_assignments(language, {name: 1})


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_and_constants(language: str) -> None:
    from papermill.translators import papermill_translators

    names = {"c#": ".net-csharp", "f#": ".net-fsharp", "powershell": ".net-powershell", "r": "R"}
    translator = papermill_translators.find_translator(names.get(language, language), "")
    values = {"a": 1, "b": 0.5, "c": True, "d": False, "e": [1, 2], "f": "plain text", "g": 2**40}
    own = foreign_assignments(language, values)
    if language == "powershell":  # in quotes that know no variables
        own = own.replace("'", '"')
    assert own.split("\n")[1:] == translator.codify(values).strip().split("\n")[1:]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("value", ["a\0b", "\ud800", 2**70, object(), {"a": [object()]}])
def test_values_that_a_language_does_not_have(language: str, value: Any) -> None:
    with pytest.raises(ParameterError):
        foreign_assignments(language, {"x": value})


def test_a_language_that_is_not_known() -> None:
    with pytest.raises(NotebookError, match="not in cobol"):
        foreign_assignments("cobol", {"x": 1})


def test_declared_names() -> None:
    source = "# lr <- 5\nlr <- 0.1\nval n = 3\n$name = 'x'\nif (a == b) 1\nf => 3\nlr = 2"
    assert [parameter.name for parameter in foreign_parameters(source)] == ["lr", "n", "name"]


def test_a_notebook_in_r_gets_its_parameters() -> None:
    cells = [v4.new_code_cell("lr <- 0.1", metadata={"tags": ["parameters"]}), v4.new_code_cell("print(lr)")]
    kernel = {"name": "ir", "display_name": "R", "language": "R"}
    notebook = v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    assert [parameter.name for parameter in find_parameters(notebook)] == ["lr"]
    changed = inject_parameters(notebook, {"lr": 0.5})
    assert changed["cells"][1]["source"] == "# Parameters\nlr = 0.5"
    assert changed["cells"][1]["metadata"]["tags"] == ["injected-parameters"]
