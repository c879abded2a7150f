"""Secrets are masked on each way into a store, and told."""

import copy
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trackbook.domain import records as r
from trackbook.domain.cell import CellError
from trackbook.domain.data import DataInput
from trackbook.domain.rich import RichContent
from trackbook.domain.run import RunError
from trackbook.domain.secret import MASK, MaskedSecret
from trackbook.services import masking
from trackbook.services.context import Services, open_services
from trackbook.services.masking import Masker
from trackbook.services.recorder import RunRecorder, StorageWarning
from trackbook.store.journal import read_records
from trackbook.store.paths import StorePaths, create_store

TOKEN = "ghp_" + "a1B2c3D4e5" * 4


@pytest.fixture(autouse=True)
def _nothing_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_learned", {})


@pytest.fixture
def services(tmp_path: Path, new_store: Callable[[Path], StorePaths]) -> Iterator[Services]:
    opened = open_services(new_store(tmp_path / ".trackbook"))
    yield opened
    opened.database.close()


@pytest.fixture
def store(tmp_path: Path) -> StorePaths:
    return create_store(tmp_path / ".trackbook")


def written(store: StorePaths, kind: type[Any]) -> list[Any]:
    records = [record for _, path in store.list_journals() for record in read_records(path)]
    return [record for record in records if isinstance(record, kind)]


def notebook() -> dict[str, Any]:
    cell = {"cell_type": "code", "id": "c1", "metadata": {"note": TOKEN}, "execution_count": 1}
    key = ["-----BEGIN PRIVATE KEY-----\n", "abc\n", "def\n", "-----END PRIVATE KEY-----\n", "after"]
    picture = {"image/png": TOKEN, "text/plain": [f"<{TOKEN}>\n", "end"], "image/svg+xml": f"<a>{TOKEN}</a>"}
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": f"{TOKEN}\n"},
        {"output_type": "display_data", "data": picture, "metadata": {"a": TOKEN}},
        {"output_type": "error", "ename": "E", "evalue": TOKEN, "traceback": [f"\x1b[31m{TOKEN}\x1b[0m"]},
        {"output_type": "execute_result", "data": {"application/json": {"x": [TOKEN]}}, "metadata": {}},
    ]
    cells = [{**cell, "source": key, "outputs": outputs}, {"cell_type": "markdown", "source": TOKEN}, "odd"]
    return {"cells": cells, "metadata": {"secret_key": "abcdefgh1"}, "nbformat": 4, "nbformat_minor": 5}


