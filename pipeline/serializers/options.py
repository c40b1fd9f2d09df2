"""An artifact's options, checked against the serializer's own model."""

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from hublish.pipeline.errors import SerializationError
from hublish.pipeline.serializers.interface import Format
from hublish.schemas.base import Document
from hublish.schemas.problems import Problem


class InvalidOptionsError(SerializationError):
    """A serializer's options were refused; `problems` holds every reason, with paths inside the options."""

    code = "serializer.options"


def validate_options(format_: Format, options: Mapping[str, Any]) -> Document:
    """Return `options` as an instance of the serializer's model.

    Raises:
        InvalidOptionsError: with one problem for each option that does not fit.
    """
    try:
        return format_.options.model_validate(dict(options))
    except ValidationError as error:
        known = sorted(format_.options.model_fields)
        problems = [
            _problem(details["type"], details["loc"], details["msg"], known)
            for details in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    msg = f"the options do not fit serializer '{format_.name}'"
    raise InvalidOptionsError(msg, problems=problems)


def _problem(kind: str, place: tuple[int | str, ...], message: str, known: list[str]) -> Problem:
    path = ".".join(map(str, place))
    if kind != "extra_forbidden":
        return Problem("serializer.invalid_option", message.removeprefix("Value error, "), path=path)
    close = difflib.get_close_matches(path, known, n=1)
    if close:
        hint = f"did you mean '{close[0]}'?"
    else:
        hint = f"known options: {', '.join(known)}" if known else "this serializer has no options"
    return Problem("serializer.unknown_option", f"unknown option '{path}'", hint=hint, path=path)
