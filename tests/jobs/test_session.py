"""Messages to and from a job's cells: written quickly, and yet as Jupyter writes them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from jupyter_client.session import Session, json_unpacker

from trackbook.jobs.session import JobSession, open_session


@pytest.mark.parametrize(
    "content",
    [
        {"code": "print('ä\U0001f600')", "silent": False, "user_expressions": {}},
        {"text": "\udc80 alone"},
        {"number": 2**70},
        {"at": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)},
        {"key": {"a": (1, 2), "b": None, "": 1e-7}},
        pytest.param(
            {"data": [1.0, float("nan"), float("-inf")]}, marks=pytest.mark.filterwarnings("ignore")
        ),
    ],
)
def test_parts_are_written_as_jupyter_writes_them(content: dict[str, Any]) -> None:
    ours, theirs = JobSession(key=b"k"), Session(key=b"k")
    message = theirs.msg("execute_request", content, metadata={"cellId": "c"})
    for own, other in zip(ours.serialize(message)[2:], theirs.serialize(message)[2:], strict=True):
        assert json_unpacker(own) == json_unpacker(other)


def test_a_kernel_reads_what_a_session_writes() -> None:
    ours = JobSession(key=b"secret")
    kernels = Session(key=b"secret")
    frames = ours.serialize(ours.msg("execute_request", {"code": "1"}, metadata={"tags": ["x"]}))
    read = kernels.deserialize(kernels.feed_identities(frames)[1])
    assert read["content"] == {"code": "1"}
    assert read["metadata"] == {"tags": ["x"]}
    assert read["header"]["date"].tzinfo is not None
    assert json.loads(frames[2])["msg_type"] == "execute_request"


def test_runners_share_a_session_whose_messages_differ() -> None:
    assert open_session() is open_session()
    ids = {open_session().msg("execute_request")["msg_id"] for _ in range(100)}
    assert len(ids) == 100
