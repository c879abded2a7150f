"""`%track seed` and `tb.seed` in real kernels."""

from collections.abc import Callable
from typing import Any

from trackbook.domain import records as r


def test_what_is_imported_later_is_seeded_then(start_kernel: Callable[..., Any], fresh: Any) -> None:
    (fresh.folder / "torch.py").write_text(
        "state = []\ndef manual_seed(seed): state.append(seed)\n",
        encoding="utf-8",
    )
    kernel = start_kernel()
    kernel.run("%load_ext trackbook\n%track start churn")
    assert " · no seed" in kernel.run("%track status").line
    reply = kernel.run("%track seed 42\nimport random\nprint(random.random())", "c1")
    assert reply.line.endswith(" · seed 42 for random → recorded")
    first = reply.stdout
    # The line behind the import finds the library seeded already.
    drawn = kernel.run("import numpy as np\nprint(np.random.rand())", "c2").stdout
    assert drawn.strip() == "0.3745401188473625"
    assert kernel.run("import torch\nprint(torch.state[0])").stdout == "42\n"
    loaders = (
        "import numpy, torch\nprint(type(numpy.__loader__).__name__, type(torch.__spec__.loader).__name__)"
    )
    assert kernel.run(loaders).stdout == "SourceFileLoader SourceFileLoader\n"
    assert kernel.run("import trackbook as tb\nprint(tb.seed(42), random.random())").stdout.split() == [
        "42",
        first.strip(),
    ]
    assert " · seed 42 for random, numpy, torch · " in kernel.run("%track status").line
    seeds = [(seed.seed, seed.libraries, seed.cell_id) for seed in fresh.last.all(r.SeedSet)]
    assert seeds[:3] == [(42, ["random"], "c1"), (42, ["numpy"], "c1"), (42, ["torch"], "c1")]
    assert seeds[3][1] == ["random", "numpy", "torch"]
    kernel.run("%track end\nimport sys\nwatching = [type(f).__name__ for f in sys.meta_path]")
    assert "_Watch" not in kernel.run("watching").outputs[0]["data"]["text/plain"]


def test_bad_seeds_say_what_a_seed_is(kernel: Any, project: Any) -> None:
    assert kernel.run("%track seed 42").line.startswith("%track: No run is open")
    kernel.run("%track start churn")
    for seed in ("-1", "1.5", "'x'", "True", str(2**32)):
        assert "a seed is a whole number from 0 to" in kernel.run(f"%track seed {seed}").line
    assert "Say one seed" in kernel.run("%track seed").line
    reply = kernel.run("import trackbook as tb\ntb.seed(-1)")
    assert reply.content["ename"] == "InvalidValue"
    assert not project.last.all(r.SeedSet)
