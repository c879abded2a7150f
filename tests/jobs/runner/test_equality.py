"""What a notebook shows in a runner is what it shows in an ordinary kernel, cell by cell."""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import v4
from tests.jobs.conftest import Seen

from trackbook.domain.execution import Execution, Outcome
from trackbook.jobs.executor import PapermillExecutor
from trackbook.jobs.kernel import JobKernelManager
from trackbook.jobs.runner.manager import RunnerManager

CELLS = {
    "result": "1 + 1",
    "history": "_, In[1], Out[1], __, get_ipython().execution_count",
    "print": "print('a', 'b')\nprint('no end', end='')",
    "errors": "import sys\nprint('to stderr', file=sys.stderr)",
    "modules": "import os",
    "shell": "!echo from the shell",
    "lines": "lines = !printf 'x\\ny\\n'\nlines",
    "capture": "%%capture kept\nprint('kept')",
    "captured": "kept.stdout",
    "await": "import asyncio\nawait asyncio.sleep(0.01)\nasyncio.get_running_loop().is_running()",
    "task": "async def later():\n    await asyncio.sleep(0)\n    return 7\nawait asyncio.create_task(later())",
    "html": "from IPython.display import HTML, Markdown, clear_output, display\nHTML('<b>bold</b>')",
    "two": "display(Markdown('*one*'))\nprint('between')\ndisplay({'text/plain': 'raw'}, raw=True)",
    "handle": "handle = display('first', display_id='known')",
    "update": "handle.update('second')",
    "clear": "print('gone')\nclear_output()\nprint('stays')",
    "clear later": "print('gone')\nclear_output(wait=True)\nprint('stays')",
    "figure": "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2, 3])\nplt.title('t')",
    "left figure": "figure, axes = plt.subplots()\naxes.bar([1, 2], [3, 4])\nNone",
    "frame": "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
    "progress": "from tqdm.auto import tqdm\n'IPKernelApp' in get_ipython().config",
    "widget": "import ipywidgets\nslider = ipywidgets.IntSlider(value=3)\nslider.value",
    "show widget": "slider.value = 5\nslider.value",
    "thread": "import threading\nt = threading.Thread(target=lambda: print('in a thread'))\nt.start()\nt.join()",
    "logging": "import logging\nlogging.getLogger('x').warning('watch out')",
    "context": "import decimal\ndecimal.getcontext().prec = 5",
    "context after": "decimal.getcontext().prec",
    "bind": "import contextvars\nv = contextvars.ContextVar('v', default=0)\nv.set(1)\nv.get()",
    "bind after": "v.get()",
    "warning": "import warnings\nwarnings.warn('careful')",
    "repr fails": "class Bad:\n    def __repr__(self):\n        raise ValueError('no repr')\nBad()",
    "input": "input('name? ')",
    "syntax": "1 +",
    "raises": "def inner():\n    return 1 / 0\ninner()",
    "chained": "try:\n    inner()\nexcept ZeroDivisionError as error:\n    raise KeyError('k') from error",
    "magic missing": "%no_such_magic",
    "exit code": "!exit 3\n_exit_code",
    "time": "%time x = 1",
    "who": "%who_ls str",
    "last": "_33",
    "environment": "sorted(k for k in os.environ if k.startswith(('TERM', 'MPL', 'CLICOLOR', 'PAGER', 'OWN')))",
    "here": "os.path.basename(os.getcwd()), sys.path[0], '__file__' in globals(), __name__",
    "pid group": "os.getpgid(0) == os.getpid()",
    "tags": "get_ipython().kernel.get_parent()['metadata']['tags']",
    "cell id": "get_ipython().kernel.get_parent()['metadata']['cellId']",
    "pager": "?len",
    "isatty": "sys.stdout.isatty(), sys.stdout.encoding, sys.stdin.isatty()",
    "big": "print('x' * 300_000)",
    "signal": "import signal\nsignal.getsignal(signal.SIGINT) is signal.default_int_handler",
    "gui": "%matplotlib",
    "arguments": "sys.argv[0], sys.argv[-1]",
    "folders": "[str(one) == os.getcwd() for one in _dh], get_ipython().starting_dir == os.getcwd()",
    "random": "import random, numpy\nrandom.seed(1)\nnumpy.random.seed(1)\nrandom.random(), numpy.random.rand()",
    "variables": "sorted(name for name in globals() if name.startswith('_') and not name.strip('_i0123456789'))",
    "filters": "len(warnings.filters)",
    "namespace": "%who",
}


def run(folder: Path, cells: list[Any], executor: PapermillExecutor, **options: Any) -> tuple[Outcome, Any]:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    folder.mkdir(exist_ok=True)
    nbformat.write(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "in.ipynb")
    execution = Execution(
        str(folder / "in.ipynb"), str(folder / "out.ipynb"), str(folder), str(folder / "log.txt"), **options
    )
    outcome = executor.run(execution, Seen())
    notebook = nbformat.read(folder / "out.ipynb", 4)
    nbformat.validate(notebook)
    return outcome, notebook


def cells_of(sources: dict[str, str]) -> list[Any]:
    made = []
    for number, source in enumerate(sources.values()):
        tags = ["raises-exception", "own"]
        made.append(v4.new_code_cell(source, id=f"c{number}", metadata={"tags": tags}))
    return made


def shown(cell: Any) -> list[Any]:
    """What a cell shows, without what differs in any two processes."""
    plain = []
    streams: dict[str, str] = {}
    for output in cell.outputs:
        if output.output_type == "stream":  # how the two mix is a matter of timing in a kernel
            streams[output.name] = streams.get(output.name, "") + output.text
        else:
            plain.append(dict(output))
    text = repr([streams, plain])
    text = re.sub(r"ipykernel_\d+", "ipykernel_PID", text)
    text = re.sub(r"0x[0-9a-f]+", "0x", text)
    text = re.sub(r"\d[\d.e+]* ([mnuµμ]?s)\b", "TIME", text)
    return [cell.execution_count, text]


@pytest.fixture(scope="module")
def all_three(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, ...]]:
    found = {}
    for name, executor in (
        ("kernel", PapermillExecutor(lambda _: JobKernelManager(kernel_name="python3"))),
        ("runner", PapermillExecutor(lambda _: RunnerManager())),
        ("warm", PapermillExecutor()),  # a runner that is forked with its shell
    ):
        folder = tmp_path_factory.mktemp(name) / "work"
        outcome, notebook = run(folder, cells_of(CELLS), executor, environment={"OWN": "1"})
        assert outcome.status == "finished", outcome
        found[name] = notebook
    columns = zip(*(notebook.cells for notebook in found.values()), strict=True)
    cells = dict(zip(CELLS, columns, strict=True))
    return cells | {"metadata": tuple(notebook.metadata for notebook in found.values())}


@pytest.mark.parametrize("name", CELLS)
def test_a_runner_shows_what_a_kernel_shows(all_three: dict[str, tuple[Any, ...]], name: str) -> None:
    kernel, runner, warm = all_three[name]
    assert shown(runner) == shown(kernel)
    assert shown(warm) == shown(kernel)


def test_widgets_are_kept_as_in_a_kernel(all_three: dict[str, tuple[Any, ...]]) -> None:
    states = [
        metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
        for metadata in all_three["metadata"]
    ]
    names = [sorted(model["model_name"] for model in state.values()) for state in states]
    assert names[0] == names[1] == names[2]
    assert "IntSliderModel" in names[0]
