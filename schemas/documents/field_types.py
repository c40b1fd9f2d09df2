"""What every document has in common: frozen, closed to unknown keys, described for editors, silent on input."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
)

from hublish.schemas.diagnose.problems import Refusal
from hublish.schemas.documents.hub_names import (
    REPO_ID_PATTERN,
    TARGET_PATTERN,
    check_endpoint,
    check_ref,
    check_repo_id,
    check_target,
)
from hublish.schemas.documents.path_rules import local_problems, mended, path_problems, pattern_problems, text_problems


class Document(BaseModel):
    """The base of all documents and their parts."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        # What is never validated is never built: importing one document costs nothing for the others.
        defer_build=True,
        # A wrong value may be a secret in the wrong place: errors never echo it.
        hide_input_in_errors=True,
        validate_default=True,
    )


# pydantic would take the text "no" for False and "5" for 5: a document says what it means.
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(ge=0)]


_Problems = Callable[[str], tuple[str, ...]]


def _refusing(problems: _Problems, otherwise: str = "choose another folder") -> AfterValidator:
    """Refuse what has problems, and show the nearest text that has none, or else say what to do."""

    def check(text: str) -> str:
        if found := problems(text):
            likely = mended(text, problems)
            advice = "shorten it" if any("too long" in each for each in found) else otherwise
            raise Refusal("; ".join(found), f"write '{likely}'" if likely else advice)
        return text

    return AfterValidator(check)


def _check_local(path: str) -> str:
    if found := local_problems(path):
        # What lies elsewhere has no name in here that could be shown.
        likely = None if path.startswith(("/", "~")) or ".." in path or ":" in path else mended(path, local_problems)
        raise Refusal("; ".join(found), f"write '{likely}'" if likely else _INSIDE)
    return path


def _place_problems(path: str) -> tuple[str, ...]:
    # A trailing slash says "this folder"; an empty path says "the root".
    return path_problems(path.removesuffix("/")) if path else ()


def _check_line(text: str) -> str:
    if "\n" in text or "\r" in text:
        raise Refusal("expected one line", "keep the first line here, and move the rest to `commit_description`")
    if found := text_problems(text):
        raise Refusal("; ".join(found), "delete the character; it cannot be seen")
    return text


def _in_schema(pattern: str) -> Any:
    """Say a pattern in the JSON Schema, for texts without variables: those are checked once they are replaced."""
    return Field(json_schema_extra={"anyOf": [{"pattern": pattern}, {"pattern": r"\{\{"}]})


# In the language of ECMA 262, which JSON Schema uses: no '..', '.git', '.cache', empty or '.' segment, backslash,
# drive, control or bidi character, and no more characters than bytes are allowed. What only folding can tell is left
# to Python. A `$` is not enough: to Python, whose validators use `re`, it also matches before a last newline.
_VISIBLE = r"(?![\s\S]*[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069])"
_RESERVED = r"(?:\.{1,2}|\.[gG][iI][tT]|[gG][iI][tT]~1|\.[cC][aA][cC][hH][eE])"
_SEGMENT = rf"(?!{_RESERVED}(?:/|$))[^/\\]{{1,255}}"
_FILE_PATTERN = rf"^(?=.{{1,1024}}$)(?![A-Za-z]:){_VISIBLE}{_SEGMENT}(?:/{_SEGMENT})*$"
_PLACE_PATTERN = rf"^(?=.{{0,1025}}$)(?:(?![A-Za-z]:){_VISIBLE}{_SEGMENT}(?:/{_SEGMENT})*/?)?$"
_LOCAL_PATTERN = rf"^(?![A-Za-z]:|/|~(?:/|$))(?!(?:.*/)?\.\.(?:/|$))(?!.*//)(?!.+/\.(?:/|$)){_VISIBLE}[^\\]+$"
_PATTERN_PATTERN = rf"^(?![A-Za-z]:|/)(?!(?:.*/)?\.{{1,2}}(?:/|$))(?!.*//){_VISIBLE}[^\\]+$"
_REF_PATTERN = (
    r"^(?!HEAD$|@$|[-/.])(?!.*(?:\.\.|@\{|//|/\.|\.lock(?:/|$)|\.$|/$))(?!.*[^/]{251})"
    rf"{_VISIBLE}[^ ~^:?*\[\\]+$"
)

_INSIDE = "give a path relative to the folder of hub.yaml, and inside of it"

NonEmpty = Annotated[str, StringConstraints(min_length=1)]
Line = Annotated[NonEmpty, AfterValidator(_check_line), Field(json_schema_extra={"pattern": "^[^\n\r]*$"})]
"""A text of one line."""
LocalPath = Annotated[NonEmpty, AfterValidator(_check_local), _in_schema(_LOCAL_PATTERN)]
"""A path or glob below the manifest's folder."""
Pattern = Annotated[
    NonEmpty, _refusing(pattern_problems, "patterns match paths in the repo"), _in_schema(_PATTERN_PATTERN)
]
"""An fnmatch pattern over paths in the repo."""
MOST_ENTRIES = 1_000
"""Artifacts, or patterns of one kind. Each pattern is asked about each file of each artifact, and a folder, a glob or a
pattern stands for any number of files."""
PatternList = Annotated[tuple[Pattern, ...], Field(max_length=MOST_ENTRIES)]
"""Patterns of one kind."""
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
