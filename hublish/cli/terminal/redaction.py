"""No token is ever printed: known shapes and known values are taken out of whatever goes wrong."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from hublish.schemas.diagnose.problems import Location, Problem, Related
from hublish.schemas.secrets.masking import redact

TOKEN_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_OIDC_ID_TOKEN")
"""The variables huggingface_hub reads credentials from."""

_SHORTEST = 4
"""A shorter value is no secret, and masking it would eat ordinary words."""


def secrets_in(environ: Mapping[str, str], *given: str | None) -> tuple[str, ...]:
    """Return the credentials this process was given, longest first."""
    values = {*given, *(environ.get(name) for name in TOKEN_VARIABLES)}
    return tuple(sorted((value for value in values if value and len(value) >= _SHORTEST), key=len, reverse=True))


def redact_problem(problem: Problem, secrets: Iterable[str] = ()) -> Problem:
    """Return a problem with every text in it redacted."""
    known = tuple(secrets)
    return replace(
        problem,
        message=redact(problem.message, known),
        hint=redact(problem.hint, known),
        path=redact(problem.path, known),
        location=_redact_place(problem.location, known),
        related=tuple(
            Related(redact(each.message, known), redact(each.path, known), _redact_place(each.location, known))
            for each in problem.related
        ),
    )


def _redact_place(place: Location | None, secrets: tuple[str, ...]) -> Location | None:
    return place and replace(place, source=redact(place.source, secrets))


def redact_document(document: Any, secrets: Iterable[str] = ()) -> Any:
    """Return plain data with every text in it redacted."""
    known = tuple(secrets)
    if isinstance(document, str):
        return redact(document, known)
    if isinstance(document, Mapping):
        return {key: redact_document(value, known) for key, value in document.items()}
    if isinstance(document, list | tuple):
        return [redact_document(value, known) for value in document]
    return document
