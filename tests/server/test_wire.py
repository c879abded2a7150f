"""Values on the wire."""

import json
import math
from datetime import UTC, datetime

from trackbook.domain.metric import Series
from trackbook.domain.run import ParamRevision
from trackbook.errors import (
    CorruptRecord,
    InvalidValue,
    ParameterError,
    QueryError,
    TrackbookError,
)
from trackbook.server.base import STATUS, describe_error
from trackbook.server.wire import encode


def test_numbers_that_json_lacks_are_texts() -> None:
    series = Series("id", "loss", {}, [0, 1, 2], [1, 2, 3], [math.nan, -math.inf, 0.1], 3)
    assert json.loads(encode(series))["values"] == ["NaN", "-Infinity", 0.1]
    nested = {"a": [{"b": [math.inf, "x", None]}], "c": [1e308, 1e308]}
    assert json.loads(encode(nested)) == {"a": [{"b": ["Infinity", "x", None]}], "c": [1e308, 1e308]}


def test_times_are_utc_with_their_microseconds() -> None:
    revision = ParamRevision("lr", 2**62, datetime(2026, 11, 21, 10, 0, 0, 123456, UTC), None)
    answer = json.loads(encode(revision))
    assert answer == {"key": "lr", "value": 2**62, "at": "2026-11-21T10:00:00.123456Z", "cell_id": None}


def test_lone_surrogates_are_escaped() -> None:
    assert json.loads(encode({"source": "\ud800 größe"})) == {"source": "\ud800 größe"}


def test_errors_carry_what_explains_them() -> None:
    assert describe_error(400, QueryError("a >", 3, "A value is expected")) == {
        "code": "query",
        "message": "A value is expected (at character 4)\n  a >\n     ^",
        "query": "a >",
        "position": 3,
        "end": 3,
        "reason": "A value is expected",
    }
    assert describe_error(400, ParameterError("lrr", "unknown", ["lr"]))["suggestions"] == ["lr"]
    assert describe_error(400, InvalidValue("lr", object(), "no"))["value_type"] == "object"
    assert describe_error(503, CorruptRecord("/store", "torn"))["code"] == "corrupt_record"


def test_what_went_wrong_inside_stays_inside() -> None:
    answer = describe_error(500, RuntimeError("secret path"))
    assert answer["code"] == "internal"
    assert "secret" not in answer["message"]


def test_every_error_has_a_status() -> None:
    def leaves(kind: type[TrackbookError]) -> list[type[TrackbookError]]:
        return [kind, *(leaf for child in kind.__subclasses__() for leaf in leaves(child))]

    for kind in leaves(TrackbookError)[1:]:
        assert any(issubclass(kind, known) for known, _ in STATUS), kind
