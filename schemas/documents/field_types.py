"""The base class of all documents, and the types of their fields.

A string with a form is validated in Python, and has a pattern in the JSON Schema as far as a pattern can express it.
"""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    Strict,
    StringConstraints,
    WithJsonSchema,
)

from hublish.schemas.diagnose.problems import InvalidValueError
from hublish.schemas.documents.hub_names import (
    REPO_ID_PATTERN,
    RESOURCE_GROUP_PATTERN,
    TARGET_PATTERN,
    check_endpoint,
    check_ref,
    check_repo_id,
    check_resource_group_id,
    check_target,
)
from hublish.schemas.documents.path_rules import (
    character_problems,
    local_problems,
    nearest_allowed,
    path_problems,
    pattern_problems,
)
from hublish.schemas.documents.sizes import parse_size, shortest_size


class Document(BaseModel):
    """The base class of all documents and their parts: frozen, and without unknown keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        # Build the validator on first use: importing a module with many models stays fast.
        defer_build=True,
        # An invalid value may be a misplaced secret: errors must not repeat it.
        hide_input_in_errors=True,
        validate_default=True,
    )


# Without Strict, pydantic reads the string "no" as False and "5" as 5.
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(ge=0)]


_Problems = Callable[[str], tuple[str, ...]]


def _refusing(problems: _Problems, otherwise: str = "choose another folder") -> AfterValidator:
    """Reject strings that have problems; the hint is the most similar allowed string, or `otherwise`."""

    def check(text: str) -> str:
        # All reasons at once: fixing one must not reveal the next.
        if found := problems(text):
            likely = nearest_allowed(text, problems)
            advice = "shorten it" if any("too long" in each for each in found) else otherwise
            raise InvalidValueError("; ".join(found), f"write '{likely}'" if likely else advice)
        return text

    return AfterValidator(check)


def _check_local(path: str) -> str:
    if found := local_problems(path):
        # A path outside of the folder has no similar path inside.
        likely = (
            None
            if path.startswith(("/", "~")) or ".." in path or ":" in path
            else nearest_allowed(path, local_problems)
        )
        raise InvalidValueError("; ".join(found), f"write '{likely}'" if likely else _INSIDE)
    return path


def _place_problems(path: str) -> tuple[str, ...]:
    # A trailing slash means "this folder", and an empty path means the root.
    return path_problems(path.removesuffix("/")) if path else ()


def _check_line(text: str) -> str:
    if "\n" in text or "\r" in text:
        raise InvalidValueError(
            "expected one line", "keep the first line here, and move the rest to `commit_description`"
        )
    if found := character_problems(text):
        raise InvalidValueError("; ".join(found), "delete the character; it is invisible in most editors")
    return text


def _in_schema(pattern: str) -> Any:
    """Add a pattern to the JSON Schema, for strings without variables; the others are validated once expanded."""
    return Field(json_schema_extra={"anyOf": [{"pattern": pattern}, {"pattern": r"\{\{"}]})


# JSON Schema uses the regular expressions of ECMA 262. These reject '..', '.git', '.cache', empty and '.' segments,
# backslashes, drives, control and bidi characters, and strings with more characters than bytes are allowed; rules that
# need case folding are checked in Python only. `$` alone would also match before a last newline in validators that use
# Python's `re`, but _VISIBLE rejects newlines.
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

_INSIDE = "write a path relative to the folder of hub.yaml, and inside of it"

NonEmpty = Annotated[str, StringConstraints(min_length=1)]
# A string of one line.
Line = Annotated[NonEmpty, AfterValidator(_check_line), Field(json_schema_extra={"pattern": "^[^\n\r]*$"})]
# A path or glob below the manifest's folder.
LocalPath = Annotated[NonEmpty, AfterValidator(_check_local), _in_schema(_LOCAL_PATTERN)]
# An fnmatch pattern over paths in the repo.
Pattern = Annotated[
    NonEmpty,
    _refusing(pattern_problems, "patterns match paths in the repo, such as `logs/*`"),
    _in_schema(_PATTERN_PATTERN),
]
# Each pattern is matched against each file of each artifact. A folder, glob or pattern covers any number of files.
# Artifacts in a manifest, and patterns of one kind.
MOST_ENTRIES = 1_000
# The patterns of one kind.
PatternList = Annotated[tuple[Pattern, ...], Field(max_length=MOST_ENTRIES)]
# A destination: a file, a folder when it ends with `/`, or the root when it is empty.
PathInRepo = Annotated[str, _refusing(_place_problems), _in_schema(_PLACE_PATTERN)]
# The path of one file in the repo.
FilePath = Annotated[str, _refusing(path_problems), Field(json_schema_extra={"pattern": _FILE_PATTERN})]
# The same in a manifest, whose strings may mention variables.
OneFile = Annotated[str, _refusing(path_problems), _in_schema(_FILE_PATTERN)]
# The name of a branch or tag.
Ref = Annotated[str, AfterValidator(check_ref), _in_schema(_REF_PATTERN)]
# The id of a repo: an optional namespace, and a name.
RepoId = Annotated[str, AfterValidator(check_repo_id), _in_schema(REPO_ID_PATTERN)]
# The id of a resource group of an organization.
ResourceGroupId = Annotated[str, AfterValidator(check_resource_group_id), _in_schema(RESOURCE_GROUP_PATTERN)]
# `embedded`, or the URL of a Hub.
Endpoint = Annotated[
    NonEmpty, AfterValidator(check_endpoint), _in_schema("^(?:embedded|https?://[^\\s/?#@]+[^\\s?#@]*)$")
]
# A class to load into: `module:Class`.
Target = Annotated[str, AfterValidator(check_target), _in_schema(TARGET_PATTERN)]

Size = Annotated[
    int,
    BeforeValidator(parse_size),
    PlainSerializer(shortest_size),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\s*\d{1,15}(\.\d{1,6})?\s*([KMGTkmgt]?[Bb])?\s*$"},
                {"type": "integer", "minimum": 0},
            ],
            "examples": ["5GB", "500MB", 1000000],
        }
    ),
]
