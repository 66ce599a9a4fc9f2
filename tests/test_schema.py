"""What strangers write: read as declared, or one sentence that names the field."""

import json
from typing import Any

import numpy as np
import pytest

from kmtalk_core.errors import KMTalkError, TakeError
from kmtalk_core.schema import (
    Anything,
    Choice,
    Either,
    Flag,
    Kind,
    ListOf,
    MapOf,
    Maybe,
    Number,
    PathText,
    Record,
    Text,
    Whole,
    loads,
)

EDIT = Record(
    {
        "frame": Whole(0, 99),
        "pose": Maybe(Either((MapOf(Number(-1e3, 1e3)), ListOf(Number(-1e3, 1e3), 2, 2)))),
        "state": Choice(("edited", "locked")),
        "add": Flag(),
    },
    optional=("pose", "state", "add"),
)


def test_what_is_declared_is_read_with_its_types() -> None:
    read = EDIT.read({"frame": 5.0, "pose": {"jawOpen": 1}, "add": True}, "Edit 1")
    assert read == {"frame": 5, "pose": {"jawOpen": 1.0}, "add": True}
    assert type(read["frame"]) is int and type(read["pose"]["jawOpen"]) is float
    assert EDIT.read({"frame": 5, "pose": [np.float32(0.5), np.int64(1)]}, "Edit 1")["pose"] == [0.5, 1.0]
    assert EDIT.read({"frame": 5, "pose": None}, "Edit 1")["pose"] is None


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([], "Edit 1 must be an object."),
        ({}, "Edit 1: frame is missing."),
        ({"frame": True}, "Edit 1: frame must be a whole number from 0 to 99."),
        ({"frame": 100}, "Edit 1: frame must be a whole number from 0 to 99."),
        ({"frame": 1.5}, "Edit 1: frame must be a whole number from 0 to 99."),
        ({"frame": float("nan")}, "Edit 1: frame must be a whole number from 0 to 99."),
        ({"frame": 10**400}, "Edit 1: frame must be a whole number from 0 to 99."),
        ({"frame": 1, "pose": {"jawOpen": float("inf")}}, "Edit 1: pose.jawOpen must be a number from -1000 to 1000."),
        ({"frame": 1, "pose": {"jawOpen": 10**400}}, "Edit 1: pose.jawOpen must be a number from -1000 to 1000."),
        ({"frame": 1, "pose": [1, "2"]}, "Edit 1: pose[1] must be a number from -1000 to 1000."),
        ({"frame": 1, "state": "gone"}, "Edit 1: state must be one of edited, locked."),
        ({"frame": 1, "add": 1}, "Edit 1: add must be true or false."),
        ({"frame": 1, "jump": 1}, "Edit 1 has no field 'jump': the fields are frame, pose, state, add."),
        ({"frame": 1, 2: 1}, "Edit 1 must be an object."),
    ],
)
def test_what_is_not_is_named_in_one_sentence(value: Any, says: str) -> None:
    with pytest.raises(TakeError) as caught:
        EDIT.read(value, "Edit 1", TakeError)
    assert str(caught.value) == says


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Number(), "1"),
        (Number(), 1j),
        (Number(0), -1),
        (Text(3), "four"),
        (Text(shortest=1), ""),
        (Text(), "half a pair \ud83d"),
        (Text(), "a\0b"),
        (Text(), b"bytes"),
        (PathText(), ""),
        (PathText(), "a\0b"),
        (ListOf(Anything(), 2), [1, 2, 3]),
        (ListOf(Anything()), "text"),
        (MapOf(Anything()), {1: 2}),
        (MapOf(Anything(), 1), {"a": 1, "b": 2}),
        (Choice(("a",)), ["a"]),
    ],
)
def test_values_that_look_alike_are_told_apart(kind: Kind, value: Any) -> None:
    with pytest.raises(KMTalkError, match=r"^It (must be|holds) .*; write it anew\.$"):
        kind.read(value, "It", advice="write it anew")


def test_unknown_fields_are_kept_or_left_out_where_that_is_declared() -> None:
    assert Record({"a": Flag()}, unknown="keep").read({"a": True, "b": 1}, "It") == {"a": True, "b": 1}
    assert Record({"a": Flag()}, unknown="drop").read({"a": True, "b": 1}, "It") == {"a": True}


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"a": NaN}', "[Infinity]", "[" * 100_000, b"\xff\xfe", "[" + "1" * 5000 + "]"],
    ids=["nothing", "half", "NaN", "Infinity", "deep", "no UTF-8", "a number of 5000 digits"],
)
def test_what_is_no_json_is_one_sentence(text: Any) -> None:
    with pytest.raises(TakeError, match=r"^The file is not valid JSON; write it anew\.$"):
        loads(text, "The file", TakeError, advice="write it anew")


def test_json_that_would_unpack_to_gigabytes_is_refused_before_it_is() -> None:
    for bomb in ("[" + "{}," * 200_000 + "{}]", "[" + "[]," * 600_000 + "[]]", "[" + "0," * 900_000 + "0]"):
        assert len(bomb) < 2_000_000
        with pytest.raises(TakeError, match="would take more than 32 MB of memory"):
            loads(bomb, "The file", TakeError, room=32 << 20)
    honest = [{"frame": frame, "time": frame / 30, "label": "a"} for frame in range(10_000)]
    assert loads(json.dumps(honest), "The file") == honest
