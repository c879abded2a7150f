"""Secrets of every usual kind, put everywhere that a run looks, in a real kernel: none of them is in the store."""

import json
import random
import string
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trackbook.domain import records as r
from trackbook.domain.secret import MASK

_random = random.Random(3)


def text_of(length: int) -> str:
    return "".join(_random.choices(string.ascii_letters + string.digits, k=length - 2)) + "q7"


# Put together here, so that no scanner takes this file for a leak.
SECRETS = {
    "variable": "plain-value-" + text_of(12),
    "set_later": "later-value-" + text_of(12),
    "source": "ghp_" + text_of(36),
    "printed": "sk-" + text_of(48),
    "stderr": "glpat-" + text_of(20),
    "result": "hf_" + text_of(34),
    "html": "AIza" + text_of(35),
    "traceback": "AKIA" + text_of(16).upper(),
    "assigned": "hunter2-" + text_of(6),
    "param": "npm_" + text_of(36),
    "named_param": "by-its-name-" + text_of(8),
    "tag": "xoxb-" + text_of(30),
    "note": "-----BEGIN PRIVATE KEY-----\\n" + text_of(64) + "\\n-----END PRIVATE KEY-----",
    "name": "gsk_" + text_of(52),
    "diff": "dop_v1_" + "".join(_random.choices("0123456789abcdef", k=64)),
    "remote": text_of(20),
    "allowed": "shown-variable-" + text_of(12),
    "lock": "pypi-" + text_of(80),
    "module": "whsec_" + text_of(32),
    "notebook": "sk_live_" + text_of(24),
    "shown": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + text_of(40),
    "uri": text_of(14),
    "header": text_of(30),
}


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, check=True)


