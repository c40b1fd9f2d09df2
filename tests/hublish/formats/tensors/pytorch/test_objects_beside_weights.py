"""Checkpoints with objects of any class beside the weights are converted, and the objects are never built."""

import argparse
import collections
import datetime
import decimal
import enum
import fractions
import functools
import io
import pathlib
import pickle
import types
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hublish.base.errors import SerializationError
from hublish.formats.interface import Written
from hublish.formats.safetensors import Safetensors
from tests.hublish.formats.tensors.pytorch.assembling import (
    FOUR,
    call,
    checkpoint,
    dict_of,
    legacy,
    list_of,
    named,
    pickled,
    storage,
    tensor,
    text,
    tuple_of,
    typed_tensor,
)

Dump = Callable[..., tuple[Written, ...]]


class Color(enum.Enum):
    RED = 1


class Outer:
    class Color(enum.Enum):
        RED = 1


class OwnDict(collections.OrderedDict[str, Any]):
    pass


class OwnList(list[int]):
    pass


class OwnFloat(float):
    pass


class Built:
    """An object that fails the test when it is built."""

    def __init__(self) -> None:
        self.x = 1

    def __setstate__(self, state: object) -> None:
        raise AssertionError("it was built")


class Slots:
    __slots__ = ("a",)

    def __init__(self) -> None:
        self.a = 1


@dataclass
class Settings:
    a: int = 1


@dataclass(frozen=True)
class ByKeyword:
    a: int

    def __getnewargs_ex__(self) -> tuple[tuple[int, ...], dict[str, int]]:
        return (), {"a": self.a}


Pair = collections.namedtuple("Pair", "a b")
OBJECTS: dict[str, Any] = {
    "numpy float": np.float64(0.5),
    "numpy integer": np.int64(2),
    "numpy bool": np.bool_(True),
    "numpy string": np.str_("a"),
    "numpy type": np.dtype("f4"),
    "random state": np.random.RandomState(0).get_state(),
    "namespace": argparse.Namespace(lr=0.1, kind=Color.RED),
    "simple namespace": types.SimpleNamespace(a=1),
    "path": pathlib.PurePosixPath("a/b"),
    "local path": pathlib.Path("a"),
    "buffer": io.BytesIO(b"x"),
    "ordered dict": OwnDict(a=1),
    "default dict": collections.defaultdict(list, a=[1]),
    "user dict": collections.UserDict(a=1),
    "chained": collections.ChainMap({"a": 1}),
    "counter": collections.Counter("aab"),
    "deque": collections.deque([1]),
    "list": OwnList([1, 2]),
    "float": OwnFloat(1.0),
    "member": Color.RED,
    "nested member": Outer.Color.RED,
    "partial": functools.partial(int, base=2),
    "object": Built(),
    "slots": Slots(),
    "data": Settings(),
    "named tuple": Pair(1, Color.RED),
    "function": functools.reduce,
    "method": "abc".upper,
    "class": Built,
    "time": datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC),
    "day": datetime.date(2026, 1, 2),
    "duration": datetime.timedelta(1),
    "set": {1, 2},
    "frozen set": frozenset({"a"}),
    "decimal": decimal.Decimal("1.5"),
    "fraction": fractions.Fraction(1, 2),
    "id": uuid.UUID(int=1),
    "complex": 1 + 2j,
    "slice": slice(1, 2),
    "range": range(3),
    "exception": ValueError("x"),
    "ellipsis": ...,
    "keys": {("a", 1): 2, None: 3, b"x": 1, Color.RED: 1, 2**70: 1, 1.5: 1, (("deep",),): 1, frozenset(): 1},
}


def body_of(value: Any, protocol: int) -> bytes:
    """Return a pickle without its header and its end."""
    return pickle.dumps(value, protocol)[2:-1]


def names(dump: Dump, path: Path, **options: Any) -> list[str]:
    (written,) = dump(path, "model.safetensors", **options)
    return list(Safetensors().load({written.path_in_repo: written.path}))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("value", OBJECTS.values(), ids=OBJECTS.keys())
def test_an_object_beside_the_state_dict_does_not_matter(dump: Dump, tmp_path: Path, value: Any, protocol: int) -> None:
    nested = pickled(dict_of({"x": body_of(value, protocol), "model": dict_of({"w": tensor()})}), protocol)
    path = checkpoint(tmp_path / "m.pt", nested)
    assert names(dump, path) == names(dump, path, key="model") == ["w"]
    flat = pickled(dict_of({"w": tensor(), "x": body_of(value, protocol)}), protocol)
    path = checkpoint(tmp_path / "flat.pt", flat)
    assert names(dump, path, exclude=["x"]) == ["w"]
    with pytest.raises(SerializationError, match="entry 'x' of the state dict is ") as caught:
        dump(path, "model.safetensors")
    # The random state has an array, which could be a weight in other places.
    if value is not OBJECTS["random state"]:
        assert caught.value.hint == "exclude it: options: {exclude: [x]}"


def test_an_object_keyed_by_objects_is_left_out_of_a_flat_state_dict(dump: Dump, tmp_path: Path) -> None:
    keys = body_of(("a", 1), 2) + body_of(3, 2) + body_of(7, 2) + body_of("note", 2)
    path = checkpoint(tmp_path / "m.pt", pickled(b"}(" + text("w") + tensor() + keys + b"u"))
    with pytest.raises(SerializationError, match=r"entry \"\('a', 1\)\" of the state dict is a int") as caught:
        dump(path, "model.safetensors")
    assert names(dump, path, exclude=["('a', 1)", "7"]) == ["w"]
    assert caught.value.hint == 'exclude it: options: {exclude: ["(\'a\', 1)", "7"]}'


