import ast

import pytest

from trackbook.errors import NotebookError
from trackbook.notebook.export.blocks import indent, rename_dunder_name, without_passes
from trackbook.notebook.export.syntax import plain_cell


def plain(source: str) -> str:
    cell = plain_cell(source, "a.ipynb", 3)
    ast.parse(cell.code)
    return without_passes(cell.code)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("x = 1  # stays", "x = 1  # stays"),
        ("text = '''\n%matplotlib inline\n!ls\n'''", "text = '''\n%matplotlib inline\n!ls\n'''"),
        ("%matplotlib inline\nx = 1", "x = 1"),
        ("%load_ext trackbook", ""),
        ("%precision 3", "# left out: %precision 3"),
        ("%pip install a", "# left out: %pip install a (install it beforehand)"),
        ("!pip install a", "# left out: !pip install a (install it beforehand)"),
        ("if x:\n    %matplotlib inline", "if x:\n    pass  # left out: %matplotlib inline"),
        ("%time y = f(1)", "y = f(1)"),
        ("y = %time f(1)", "y = f(1)"),
        ("%%time\ny = f(1)", "y = f(1)"),
        ("%%capture\ny = f(1)", "y = f(1)"),
        ("print?\nx = 1", "# left out: print? (help)\nx = 1"),
        ("!ls data", "subprocess.run('ls data', shell=True, check=False)"),
        ("!ls {folder}/$name $HOME", "subprocess.run(f'ls {folder}/{name} $HOME', shell=True, check=False)"),
        ("!awk '{print $1}' f", "subprocess.run(\"awk '{print $1}' f\", shell=True, check=False)"),
        ("%cd ../data", "os.chdir('../data')"),
        ("%env A=b c", "os.environ['A'] = 'b c'"),
        ("%%bash\necho 1\necho 2", "subprocess.run(['bash', '-c', 'echo 1\\necho 2'], check=True)"),
        ("%%writefile a.py\nx = 1", "pathlib.Path('a.py').write_text('x = 1\\n')"),
        ("%%html\n<b>", "# left out: %%html"),
        (
            "%track start churn --name run-{lr} --tags a b=c",
            "tb.start_run('churn', name=f'run-{lr}', tags={'a': '', 'b': 'c'})",
        ),
        ("%track param lr d=x * 2", "tb.params({'lr': lr, 'd': x * 2})"),
        (
            "for i in x:\n    %track metric loss a=b --step i",
            "for i in x:\n    tb.log({'loss': loss, 'a': b}, step=i)",
        ),
        ("%track metric a --context subset=val", "tb.log({'a': a}, context={'subset': 'val'})"),
        ("%track goal acc max", "tb.metric('acc', goal='max')"),
        ("%track figure fig --name a.png", "tb.figure(fig, name='a.png')"),
        ("%track artifact 'my file.csv'", "tb.artifact('my file.csv')"),
        ("%track data frame --name f", "tb.data(frame, name='f')"),
        ("%track note acc is {acc:.2f}", "tb.note(f'acc is {acc:.2f}')"),
        ("%track seed 42", "tb.seed(42)"),
        ("%track status", ""),
        ("%track end", "tb.end_run()"),
        ("%track end --failed", 'tb.end_run("failed")'),
    ],
)
def test_ipython_s_syntax_becomes_python(source: str, code: str) -> None:
    assert plain(source).strip() == code


def test_a_command_s_output_is_a_list_of_lines() -> None:
    assert plain("files = !ls").startswith("files = subprocess.run('ls', shell=True")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("x = 1\n%run other.py", "cell 3, line 2: the magic %run has no counterpart"),
        ("%%cython\nx", "cell 3, line 1: the magic %%cython has no counterpart"),
        ("%track auto", "cell 3, line 1: %track auto: `%track auto` has no counterpart"),
        ("%%track churn\nx = 1", "%%track makes its cell a run"),
        ("%track param optimizer=adam", "it can't be told whether adam is a variable or a text"),
        ("x = 1\ndef f(:", "cell 3, line 2: it is no Python"),
        ("if x:\n%time y", "cell 3, line 2: it is no Python"),
        ("x = %who_ls", "the magic %who_ls has no value"),
    ],
)
def test_what_has_no_counterpart_is_refused_with_its_line(source: str, told: str) -> None:
    with pytest.raises(NotebookError) as caught:
        plain_cell(source, "a.ipynb", 3)
    assert told in str(caught.value)


def test_texts_over_several_lines_are_not_moved() -> None:
    source = 'x = """a\n  b\n"""\nif x:\n    y = f"""\n{x}\n  c"""'
    moved = f"def f():\n{indent(source)}\n    return x, y"
    namespace: dict[str, object] = {}
    exec(moved + "\nz = f()", namespace)
    assert namespace["z"] == ("a\n  b\n", "\na\n  b\n\n  c")


def test_a_notebook_is_the_main_program() -> None:
    source = "if __name__ == '__main__':\n    x = a.__name__, '__name__'"
    assert rename_dunder_name(source) == "if \"__main__\" == '__main__':\n    x = a.__name__, '__name__'"
