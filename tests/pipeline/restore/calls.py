"""Calls of classes, repeated from the config.json that is written for them."""

import json
from typing import Any

from hublish.pipeline.restore.arguments import Constructor
from hublish.pipeline.restore.recorded_call import RecordedCall


def same(left: Any, right: Any) -> bool:
    """Compare more strictly than `==`: 1, 1.0 and True differ, and so do 0.0 and -0.0."""
    return type(left) is type(right) and repr(left) == repr(right)


def of_one(annotation: str | None, names: dict[str, Any]) -> type[Any]:
    """Return a class with one argument, whose annotation is a string, as in a module that postpones annotations."""
    of_argument = "" if annotation is None else f": {annotation!r}"
    made = dict(names)
    exec(f"class Kind:\n    def __init__(self, arg{of_argument}):\n        self.arg = arg", made)
    kind: type[Any] = made["Kind"]
    return kind


def back(kind: type[Any], *args: Any, **kwargs: Any) -> Any:
    """Return the instance that loading makes of the config.json of a call."""
    call = RecordedCall.of(kind, args, kwargs)
    assert call is not None
    stored = call.render(kind)
    return Constructor(kind).construct({} if stored is None else json.loads(stored))
