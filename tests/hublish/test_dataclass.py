"""Our dataclasses behave as the standard ones do."""

import copy
import dataclasses
import pickle
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from hublish import _dataclass

_DEFINITIONS = """
from dataclasses import field

@dataclass(**options)
class Point:
    x: int
    y: int = 2
    tags: list = field(default_factory=list, compare=False, repr=False)

@dataclass(**options)
class Place(Point):
    name: str = "here"

    def __post_init__(self):
        object.__setattr__(self, "name", self.name.upper())

class Named(Place):
    pass

@dataclass(**options)
class Empty:
    pass

@dataclass(**options)
class Single:
    value: float
"""
_OPTIONS: tuple[dict[str, bool], ...] = ({}, {"frozen": True}, {"slots": True}, {"frozen": True, "slots": True})


def _defined(dataclass: Callable[..., Any], options: dict[str, bool]) -> SimpleNamespace:
    module = ModuleType("definitions")
    vars(module).update(dataclass=dataclass, options=options)
    exec(_DEFINITIONS, vars(module))
    return SimpleNamespace(**vars(module))


@pytest.fixture(params=_OPTIONS, ids=lambda options: "-".join(options) or "plain")
def both(request: pytest.FixtureRequest) -> tuple[SimpleNamespace, SimpleNamespace]:
    """Return the same classes, by our decorator and by the standard one."""
    return _defined(vars(_dataclass)["dataclass"], request.param), _defined(dataclasses.dataclass, request.param)


def _outcome(call: Callable[[], object]) -> object:
    try:
        return call()
    except Exception as error:
        # The standard text of an error in a call names the class as well.
        return type(error).__name__, str(error).replace("Point.", "").replace("Place.", "")


_NAN = float("nan")


@pytest.mark.parametrize(
    "call",
    {
        "representation": lambda of: repr(of.Place(1, tags=[3])),
        "representation of a subclass": lambda of: repr(of.Named(1)),
        "defaults": lambda of: dataclasses.astuple(of.Place(1)),
        "own default values": lambda of: of.Point(1).tags is of.Point(1).tags,
        "a missing argument": lambda of: of.Point(),
        "an unknown argument": lambda of: of.Point(1, z=1),
        "too many arguments": lambda of: of.Single(1, 2),
        "equal": lambda of: of.Point(1, tags=[1]) == of.Point(1, tags=[2]),
        "different": lambda of: of.Point(1) == of.Point(2),
        "of another class": lambda of: of.Point(1) == of.Place(1),
        "of another type": lambda of: of.Point(1) == (1, 2),
        "without fields": lambda of: of.Empty() == of.Empty(),
        "identical, although not equal": lambda of: of.Single(_NAN) == of.Single(_NAN),
        "hash": lambda of: hash(of.Point(1)) == hash(of.Point(1, tags=[1])),
        "hash of a value without one": lambda of: hash(of.Single([])),
        "a changed field": lambda of: setattr(of.Point(1), "x", 2),
        "a removed field": lambda of: delattr(of.Point(1), "x"),
        "a field of a subclass": lambda of: setattr(of.Named(1), "x", 2),
        "replaced": lambda of: repr(dataclasses.replace(of.Place(1), y=5)),
        "copied": lambda of: repr(copy.copy(of.Place(1, 3))),
        "copied with its values": lambda of: repr(copy.deepcopy(of.Place(1, 3, [4]))),
        "names of fields": lambda of: [each.name for each in dataclasses.fields(of.Place)],
        "matched": lambda of: of.Place.__match_args__,
        "slots": lambda of: of.Place.__dict__.get("__slots__"),
    }.items(),
    ids=lambda case: case[0],
)
def test_it_behaves_as_the_standard_one(
    both: tuple[SimpleNamespace, SimpleNamespace], call: tuple[str, Callable[[SimpleNamespace], object]]
) -> None:
    ours, standard = both
    assert _outcome(lambda: call[1](ours)) == _outcome(lambda: call[1](standard))


@pytest.mark.parametrize("slots", [False, True])
def test_a_subclass_of_a_frozen_class_has_attributes_of_its_own(*, slots: bool) -> None:
    # The standard decorator raises a TypeError if the class has slots.
    value = _defined(vars(_dataclass)["dataclass"], {"frozen": True, "slots": slots}).Named(1)
    value.other = 2
    assert value.other == 2


@_dataclass.dataclass(frozen=True, slots=True)
class Kept:
    """A class that a pickle can name."""

    first: int
    second: tuple[int, ...] = ()


def test_a_frozen_object_with_slots_is_pickled() -> None:
    value = Kept(1, (2,))
    assert pickle.loads(pickle.dumps(value)) == value


def test_nothing_is_compiled_before_the_first_object(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(dataclasses, "_create_fn", refused, raising=False)
    made = _defined(vars(_dataclass)["dataclass"], {"frozen": True, "slots": True})
    monkeypatch.undo()
    assert made.Point(1, 2).y == 2


@pytest.mark.parametrize("body", ["def __eq__(self, other): return True", "def __repr__(self): return 'own'"])
def test_a_class_that_writes_a_method_itself_is_left_to_the_standard_decorator(body: str) -> None:
    made = []
    for dataclass in (vars(_dataclass)["dataclass"], dataclasses.dataclass):
        module: dict[str, Any] = {"dataclass": dataclass}
        exec(f"@dataclass(frozen=True)\nclass Own:\n    x: int\n    {body}", module)
        made.append((module["Own"](1) == module["Own"](2), "own" in repr(module["Own"](1))))
    assert made[0] == made[1]
