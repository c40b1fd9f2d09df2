"""Names of tags and branches that move to each release, such as `latest` and `stable`."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError, ValidationInfo
from pydantic.config import JsonDict
from pydantic_core import InitErrorDetails

from hublish.schemas.diagnose.problems import InvalidValueError
from hublish.schemas.documents.field_types import Ref

# Each takes several requests of a release.
_MOST: Final = 16
_DEFAULT_BRANCH: Final = "main"
_ANOTHER: Final = "choose another name"

_RULES: Final[JsonDict] = {"uniqueItems": True, "not": {"contains": {"const": _DEFAULT_BRANCH}}}

MovingRefs = Annotated[tuple[Ref, ...], Field(max_length=_MOST, json_schema_extra=_RULES)]


def names_of_their_own(names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    """Return the names if each names one moving ref and nothing else: a revision must mean one commit.

    Args:
        names: the value of `moving_tags` or `moving_branches`.
        info: the fields of `repo` before it.

    Raises:
        ValidationError: with every name that is used twice.
    """
    if errors := list(_errors(names, info.data)):
        raise ValidationError.from_exception_data("repo", errors, hide_input=True)
    return names


def _errors(names: tuple[str, ...], repo: Mapping[str, Any]) -> Iterator[InitErrorDetails]:
    for index, name in enumerate(names):
        error = _repeated(name, names[:index]) or _of_the_release(name, repo)
        if error is not None:
            context: dict[str, Any] = {"error": error}
            yield InitErrorDetails(type="value_error", loc=(index,), input=None, ctx=context)


def _repeated(name: str, earlier: tuple[str, ...]) -> InvalidValueError | None:
    return InvalidValueError(f"'{name}' occurs twice", "remove one of them") if name in earlier else None


def _of_the_release(name: str, repo: Mapping[str, Any]) -> InvalidValueError | None:
    if name == repo.get("tag"):
        return InvalidValueError(f"'{name}' is the tag of the release, which never moves", _ANOTHER, conflict="tag")
    if name == repo.get("revision"):
        msg = f"'{name}' is the branch that receives the release"
        return InvalidValueError(msg, _ANOTHER, conflict="revision")
    if name == _DEFAULT_BRANCH:
        return InvalidValueError(f"'{name}' is the default branch, which only commits move", _ANOTHER)
    if name in (repo.get("moving_tags") or ()):
        return InvalidValueError(f"'{name}' is a moving tag as well", "remove one of them", conflict="moving_tags")
    return None
