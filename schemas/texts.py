"""Texts with a form: each is checked in Python, and says in the JSON Schema what the schema can say."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from hublish.schemas.names import path_problems, pattern_problems, text_problems
from hublish.schemas.references import (
    REPO_ID_PATTERN,
    TARGET_PATTERN,
    check_endpoint,
    check_ref,
    check_repo_id,
    check_target,
)


def _refusing(problems: Callable[[str], tuple[str, ...]]) -> AfterValidator:
    def check(text: str) -> str:
        if found := problems(text):
            raise ValueError("; ".join(found))
        return text

    return AfterValidator(check)


def _place_problems(path: str) -> tuple[str, ...]:
    # A trailing slash says "this folder"; an empty path says "the root".
    return path_problems(path.removesuffix("/")) if path else ()


def _line_problems(text: str) -> tuple[str, ...]:
    if "\n" in text or "\r" in text:
        return ("expected one line; the rest goes to commit_description",)
    return text_problems(text)


def _in_schema(pattern: str) -> Any:
    """Say a pattern in the JSON Schema, for texts without variables: those are checked once they are replaced."""
    return Field(json_schema_extra={"anyOf": [{"pattern": pattern}, {"pattern": r"\{\{"}]})


# In the language of ECMA 262, which JSON Schema uses: no '..', '.git', '.cache', empty or '.' segment, backslash,
# drive or control character. What only counting can tell (lengths, Unicode) is left to Python.
_SEGMENT = r"(?!\.{1,2}(?:/|$))(?!\.[gG][iI][tT](?:/|$))(?!\.[cC][aA][cC][hH][eE](?:/|$))[^/\\\u0000-\u001f\u007f]+"
_FILE_PATTERN = rf"^(?![A-Za-z]:){_SEGMENT}(?:/{_SEGMENT})*$"
_PLACE_PATTERN = rf"^(?:(?![A-Za-z]:){_SEGMENT}(?:/{_SEGMENT})*/?)?$"
_REF_PATTERN = r"^(?!HEAD$|@$|[-/.])(?!.*(?:\.\.|@\{|//|/\.|\.lock(?:/|$)|\.$|/$))[^\u0000- \u007f~^:?*\[\\]+$"

NonEmpty = Annotated[str, StringConstraints(min_length=1)]
Line = Annotated[NonEmpty, _refusing(_line_problems)]
"""A text of one line."""
LocalPath = Annotated[NonEmpty, _refusing(text_problems)]
"""A path or glob on this machine."""
Pattern = Annotated[NonEmpty, _refusing(pattern_problems)]
"""An fnmatch pattern over paths in the repo."""
PathInRepo = Annotated[str, _refusing(_place_problems), _in_schema(_PLACE_PATTERN)]
"""Where something goes: a file, a folder when it ends with `/`, the root when it is empty."""
FilePath = Annotated[str, _refusing(path_problems), Field(json_schema_extra={"pattern": _FILE_PATTERN})]
"""The path of one file in the repo."""
Ref = Annotated[str, AfterValidator(check_ref), _in_schema(_REF_PATTERN)]
"""A branch or tag."""
RepoId = Annotated[str, AfterValidator(check_repo_id), _in_schema(REPO_ID_PATTERN)]
"""Namespace and name of a repo."""
Endpoint = Annotated[
    NonEmpty, AfterValidator(check_endpoint), _in_schema("^(?:embedded|https?://[^\\s/?#@]+[^\\s?#@]*)$")
]
"""`embedded`, or the URL of a Hub."""
Target = Annotated[str, AfterValidator(check_target), _in_schema(TARGET_PATTERN)]
"""A class to load into: `module:Class`."""