def prepare(folder: Path) -> None:
    """A project in git, with changes that are not committed, a lock file, a module and a notebook."""
    (folder / ".gitignore").write_text(".trackbook\n")
    (folder / "settings.py").write_text("VALUE = 1\n")
    (folder / "requirements.txt").write_text("msgspec\n")
    git(folder, "init")
    git(folder, "add", "settings.py", ".gitignore", "requirements.txt")
    git(folder, "commit", "-m", "First")
    git(folder, "remote", "add", "origin", f"https://bob:{SECRETS['remote']}@example.org/team/project.git")
    (folder / "settings.py").write_text(f"VALUE = 1\nOCEAN = {SECRETS['diff']!r}\n")
    (folder / "requirements.txt").write_text(
        f"--index-url https://x:{SECRETS['lock']}@pkg.example.org\nmsgspec\n"
    )
    (folder / "helper.py").write_text(f"HOOK = {SECRETS['module']!r}\n")
    cell = {"cell_type": "code", "id": "c1", "metadata": {}, "execution_count": 1}
    stripe = SECRETS["notebook"]
    cells = [
        {**cell, "source": ["a = 1\n", f"stripe = {stripe!r}"], "outputs": []},
        {
            **cell,
            "id": "c2",
            "source": "a",
            "outputs": [{"output_type": "stream", "name": "stdout", "text": [f"{stripe}\n"]}],
        },
    ]
    content = {
        "cells": cells,
        "metadata": {"url": f"https://a:{stripe}@h"},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (folder / "train.ipynb").write_text(json.dumps(content), encoding="utf-8")


CELLS = (
    "%load_ext trackbook",
    "%track start churn --name run-{name} --params lr=0.1 uri='postgresql://bob:{uri}@db/x' --tags where='{tag}'",
    "import helper, os\nos.environ['LATER_TOKEN'] = '{set_later}'",
    "print('the variable is', os.environ['MY_API_KEY'], 'and', os.environ['LATER_TOKEN'])",
    "client = dict(auth='{source}')\nprint('made')",
    "print('{printed}')\nimport sys\nprint('{stderr}', file=sys.stderr)",
    "{{'value': '{result}'}}",
    "from IPython.display import HTML, JSON\ndisplay(HTML('<b>{html}</b>'), JSON({{'a': ['{shown}']}}))",
    "def connect(key):\n    raise ValueError(f'refused: {{key}}')\nconnect('{traceback}')",
    "db_password = '{assigned}'\nprint('password:', db_password)\ndb_password",
    "headers = {{'Authorization': 'Bearer {header}'}}\nheaders",
    "%track param key='{param}' access_token='{named_param}'",
    "%track note the key is {note}",
    "import trackbook as tb\ntb.tag('more', '{tag}')\ntb.params({{'nested': {{'password': '{named_param}'}}}})",
    "tb.note('again {note}')",
)


def test_no_secret_is_in_the_store(start_kernel: Callable[..., Any], fresh: Any) -> None:
    prepare(fresh.folder)
    kernel = start_kernel(
        variables={
            "MY_API_KEY": SECRETS["variable"],
            "SERVICE_SECRET": SECRETS["allowed"],
            "TRACKBOOK_VARIABLES": "SERVICE_*",
        }
    )
    shown = []
    for cell in CELLS:
        source = cell.format(**SECRETS) if "{" in cell else cell
        shown.append(kernel.run(source))
    kernel.run("tb.current_run().surroundings.wait(60)")
    kernel.run("%track end")
    kernel.stop()

    # What the user sees is as it was.
    assert SECRETS["variable"] in shown[3].stdout
    assert SECRETS["printed"] in shown[5].stdout
    files = [path for path in fresh.store.root.rglob("*") if path.is_file()]
    stored = {path: path.read_bytes() for path in files}
    assert len(stored) > 10
    for cell in fresh.last.cells:  # what the cells were and printed is in what is looked at
        assert any(cell.source.encode() in data for data in stored.values())
    assert len(fresh.last.cells) == len(CELLS) + 1  # all but the one that loads, and the two that end it
    for what, secret in SECRETS.items():
        core = secret.split("\\n")[1] if "\\n" in secret else secret
        holders = [str(path) for path, data in stored.items() if core.encode() in data]
        assert holders == [], what

    run = fresh.last
    masked = run.all(r.SecretMasked)
    places = {record.place for record in masked}
    assert {"git remote"} & places == set()  # user and password are taken away without a word
    assert {
        "git diff", "requirements.txt", "module helper", "parameter key", "parameter access_token", "tag where",
        "notes", "name of the run", "notebook, cell 1", "output of notebook, cell 2", "source of cell 4",
        "output of cell 3", "environment variable SERVICE_SECRET",
    } <= places  # fmt: skip
    kinds = {record.kind for record in masked}
    assert {"value of MY_API_KEY", "value of LATER_TOKEN", "github token", "private key"} <= kinds
    environment = run.one(r.EnvironmentCaptured).environment
    assert environment.git.remote == "https://example.org/team/project.git"
    assert environment.variables["SERVICE_SECRET"] == MASK
    assert "MY_API_KEY" not in environment.variables
    diff = run.blobs.get(environment.git.diff).decode()
    assert f"+OCEAN = '{MASK}'" in diff
    assert "#   'helper.py'" in diff
    assert MASK in run.blobs.get(environment.lock.digest).decode()
    assert run.params["access_token"] == MASK
    assert run.params["lr"] == 0.1
    assert run.params["uri"] == f"postgresql://bob:{MASK}@db/x"
    assert run.cells[4].source == f"print('{MASK}')\nimport sys\nprint('{MASK}', file=sys.stderr)"
    warnings = [
        output["text"]
        for reply in shown
        for output in reply.outputs
        if output.get("name") == "stderr" and "looks like a secret" in output["text"]
    ]
    assert len(warnings) == 1


def test_switched_off_everything_is_stored_as_it_is(start_kernel: Callable[..., Any], fresh: Any) -> None:
    kernel = start_kernel(variables={"TRACKBOOK_CAPTURE": "-secrets"})
    kernel.run("%load_ext trackbook\n%track start churn --params token='abcdefgh12345'")
    kernel.run(f"print('{SECRETS['printed']}')")
    run = fresh.last
    assert run.params == {"token": "abcdefgh12345"}
    assert SECRETS["printed"] in run.cells[1].source
    assert run.all(r.SecretMasked) == []


def test_text_that_can_not_be_searched_is_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    from trackbook.services import masking

    def fail(*_: object) -> None:
        raise RecursionError("a fault")

    monkeypatch.setattr(masking, "find_secrets", fail)
    masker = masking.Masker()
    assert masker.text("anything", "notes") == MASK
    assert [(one.kind, one.place) for one in masker.found] == [("text that could not be searched", "notes")]


def test_what_is_said_of_a_secret_shows_none(start_kernel: Callable[..., Any], fresh: Any) -> None:
    kernel = start_kernel()
    kernel.run("%load_ext trackbook")
    started = kernel.run("%track start churn --params password='tigertiger1' lr=0.1")
    answered = kernel.run("%track param db_password='liontiger1'")
    for reply in (started, answered):
        said = json.dumps(reply.outputs, ensure_ascii=False)
        assert MASK in said
        assert "tiger" not in said
    assert fresh.last.params["db_password"] == MASK
    # Also where the line is filled in from a variable, so that its source shows none.
    token = "".join(("ghp_", "a1B2c3D4e5" * 4))
    kernel.run(f"key = {token[:10]!r} + {token[10:]!r}")
    for line in (
        "note the key is {key}",
        "note this is a rather long text behind which the key is {key}",
        "tag where={key}",
        "rename {key}",
        "artifact {key}.bin",
        "start {key} --group {key}",
        "status",
    ):
        assert token[:12] not in json.dumps(kernel.run(f"%track {line}").outputs), line
    run = fresh.last
    assert (run.start.experiment, run.one(r.RunGrouped).group) == (MASK, MASK)


def test_the_warning_names_no_line_of_ours(start_kernel: Callable[..., Any], fresh: Any) -> None:
    kernel = start_kernel()
    kernel.run("%load_ext trackbook\n%track start churn")
    reply = kernel.run("password = 'tigertiger1'")
    (said,) = [one["text"] for one in reply.outputs if "looks like a secret" in one.get("text", "")]
    assert "StorageWarning" in said
    assert ".py:" not in said
    assert "self.gen" not in said
