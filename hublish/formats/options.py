"""An artifact's options, checked against the serializer's own model."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from hublish.base.errors import SerializationError
from hublish.formats.interface import Format
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.document import Document


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
        from hublish.schemas.diagnose.diagnosis import diagnose

        found = diagnose(error, format_.options, options, family="serializer")
    msg = f"the options do not fit serializer '{format_.name}'"
    raise InvalidOptionsError(msg, problems=[_told(problem, format_) for problem in found])


def _told(problem: Problem, format_: Format) -> Problem:
    """Return a finding of the model in the words of this place."""
    if problem.code != "serializer.unknown_key":
        return replace(problem, code="serializer.invalid_option")
    message = problem.message.replace("unknown key", "unknown option", 1)
    hint = problem.hint.replace("known keys:", "known options:", 1)
    if not format_.options.model_fields:
        hint = f"remove it: serializer '{format_.name}' has no options"
    return replace(problem, code="serializer.unknown_option", message=message, hint=hint, of_key=True)