def test_notebooks_that_a_front_end_sends(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e")
    sent = notebook()
    before = copy.deepcopy(sent)
    services.snapshots.take(run.run_id, "start", "document", sent)
    run.end()
    assert sent == before
    services.runs.refresh(timeout=60)
    kept = services.snapshots.notebook(run.run_id, "start")
    first, second, odd = kept["cells"]
    assert first["source"] == [f"{MASK}\n", "after"]
    stream, picture, error, result = first["outputs"]
    assert stream["text"] == f"{MASK}\n"
    assert picture["data"]["text/plain"] == [f"<{MASK}>\n", "end"]
    assert picture["data"]["image/svg+xml"] == f"<a>{MASK}</a>"
    assert picture["data"]["image/png"] == TOKEN  # of a picture's bytes nothing is read
    assert error["traceback"] == [f"\x1b[31m{MASK}\x1b[0m"]
    assert result["data"] == {"application/json": {"x": [MASK]}}
    assert (second["source"], odd) == (MASK, "odd")
    assert kept["metadata"] == {"secret_key": MASK}
    found = services.runs.detail(run.run_id).secrets
    assert MaskedSecret("github token", "output of notebook, cell 1", 7) in found
    assert MaskedSecret("private key", "notebook, cell 1", 1) in found


def test_edits(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e")
    run.end()
    services.edits.add_note(run.run_id, f"use {TOKEN}")
    services.edits.set_tags(run.run_id, {"key": TOKEN, "gone": None})
    services.edits.rename(run.run_id, f"run {TOKEN}")
    services.runs.refresh(timeout=60)
    shown = services.runs.get(run.run_id)
    assert (shown.notes, shown.tags, shown.name) == (f"use {MASK}", {"key": MASK}, f"run {MASK}")
    services.edits.set_notes(run.run_id, TOKEN)
    services.runs.refresh(timeout=60)
    assert services.runs.get(run.run_id).notes == MASK


def say_it_all(store: StorePaths) -> RunRecorder:
    run = RunRecorder.start(store, experiment="e", params={"key": TOKEN, "lr": 0.1, "n": [1, TOKEN]})
    run.set_tags({"a": TOKEN})
    order = run.cell_started(None, 1, f"x = '{TOKEN}'")
    run.cell_finished(order, "error", 0.1, [], error=CellError("E", TOKEN, [TOKEN]))
    run.data_used(DataInput("d", f"s3://user:{TOKEN}@bucket/x", "file", "declared"))
    run.log_rich("text", RichContent("text", TOKEN.encode(), "text/plain", {"preview": TOKEN}))
    run.log_rich("picture", RichContent("image", TOKEN.encode(), "image/png", {}))
    run.end("failed", error=RunError("E", TOKEN, [f"line\n{TOKEN}"]), reason=f"of {TOKEN}")
    return run


def test_what_a_run_says(store: StorePaths) -> None:
    with pytest.warns(
        StorageWarning, match=r"\(github token, parameter key\) and masked it before"
    ) as warned:
        run = say_it_all(store)
    assert [one.filename for one in warned] == ["trackbook"]
    (params,), (finished,), (ended,) = (written(store, k) for k in (r.ParamsSet, r.CellFinished, r.RunEnded))
    assert params.values == {"key": MASK, "lr": 0.1, "n": [1, MASK]}
    assert finished.error == CellError("E", MASK, [MASK])
    assert (ended.error, ended.reason) == (RunError("E", MASK, [f"line\n{MASK}"]), f"of {MASK}")
    assert written(store, r.DataUsed)[0].data.place == f"s3://user:{MASK}@bucket/x"
    text, picture = (record.value for record in written(store, r.ValueLogged))
    assert (text.meta, text.size, run.blobs.get(text.digest)) == ({"preview": MASK}, 9, MASK.encode())
    assert run.blobs.get(picture.digest) == TOKEN.encode()
    places = {record.place: record.count for record in written(store, r.SecretMasked)}
    assert places["output of cell 1"] == 2
    assert places["error of the run"] == 2


def test_a_value_with_a_secret_name_is_known_from_then_on(store: StorePaths) -> None:
    masker = Masker()
    assert masker.text("db_password = 'tr0ubador&3'", "a") == f"db_password = '{MASK}'"
    assert Masker().text("it says tr0ubador&3 here", "b") == f"it says {MASK} here"
    masker.text("password = 'short1'; password = 'correcthorse'; password = 'postgres'", "a")
    assert Masker().text("short1, correcthorse, postgres", "b") == f"short1, {MASK}, postgres"
    assert Masker().text("correcthorses", "b") == "correcthorses"
    masker.text("access_token = 'version-2-b'", "a")
    assert Masker().text("it is version-2-b", "b") == "it is version-2-b"


SECOND = "password = 'tigertigertiger'"


def test_a_password_that_stands_again_without_its_name() -> None:
    text = f"connect('bob', 'tigertigertiger')\n{SECOND}\nconnect('eve', 'tigertigertiger')"
    masker = Masker()
    expected = f"connect('bob', '{MASK}')\npassword = '{MASK}'\nconnect('eve', '{MASK}')"
    assert masker.text(text, "a") == expected
    assert masker.found == [MaskedSecret("value of password", "a", 3)]


def test_a_password_that_stands_before_its_name_in_another_part() -> None:
    cells = [
        {"cell_type": "code", "source": "connect('tigertigertiger')", "outputs": [], "metadata": {}},
        {"cell_type": "code", "source": SECOND, "outputs": [], "metadata": {}},
    ]
    masker = Masker()
    masked = masker.notebook({"cells": cells, "metadata": {}})
    assert [cell["source"] for cell in masked["cells"]] == [f"connect('{MASK}')", f"password = '{MASK}'"]
    assert sum(one.count for one in masker.found) == 2


def test_parts_of_values_and_outputs_are_one_thing(store: StorePaths) -> None:
    assert Masker().named({"a": "use lionlionlion", "password": "lionlionlion"}, "parameter") == {
        "a": f"use {MASK}",
        "password": MASK,
    }
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": "bearbearbear"},
        {"output_type": "stream", "name": "stdout", "text": "password='bearbearbear'"},
    ]
    assert [one["text"] for one in Masker().outputs(outputs, "a")] == [MASK, f"password='{MASK}'"]
    run = RunRecorder.start(store, experiment="e")
    order = run.cell_started(None, 1, "x")
    run.cell_finished(order, "ok", 0.1, outputs)
    run.end()
    kept = [record.data for record in written(store, r.ContentKept)]
    assert len(kept) == 3  # the source and two outputs
    assert b"bearbearbear" not in b"".join(kept)


def test_json_stays_json(store: StorePaths) -> None:
    value = {
        "password": 'open "sesame" 12',
        "note": 'open "sesame" 12!',
        TOKEN: [1, None, "größe"],
        "n": 1e-3,
    }
    masked = json.loads(Masker().json(json.dumps(value).encode(), "a"))
    assert masked == {"password": MASK, "note": f"{MASK}!", MASK: [1, None, "größe"], "n": 1e-3}
    plain = b'{ "a":  [1, 2.50] }'
    assert Masker().json(plain, "a") == plain
    assert Masker().json(f"no JSON {TOKEN}".encode(), "a") == f"no JSON {MASK}".encode()
    run = RunRecorder.start(store, experiment="e")
    run.log_rich("j", RichContent("json", json.dumps(value).encode(), "application/json", {}))
    run.end()
    assert json.loads(run.blobs.get(written(store, r.ValueLogged)[0].value.digest)) == masked


def test_a_quote_in_a_password_does_not_end_it() -> None:
    assert Masker().text(r"password = 'it\'s open 77'; x = 1", "a") == f"password = '{MASK}'; x = 1"
    assert Masker().text("says it's open 77", "b") == f"says {MASK}"
    assert Masker().text(r'{"password": "a\"b\\", "x": "y"}', "c") == f'{{"password": "{MASK}", "x": "y"}}'


def test_variables_that_are_set_later(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Masker().text("it is plain-value-7", "a") == "it is plain-value-7"
    monkeypatch.setenv("SOME_TOKEN", "plain-value-7")
    masker = Masker()
    assert masker.text("it is plain-value-7", "a") == f"it is {MASK}"
    assert masker.found == [MaskedSecret("value of SOME_TOKEN", "a", 1)]
    monkeypatch.delenv("SOME_TOKEN")
    assert Masker().text("it is plain-value-7", "a") == "it is plain-value-7"
    assert "SOME_TOKEN" not in os.environ


def test_bytes_in_any_encoding() -> None:
    data = f"größe = '{TOKEN}'".encode("latin-1")
    assert Masker().data(data, "a") == data.replace(TOKEN.encode(), MASK.encode())
    binary = bytes(range(256))
    assert Masker().data(binary, "a") == binary


def test_switched_off_nothing_is_read(monkeypatch: pytest.MonkeyPatch, store: StorePaths) -> None:
    monkeypatch.setattr(masking, "find_secrets", None)
    run = RunRecorder.start(store, experiment="e", params={"key": TOKEN}, capture=frozenset())
    run.add_note(TOKEN)
    run.end()
    assert written(store, r.ParamsSet)[0].values == {"key": TOKEN}
    assert written(store, r.SecretMasked) == []
