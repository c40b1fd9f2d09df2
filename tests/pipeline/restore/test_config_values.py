"""Arguments come back equal, with their types, or are refused by name before config.json is written."""

from __future__ import annotations

import argparse
import collections
import datetime
import decimal
import enum
import fractions
import math
import types
import uuid
from collections.abc import Callable, Sequence  # noqa: F401 - annotations name them
from dataclasses import InitVar, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, NotRequired, TypedDict  # noqa: F401 - likewise

import numpy as np
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hublish.base.errors import HublishError
from hublish.pipeline.restore.recorded_call import ConfigError
from tests.pipeline.restore.calls import back, of_one, same

if TYPE_CHECKING:
    from nowhere import Absent  # type: ignore[import-not-found]  # noqa: F401 - named, and not importable


class Act(enum.Enum):
    RELU = "relu"
    PAIR = ("p", 1)


class Level(enum.IntEnum):
    LOW = 1


class Word(str, enum.Enum):  # noqa: UP042 - the older form, which strings are compared with
    A = "a"


class Bits(enum.Flag):
    A = 1
    B = 2


class Text(str):
    __slots__ = ()


@dataclass
class Inner:
    x: int = 1


@dataclass
class Sub(Inner):
    y: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    a: int
    b: tuple[int, ...] = (1,)


@dataclass
class Tree:
    value: int
    children: list[Tree] = field(default_factory=list)
    parent: Tree | None = None


@dataclass
class Derived:
    a: int
    factor: InitVar[int] = 3
    product: int = field(init=False, default=0)

    def __post_init__(self, factor: int) -> None:
        self.product = self.a * factor


@dataclass(eq=False)
class Identity:
    rate: float = 0.5


@dataclass
class A:
    kind: str = "a"
    x: int = 1


@dataclass
class B:
    kind: str = "b"
    y: int = 1


class Pair(NamedTuple):
    a: int
    b: Inner


class Typed(TypedDict):
    a: tuple[int, int]
    b: NotRequired[Inner]


class Model(pydantic.BaseModel):
    a: int = 1
    sizes: tuple[int, int] = (1, 2)


RECURSIVE: list[Any] = []
RECURSIVE.append(RECURSIVE)


KEPT = [
    (None, [1, {"z": None, "a": [True, 0.5, "x"]}]),
    (None, 10**100),
    ("Any", "text"),
    ("float", -0.0),
    ("float", 1),
    ("int", True),
    ("int", None),
    ("tuple", (1, "a")),
    ("tuple[()]", ()),
    ("tuple[tuple[int, ...], ...]", ((1, 2), (3,))),
    ("list[tuple[int, int]]", [(1, 2)]),
    ("tuple[int, int] | None", (1, 2)),
    ("int | tuple[int, int]", 4),
    ("int | tuple[int, int]", (4, 5)),
    ("Annotated[tuple[int, int], 'size']", (1, 2)),
    ("Sequence[int]", [1, 2]),
    ("set[int]", {3, 1}),
    ("frozenset[str]", frozenset({"a"})),
    ("bytes", b"\x00\xff"),
    ("complex", 1 - 2j),
    ("decimal.Decimal", decimal.Decimal("1.10")),
    ("fractions.Fraction", fractions.Fraction(1, 3)),
    ("uuid.UUID", uuid.UUID(int=5)),
    ("datetime.datetime", datetime.datetime(2020, 1, 2, 3, 4, 5, 6, datetime.UTC)),
    ("datetime.date", datetime.date(2020, 1, 2)),
    ("datetime.timedelta", datetime.timedelta(1, 2, 3)),
    ("Path", Path("a/b")),
    ("Path | str", "a"),
    ("Act", Act.RELU),
    ("Act | None", Act.PAIR),
    ("Level", Level.LOW),
    ("Word", Word.A),
    ("Bits", Bits.A | Bits.B),
    ("Literal['a', 'b']", "a"),
    ("Inner", Inner(4)),
    ("Sub", Sub(4, 5)),
    ("Frozen", Frozen(a=3, b=(4, 5))),
    ("Tree", Tree(1, [Tree(2), Tree(3, [Tree(4)])], Tree(9))),
    ("Derived", Derived(2)),
    ("list[Inner | None]", [Inner(2), None]),
    ("tuple[Inner, ...]", (Inner(1),)),
    ("dict[str, Inner]", {"z": Inner(1), "a": Inner(2)}),
    ("dict[int, str]", {2: "b", 1: "a"}),
    ("dict[float, int]", {0.5: 1}),
    ("dict[bool, int]", {True: 1, False: 2}),
    ("dict[Word, int]", {Word.A: 1}),
    ("dict[Level, int]", {Level.LOW: 1}),
    ("collections.OrderedDict[str, int]", collections.OrderedDict(b=1, a=2)),
    ("A | B", B("q", 5)),
    ("list[A | B]", [A(), B()]),
    ("Pair", Pair(1, Inner(3))),
    ("Typed", {"a": (1, 2), "b": Inner(3)}),
    ("np.int64", np.int64(7)),
    ("np.float32", np.float32(0.1)),
    ("np.bool_", np.bool_(True)),
    ("np.dtype", np.dtype("float32")),
    ("argparse.Namespace", argparse.Namespace(a=1, b=[1])),
    ("types.SimpleNamespace", types.SimpleNamespace(a=1)),
    ("Model", Model(a=3, sizes=(4, 5))),
    ("Callable[..., int]", 3),
]


