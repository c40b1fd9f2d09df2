"""Waivers: the one place in hub.yaml where a finding of the audit is accepted, for one file and with a reason."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import InitErrorDetails

from hublish.schemas.diagnose.problems import InvalidValueError
from hublish.schemas.documents.field_types import MOST_ENTRIES, Line, OneFile
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.documents.manifest_part import ManifestPart

WaivableRule = Literal["policy.pickle", "policy.secret", "policy.size", "policy.empty", "policy.portability"]

NEVER_WAIVED: Final[Mapping[str, tuple[str, str]]] = {
    "policy.name": (
        "git or the Hub cannot store such a name, or it leads out of a reader's folder",
        "rename the file, or give it another path_in_repo",
    ),
    "policy.denied": (
        "a name such as .env or id_rsa is never released, and patterns of your own are changed where they are written",
        "exclude the file, rename it, or narrow policy.deny_patterns",
    ),
    "policy.collision": ("readers would get one of the two files", "give one of them another path_in_repo"),
    "policy.count": ("it is a limit of the Hub, and concerns more than one file", "spread the files, or pack them"),
    "policy.dirty": ("it concerns the state of git, and not the content of a file", "write `dirty: allow` instead"),
    "policy.hard_link": ("it concerns the disk of one machine", "it is only a warning; copy the file to end it"),
    "policy.unused_waiver": ("it is about a waiver", "remove the waiver that has no effect"),
}
"""The rules that no waiver covers, each with the reason and another way."""


def _not_refused(rule: object) -> object:
    if isinstance(rule, str) and rule in NEVER_WAIVED:
        reason, hint = NEVER_WAIVED[rule]
        raise InvalidValueError(f"{rule} cannot be waived: {reason}", hint)
    return rule


def _with_words(reason: str) -> str:
    if not any(char.isalnum() for char in reason):
        raise InvalidValueError("must not be empty", "write why this file is acceptable, for those who review it")
    return reason


class Waiver(ManifestPart):
    """A finding of the audit in one file that is accepted."""

    rule: Annotated[WaivableRule, BeforeValidator(_not_refused)] = Field(examples=["policy.secret"])
    """The code of the finding, as messages show it; `hublish explain policy.secret` describes one."""
    path_in_repo: OneFile = Field(examples=["tests/sample_credentials.txt"])
    """The path in the repo of exactly one file. Patterns are not expanded."""
    reason: Annotated[Line, AfterValidator(_with_words), Field(max_length=500)] = Field(
        examples=["an example token that was never valid"]
    )
    """Why it is acceptable. The plan, the lock and the published hub.yaml show it."""

    @field_validator("path_in_repo")
    @classmethod
    def _not_for_the_manifest(cls, path: str, info: ValidationInfo) -> str:
        if path == MANIFEST_FILE and info.data.get("rule") == "policy.secret":
            msg = f"a secret in {MANIFEST_FILE} cannot be waived: it declares the release, and is published with it"
            raise InvalidValueError(msg, "remove the secret, or rewrite the text that looks like one")
        return path


def _each_once(waivers: tuple[Waiver, ...]) -> tuple[Waiver, ...]:
    seen: set[tuple[str, str]] = set()
    errors: list[InitErrorDetails] = []
    for index, each in enumerate(waivers):
        place = (each.rule, each.path_in_repo)
        if place in seen:
            error = InvalidValueError(f"{each.rule} is waived for this file already", "remove one of the two waivers")
            # At the second of them: a plain error of this validator would point at the whole list.
            errors.append(_at(index, error))
        seen.add(place)
    if errors:
        raise ValidationError.from_exception_data("waivers", errors, hide_input=True)
    return waivers


def _at(index: int, error: InvalidValueError) -> InitErrorDetails:
    context: dict[str, Any] = {"error": error}
    return InitErrorDetails(type="value_error", loc=(index, "path_in_repo"), input=None, ctx=context)


WaiverList = Annotated[tuple[Waiver, ...], Field(max_length=MOST_ENTRIES), AfterValidator(_each_once)]
