"""Notebooks that are unusual as files: other formats, other languages, other hands."""

import json

from .building import PYTHON, code, document, markdown, notebook, raw, result, sample, stream, written


@sample(runnable=True)
def nbformat_3() -> bytes:
    """A notebook of the old format, with worksheets and `input`."""
    cells = [
        {"cell_type": "heading", "level": 1, "metadata": {}, "source": ["Old"]},
        {
            "cell_type": "code",
            "collapsed": False,
            "input": ["a = 1\n", "print(a)"],
            "language": "python",
            "metadata": {},
            "outputs": [{"output_type": "stream", "stream": "stdout", "text": ["1\n"]}],
            "prompt_number": 1,
        },
        {
            "cell_type": "code",
            "collapsed": True,
            "input": "a + 1",
            "language": "python",
            "metadata": {},
            "outputs": [],
        },
    ]
    return written(
        {
            "metadata": {"name": "old"},
            "nbformat": 3,
            "nbformat_minor": 0,
            "worksheets": [{"cells": cells, "metadata": {}}],
        }
    )


def _plain(minor: int) -> bytes:
    return notebook(
        markdown("# Plain"),
        code("a = 2", 1),
        code("print(a)", 2, [stream("2\n")]),
        code("a", 3, [result("2", 3)]),
        minor=minor,
    )


@sample(runnable=True)
def nbformat_4_0() -> bytes:
    """The oldest of the present format."""
    return _plain(0)


@sample(runnable=True)
def nbformat_4_1() -> bytes:
    """With tags."""
    return _plain(1)


@sample(runnable=True)
def nbformat_4_2() -> bytes:
    """With JSON outputs."""
    return _plain(2)


@sample(runnable=True)
def nbformat_4_3() -> bytes:
    """With tags of raw cells."""
    return _plain(3)


@sample(runnable=True)
def nbformat_4_4() -> bytes:
    """The last without cell ids."""
    return _plain(4)


@sample()
def no_cells() -> bytes:
    """A new notebook."""
    return notebook()


@sample(runnable=True)
def no_metadata() -> bytes:
    """No kernel, no language."""
    return notebook(code("x = 1"), code("x"), metadata={})


@sample(valid=False)
def without_keys() -> bytes:
    """Cells that lack source, metadata, outputs or counts; a document that lacks its metadata."""
    return written(
        {
            "cells": [{"cell_type": "code"}, {"cell_type": "markdown"}, {"cell_type": "code", "source": "y"}],
            "nbformat": 4,
        }
    )


@sample(runnable=True, valid=False)
def missing_ids() -> bytes:
    """Of format 4.5, yet without ids."""
    return notebook(code("x = 1"), code("x"), markdown("text"), ids=False)


@sample(runnable=True, valid=False)
def duplicate_ids() -> bytes:
    """Cells that were copied with their ids."""
    return notebook(
        code("x = 1", id="abc"), code("x += 1", id="abc"), markdown("text"), code("print(x)", id="abc")
    )


@sample()
def r_language() -> bytes:
    """R."""
    return notebook(
        code("library(ggplot2)\nx <- c(1, 2, 3)\nmean(x)", 1),
        code("password <- 'x'\nplot(x) # %pip install", 2),
        metadata={
            "kernelspec": {"display_name": "R", "language": "R", "name": "ir"},
            "language_info": {"name": "R"},
        },
    )


@sample()
def julia_language() -> bytes:
    """Julia."""
    return notebook(
        code("using Plots\nf(x) = x^2\nf.(1:3)", 1),
        metadata={"kernelspec": {"display_name": "Julia 1.10", "language": "julia", "name": "julia-1.10"}},
    )


@sample(runnable=True)
def raw_cells() -> bytes:
    """Raw cells, with formats for export."""
    return notebook(raw("\\newpage", format="text/latex"), code("x = 1"), raw("not = python ("), code("x"))


@sample(runnable=True)
def windows_newlines() -> bytes:
    """CRLF in the file and in the sources."""
    made = document(code(["x = 1\r\n", "if x:\r\n", "    y = 2\r\n"], 1), code("print(x, y)\r\n"))
    return written(made).replace(b"\n", b"\r\n")


@sample(runnable=True)
def sources_as_text() -> bytes:
    """Each source one text, not a list of lines."""
    made = document(code("x = 1\ny = 2"), markdown("a\nb"), code("x + y", 2, [result("3", 2)]))
    for cell in made["cells"]:
        cell["source"] = "".join(cell["source"])
    return written(made)


@sample(runnable=True)
def one_line() -> bytes:
    """A file without indentation, and without a newline at its end."""
    return written(document(code("x = 1", 1), code("x", 2, [result("1", 2)])), indent=None, end="")


@sample(runnable=True)
def escaped_text() -> bytes:
    """Everything beyond ASCII escaped, with a byte order mark before it."""
    return b"\xef\xbb\xbf" + written(document(code("é = 'ü 📏'"), code("é")), ascii_only=True)


@sample(runnable=True, valid=False)
def four_spaces() -> bytes:
    """Indented by four, keys in an order of their own, unknown keys."""
    made = document(code("x = 1", 1, collapsed=True, jupyter={"source_hidden": True}), code("x", 2))
    cells = [dict(reversed(list(cell.items()))) for cell in made["cells"]]
    return written(
        {
            "nbformat_minor": 5,
            "nbformat": 4,
            "vendor": {"b": 1, "a": [1.0, 1e-7, 10**20]},
            "metadata": PYTHON,
            "cells": cells,
        },
        indent=4,
        end="\n\n",
    )


@sample(runnable=True)
def tab_indented() -> bytes:
    """Indented with tabs."""
    return written(document(code("x = 1"), code("x")), indent="\t")


@sample(runnable=True)
def editor_noise() -> bytes:
    """Metadata of several editors: Colab, VS Code, Databricks, a table of contents."""
    return notebook(
        code("x = 1", 1, colab={"base_uri": "https://localhost:8080/"}, id="cell-one"),
        code(
            "x", 2, vscode={"languageId": "python"}, execution={"iopub.status.busy": "2024-01-01T00:00:00Z"}
        ),
        code("x", 3, ExecuteTime={"end_time": "2020"}, scrolled=True),
        metadata={
            **PYTHON,
            "colab": {"provenance": [], "toc_visible": True},
            "toc": {"base_numbering": 1},
            "varInspector": {"cols": {"lenName": 16}},
            "vscode": {"interpreter": {"hash": "31f2aee4"}},
        },
    )


@sample()
def lone_surrogate() -> bytes:
    """Half of a character, escaped, as JavaScript may write it."""
    return written(document(code("text = 'half \\ud83d'\nprint('done')"))).replace(b"\\\\ud83d", b"\\ud83d")


@sample(runnable=True)
def jupytext_pair() -> bytes:
    """Paired with a text file."""
    return notebook(
        code("x = 1", 1),
        code("x", 2, [result("1", 2)]),
        metadata={
            **PYTHON,
            "jupytext": {"formats": "ipynb,py:percent", "text_representation": {"extension": ".py"}},
        },
    )


@sample(valid=False)
def strange_types() -> bytes:
    """Tags, counts and outputs that are not what they should be."""
    made = document(code("x = 1", 1), code("x", 2))
    made["cells"][0]["metadata"] = {"tags": "parameters"}
    made["cells"][0]["execution_count"] = "1"
    made["cells"][1]["outputs"] = None
    made["cells"][1]["id"] = 7
    made["metadata"] = {"kernelspec": "python"}
    return json.dumps(made).encode()