def test_the_hint_excludes_names_with_wildcards_alone(dump: Dump, tmp_path: Path) -> None:
    entries = {"w*": tensor(), "w[0]": text("x"), "*": text("y"), "null": text("z")}
    path = checkpoint(tmp_path / "m.pt", pickled(dict_of(entries)))
    with pytest.raises(SerializationError) as caught:
        dump(path, "model.safetensors")
    assert caught.value.hint == 'exclude it: options: {exclude: ["w[[]0]", "[*]", "null"]}'
    assert names(dump, path, exclude=["w[[]0]", "[*]", "null"]) == ["w*"]


SPARSE = call("torch._utils._rebuild_sparse_tensor", text("x"), tuple_of())
FOREIGN: dict[str, tuple[bytes, str]] = {
    "sparse": (SPARSE, "a sparse tensor, which safetensors cannot hold"),
    "quantized": (call("torch._utils._rebuild_qtensor"), "a quantized tensor"),
    "quantized parameter": (
        call("torch._utils._rebuild_parameter", call("torch._utils._rebuild_qtensor"), b"\x89", b"N"),
        "a quantized tensor",
    ),
    "complex": (typed_tensor("torch.complex128", 16), r"elements of type torch\.complex128"),
    "subclass": (
        named("torch._tensor._rebuild_from_type_v2")
        + tuple_of(
            named("torch._utils._rebuild_parameter"), named("mine.Tensor"), tuple_of(tensor(), b"\x89", b"N"), b"N"
        )
        + b"R",
        r"a mine\.Tensor, which safetensors cannot hold",
    ),
    "in a tuple": (tuple_of(call("torch._utils._rebuild_qtensor"), b"N"), "a tuple that holds a quantized tensor"),
    "in an object": (
        named("torch.ScriptObject") + b")\x81" + tuple_of(tensor()) + b"b",
        "ScriptObject that holds a te",
    ),
    "in a list": (list_of(tensor()), "a list that holds a tensor"),
    "numpy array": (body_of(np.ones(2), 2), r"a numpy\.ndarray, not a tensor"),
    "numpy array of protocol 5": (body_of(np.ones(2), 5), r"is a numpy\._core\.numeric\._frombuffer, not a tensor"),
}


@pytest.mark.parametrize(("body", "problem"), FOREIGN.values(), ids=FOREIGN.keys())
def test_a_tensor_that_cannot_be_held_matters_only_when_it_is_selected(
    dump: Dump, tmp_path: Path, body: bytes, problem: str
) -> None:
    path = checkpoint(tmp_path / "m.pt", pickled(dict_of({"w": tensor(), "note": text("x"), "b": body}), 5))
    with pytest.raises(SerializationError, match=f"entry 'b' of the state dict is {problem}|{problem}") as caught:
        dump(path, "model.safetensors")
    assert not caught.value.hint.startswith("exclude")
    assert names(dump, path, exclude=["b", "note"]) == ["w"]
    assert names(dump, path, include=["w"]) == ["w"]


@pytest.mark.parametrize("name", ["0._packed_params", "fc._packed_params._packed_params"])
def test_the_packed_weights_of_a_quantized_module_are_named(dump: Dump, tmp_path: Path, name: str) -> None:
    path = checkpoint(tmp_path / "m.pt", pickled(dict_of({"scale": tensor(), name: tuple_of(tensor(), b"N")})))
    with pytest.raises(SerializationError, match="packed weights of a quantized module") as caught:
        dump(path, "model.safetensors")
    assert "before it was quantized" in caught.value.hint


def test_objects_of_the_format_before_1_6_bring_their_source_code(dump: Dump, tmp_path: Path) -> None:
    module = tuple_of(text("module"), named("mine.Net"), text("net.py"), text("import os")) + b"Q"
    saved = pickled(dict_of({"net": module + b")\x81" + b"}b", "model": dict_of({"w": tensor()})}))
    (tmp_path / "m.pt").write_bytes(legacy(saved, {"0": FOUR}))
    assert names(dump, tmp_path / "m.pt") == ["w"]


def test_storages_of_other_types_do_not_hide_the_place_of_the_next_one(dump: Dump, tmp_path: Path) -> None:
    foreign = tensor((1,), held=storage("torch.ComplexDoubleStorage", "0", 1))
    entries = {"c": foreign, "w": tensor(held=storage(key="1"))}
    data = legacy(pickled(dict_of(entries)), {"0": bytes(16)})
    # The length of a storage is in its own elements, so the second one is found only with the width of the first.
    head, _, _ = data.rpartition(b"](")
    keys = pickled(list_of(text("0"), text("1")))[2:]
    (tmp_path / "m.pt").write_bytes(head + keys + b"\1" + bytes(7) + bytes(16) + b"\4" + bytes(7) + FOUR)
    assert names(dump, tmp_path / "m.pt", exclude=["c"]) == ["w"]


def test_pairs_of_four_bit_floats_are_converted(dump: Dump, tmp_path: Path) -> None:
    path = checkpoint(
        tmp_path / "m.pt", pickled(dict_of({"w": typed_tensor("torch.float4_e2m1fn_x2", 16)})), {"0": bytes(16)}
    )
    (written,) = dump(path, "model.safetensors")
    (found,) = Safetensors().load({written.path_in_repo: written.path}).tensors
    assert (found.dtype, found.shape, found.nbytes) == ("F4", (2,), 1)