@pytest.mark.parametrize(("annotation", "value"), KEPT, ids=repr)
def test_a_value_comes_back_as_its_annotation_says(annotation: str | None, value: Any) -> None:
    assert same(back(of_one(annotation, globals()), value).arg, value)


@pytest.mark.parametrize(("annotation", "value"), [row for row in KEPT if row[0]], ids=repr)
def test_without_the_annotation_it_comes_back_or_is_refused(annotation: str | None, value: Any) -> None:
    try:
        again = back(of_one(None, globals()), value).arg
    except ConfigError as error:
        assert "argument 'arg" in str(error)  # noqa: PT017 - either result is right
    else:
        assert same(again, value)


@pytest.mark.parametrize(
    ("annotation", "value", "message"),
    [
        ("float", math.nan, "'arg' is nan, which JSON does not have"),
        (None, [1, -math.inf], r"'arg\[1\]' is -inf"),
        pytest.param("int", 10**5000, "'arg' is a number of more than 4,000 digits", id="huge"),
        ("str", "\ud800", "'arg' cannot be read back: .*lone surrogate"),
        (None, Text("a"), "'arg' is a value of type .*Text"),
        (None, (1, 2), "'arg' is of type tuple, and would come back as list"),
        ("list[int]", (1, 2), "'arg' is of type tuple, and would come back as list"),
        ("tuple[int, int]", [1, 2], "'arg' is of type list, and would come back as tuple"),
        ("Absent", (1, 2), "'arg' is of type tuple"),
        ("datetime.date", datetime.datetime(2020, 1, 2), "'arg' is of type datetime"),  # noqa: DTZ001 - without one
        ("str | Path", Path("a"), "'arg' is of type .*Path, and would come back as str"),
        ("Inner", Sub(1, 2), "'arg' is of type Sub, and would come back as Inner"),
        ("Derived", Derived(2, 5), r"'arg\.product' would come back with another value"),
        ("argparse.Namespace", argparse.Namespace(a=(1,)), r"'arg\['?a'?\]' is of type tuple"),
        ("dict[int | str, int]", {1: 1}, "'arg' would come back with other keys"),
        (None, {1: 1, "1": 2}, "'arg' is a mapping with the key '1'"),
        ("dict", {(1, 2): 3}, r"'arg' is a mapping with the key \(1, 2\)"),
        ("dict", collections.defaultdict(list), "'arg' is a value of type collections.defaultdict"),
        ("int", np.int64(7), "'arg' is of type int64, and would come back as int"),
        ("float", np.float64(0.5), "'arg' is of type float64"),
        ("np.ndarray", np.ones(2), "'arg' is a value of type numpy.ndarray"),
        ("np.dtype", np.dtype([("a", "i4")]), "'arg' is of type VoidDType"),
        (None, len, "'arg' is the function len"),
        ("type", Inner, "'arg' is the class Inner"),
        (None, object(), "'arg' is a value of type object"),
        (None, RECURSIVE, "'arg' is nested too deep, or contains itself"),
    ],
)
def test_a_value_that_would_come_back_changed_is_refused_by_name(
    annotation: str | None, value: Any, message: str
) -> None:
    with pytest.raises(ConfigError, match=f"argument {message}"):
        back(of_one(annotation, globals()), value)


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.complex_numbers() | st.binary()
values = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text() | st.integers() | st.booleans(), inner, max_size=3),
        st.builds(Inner, inner),
        st.builds(np.float32, st.floats(width=32)),
    ),
    max_leaves=6,
)
ANNOTATIONS = (
    None,
    "Any",
    "tuple",
    "list",
    "dict[int, Any]",
    "dict[str, tuple]",
    "Inner",
    "Inner | None",
    "bytes | int",
)


@settings(max_examples=300, deadline=None)
@given(values, st.sampled_from(ANNOTATIONS))
def test_no_value_comes_back_changed(value: Any, annotation: str | None) -> None:
    kind = of_one(annotation, globals())
    try:
        again = back(kind, value).arg
    except HublishError as error:
        assert "'arg" in str(error)  # noqa: PT017 - either result is right
    else:
        assert same(again, value)
