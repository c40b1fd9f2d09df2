"""Every kind of call is repeated, or refused by the name of the argument."""

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from hublish.base.errors import UsageError
from hublish.pipeline.restore.arguments import Constructor
from hublish.pipeline.restore.recorded_call import ConfigError, RecordedCall, render_config
from tests.pipeline.restore.calls import back, of_one, same


@dataclass
class Inner:
    x: int = 1


@dataclass
class Sized:
    a: int
    b: tuple[int, ...] = (1,)


class Both:
    def __init__(self, n: int = 2, *sizes: int, **kw: Any) -> None:
        self.seen = n, sizes, kw


class First:
    def __init__(self, n: int = 2, /, m: int = 1, *, k: int = 0) -> None:
        self.seen = n, m, k


class PositionalAndRest:
    def __init__(self, n: int = 2, /, **kw: Any) -> None:
        self.seen = n, kw


class Whole:
    def __init__(self, config: Any = None, hidden: int = 4, **kw: Any) -> None:
        self.seen = config, hidden, kw


class WholeInner:
    def __init__(self, config: Inner, x: int = 7) -> None:
        self.seen = config, x


class Tuples:
    def __init__(self, sizes=(1, 2), kinds: list[int] = (), *, act=len):  # type: ignore[no-untyped-def,assignment]  # noqa: ANN001, ANN204
        self.seen = sizes, kinds, act


class Loading:
    def __init__(self, revision: str, token: int, strict: bool, model_id: str = "x", self_: int = 1) -> None:
        self.seen = revision, token, strict, model_id, self_


@pytest.mark.parametrize(
    ("kind", "args", "kwargs"),
    [
        (Both, (), {}),
        (Both, (5,), {}),
        (Both, (2, 3, 4), {"extra": "e", "also": 1}),
        (Both, (2,), {"b": 1, "a": 2}),
        (First, (5,), {"m": 4}),
        (First, (), {"k": 3}),
        (PositionalAndRest, (5,), {"m": 1}),
        (Whole, ({"a": 1},), {"hidden": 5, "b": 2}),
        (Whole, ({"z": 1, "a": 1},), {}),
        (Whole, ("small",), {}),
        (Whole, ({},), {}),
        (Whole, ({"config": 1},), {}),
        (Whole, ({"hidden": 9},), {"hidden": 5}),
        (Whole, (None,), {"hidden": 6}),
        (Whole, (), {"kw": 3}),
        (Both, (), {"config": {"a": 1}}),
        (Both, (), {"kw": {"a": 1}, "n": 3}),
        (WholeInner, (Inner(3),), {"x": 5}),
        (Tuples, (), {}),
        (Tuples, ((1, 2), [3]), {"act": len}),
        (Loading, ("r", 1, True, "m"), {"self_": 3}),
    ],
)
def test_every_kind_of_call_is_repeated(kind: type[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    again = back(kind, *args, **kwargs)
    assert same(again.seen, kind(*args, **kwargs).seen)


@pytest.mark.parametrize(
    ("kind", "args", "kwargs", "name"),
    [
        (Both, (2,), {"sizes": [1]}, "sizes"),
        (PositionalAndRest, (5,), {"n": 1}, "n"),
        (Tuples, ([1, 2],), {}, "sizes"),
        (Tuples, (), {"act": print}, "act"),
    ],
)
def test_a_call_that_no_mapping_expresses_is_refused(
    kind: type[Any], args: tuple[Any, ...], kwargs: dict[str, Any], name: str
) -> None:
    with pytest.raises(ConfigError, match=f"argument '{name}'"):
        back(kind, *args, **kwargs)


def test_all_arguments_are_named_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        back(Both, len, 3, extra=print)
    assert [problem.message.split("'")[1] for problem in refused.value.problems] == ["n", "extra"]


def test_arguments_are_recorded_before_they_change() -> None:
    given = {"a": [1]}
    call = RecordedCall.of(Whole, (given,), {})
    assert call is not None
    given["a"].append(2)
    assert json.loads(call.render(Whole) or b"") == {"config": {"a": [1]}, "hidden": 4}


def test_for_a_class_that_loads_itself_keywords_of_loading_are_refused() -> None:
    for kind, args, name in ((Loading, ("r", 1, True), "revision"), (Both, (1, 2), "sizes"), (First, (5,), "n")):
        call = RecordedCall.of(kind, args, {})
        assert call is not None
        with pytest.raises(ConfigError, match=f"argument '{name}' cannot be passed by its name"):
            call.render(kind, by_itself=("revision", "token"))


def test_nothing_in_a_file_chooses_a_type() -> None:
    made = Constructor(of_one("Inner | None", globals())).construct({"arg": {"__class__": "os.system", "x": "echo"}})
    assert made.arg == Inner("echo")  # type: ignore[arg-type]  # as the file has it


@pytest.mark.parametrize(
    ("into", "config", "expected"),
    [
        (dict, {"b": 1, "a": {"c": [None]}}, {"b": 1, "a": {"c": [None]}}),
        (dict, Sized(1), {"a": 1, "b": [1]}),
        (of_one("Inner", globals()), {"arg": {"x": 3}}, {"arg": {"x": 3}}),
        (of_one("Inner", globals()), {"arg": Inner(3)}, {"arg": {"x": 3}}),
        (dict, "text", "text"),
    ],
)
def test_the_configuration_of_a_caller_is_written(into: type, config: Any, expected: Any) -> None:
    written = json.loads(render_config(into, config))
    assert same(written, expected)


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ({"a": (1, 2)}, "'a' is of type tuple"),
        ({"a": np.int64(1)}, "'a' is of type int64"),
        ({"a": {"b": object()}}, r"'a\['b'\]' is a value of type object"),
        ({1: 2}, "'1' is a key"),
        ({"a": "\ud800"}, "'a' cannot be read back"),
        (Inner((1,)), "'x' is of type tuple"),  # type: ignore[arg-type]  # what the annotation does not say
        (math.nan, "the configuration is nan"),
    ],
)
def test_a_configuration_that_would_come_back_changed_is_refused(config: Any, name: str) -> None:
    with pytest.raises(UsageError, match=name):
        render_config(dict, config)
