"""A class and a configuration: what goes to which parameter."""

from dataclasses import dataclass
from typing import Any

import pytest

from hublish.base.errors import LoadError
from hublish.pipeline.restore.construction import arguments, construct


@dataclass
class Size:
    height: int
    width: int = 1


class Plain: ...


class Named:
    def __init__(self, hidden: int, bias: bool = True) -> None:
        self.given = (hidden, bias)


class Rest:
    def __init__(self, hidden: int = 1, **rest: Any) -> None:
        self.given = (hidden, rest)


class Whole:
    def __init__(self, config: dict[str, Any]) -> None:
        self.given = config


class WholeAsDataclass:
    def __init__(self, config: Size) -> None:
        self.given = config


class Nested:
    def __init__(self, size: Size | None = None, other: "Size | None" = None) -> None:
        self.given = (size, other)


class Unresolved:
    def __init__(self, size: "Nowhere") -> None:  # type: ignore[name-defined]  # noqa: F821 - on purpose
        self.given = size


@dataclass
class Data:
    hidden: int
    bias: bool = True


class Coded:
    """What huggingface_hub's mixins offer for a class's own coders."""

    def __init__(self, size: Size) -> None:
        self.given = size

    @classmethod
    def _decode_arg(cls, expected: Any, value: Any) -> Any:
        return (expected, value)


@pytest.mark.parametrize(
    ("into", "config", "expected"),
    [
        (Plain, {"hidden": 3}, {}),
        (Named, {"hidden": 3, "model_type": "x"}, {"hidden": 3}),
        (Named, {}, {}),
        (Rest, {"hidden": 3, "other": 4}, {"hidden": 3, "other": 4}),
        (Whole, {"hidden": 3}, {"config": {"hidden": 3}}),
        (Whole, {"config": {"a": 1}}, {"config": {"a": 1}}),
        (Whole, {}, {}),
        (WholeAsDataclass, {"height": 2, "other": 4}, {"config": Size(2)}),
        (Nested, {"size": {"height": 2, "width": 5}, "other": None}, {"size": Size(2, 5), "other": None}),
        (Nested, {"other": {"height": 2}}, {"other": Size(2)}),
        (Unresolved, {"size": {"height": 2}}, {"size": {"height": 2}}),
        (Data, {"hidden": 3, "bias": False}, {"hidden": 3, "bias": False}),
        (Coded, {"size": {"height": 2}}, {"size": (Size, {"height": 2})}),
    ],
)
def test_a_configuration_goes_to_the_parameters_it_names(
    into: type, config: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert arguments(into, config) == expected


def test_what_is_missing_is_an_error_that_names_the_class() -> None:
    with pytest.raises(LoadError, match=r"Named cannot be constructed without arguments: .*hidden"):
        construct(Named, {"size": 3})
    with pytest.raises(LoadError, match=r"WholeAsDataclass cannot be constructed without arguments"):
        construct(WholeAsDataclass, {})


def test_an_instance_is_made() -> None:
    assert construct(Named, {"hidden": 3}).given == (3, True)
