"""Staged -> Staged: warn about values that a template left for the author to fill in, in the manifest and the card."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from hublish.base.content import ContentChangedError
from hublish.base.values import Project, Staged, StagedFile
from hublish.schemas.diagnose.problems import Problem, SourceText, format_path
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.variables.deferred import Deferred

# Owners and names of repos in templates and tutorials. `my-model` is not one of them: many such repos exist.
_OWNER: Final = re.compile(
    r"(?:your|my)[-_.]?(?:hf|hub|huggingface)?[-_.]?(?:user)?[-_.]?(?:name|account|handle|id|org|orgs|organi[sz]ation"
    r"|team|company|namespace|user|username)(?:[-_.](?:name|here|on-hf))?"
    r"|user[-_]?name|name-?space|org[-_]name|organi[sz]ation[-_]name|change-?me|placeholder|to-?do|tbd|fix-?me|x{3,}",
    re.IGNORECASE,
)
_NAME: Final = re.compile(
    r"your[-_.].*|(?:model|repo|dataset|space|project)[-_.](?:name|id)|(?:name|repo|model)[-_.]here|change-?me"
    r"|placeholder|to-?do|tbd|fix-?me|x{3,}",
    re.IGNORECASE,
)
# A value that consists of nothing else.
_WHOLE: Final = re.compile(
    r"[\[(<]*\s*(?:to-?do|tbd|fix-?me|fill[- ]?(?:me[- ])?in|change[- ]?me|placeholder|lorem ipsum\b.*"
    r"|x{3,}|\?{3,}|\.{3}"
    r"|(?:more|needs?) information(?: needed| required)?|(?:add|insert|write|enter) \S.{0,60} here"
    r"|your[- _](?:name|username|user|org|organization|model|dataset|repo|title|text|description|email)\b.{0,20}"
    r"|my-license|one sentence that describes it|what it shows, in 60 characters)[\s.:!]*[\])>]*",
    re.IGNORECASE | re.DOTALL,
)
# In any text: unlike words such as `name`, these occur in templates alone.
_INSIDE: Final = re.compile(
    r"\[?\bmore information (?:is )?needed\b\]?|\{\{[^{}\n]{1,80}\}\}|\{%[^%\n]{1,80}%\}|\blorem ipsum\b"
    r"|<(?:your|insert|add|fill|enter|to-?do|placeholder)[^<>\n]{0,60}>|\[(?:your|insert|add|fill|enter)\b[^\[\]\n]{0,60}\](?!\()"
    r"|\byour[-_](?:hf[-_])?(?:user[-_]?name|name|org|organi[sz]ation|account)/[\w.-]+",
    re.IGNORECASE,
)
# Upper case only: it is a word, for example in Spanish.
_UPPER: Final = re.compile(r"\b(?:TO-?DO|FIX-?ME|TBD)\b(?=[:\s.\])>*_]|$)")
_ANGLES: Final = re.compile(r"<[A-Za-z][\w .,'-]*>")
_HTML: Final = re.compile(
    r"</?(?:a|b|br|p|i|em|img|div|span|code|pre|hr|sub|sup|h[1-6]|video|audio|details|summary|s|u)>"
)
_README_LIMIT: Final = 1 << 20
_HINT: Final = "fill it in, or remove it"


@dataclass(frozen=True)
class ScreenPlaceholders:
    """Warn about placeholders in the manifest and in the card."""

    title: ClassVar[str] = "looking for placeholders"

    def run(self, staged: Staged) -> Staged:
        """Return the release with the warnings that were found."""
        found = [*placeholders(staged.collection.project)]
        readme = staged.readme
        # A rendered card repeats values of the manifest: they are reported once, at their lines.
        if readme is not None and not (found and readme.origin.artifact is None):
            found += _in_readme(readme, staged.collection.project)
        return replace(staged, warnings=(*staged.warnings, *found))


def placeholders(project: Project) -> Iterator[Problem]:
    """Yield a warning for each value of the manifest that a template left open."""
    target, card = project.target, project.manifest.card
    owner, _, name = target.repo_id.rpartition("/")
    for part, expression in ((owner, _OWNER), (name, _NAME)):
        if expression.fullmatch(part):
            yield _warning("repo.repo_id", f"'{part}' is a placeholder", "write the name as the Hub shows it")
    texts = [*_texts(project.manifest.repo.commit_message, ("repo", "commit_message"))]
    if card is not None:
        texts += [*_texts(card.metadata, ("card", "metadata")), *_texts(card.variables, ("card", "variables"))]
    for path, text in texts:
        if found := placeholder_in(text):
            yield _warning(format_path(path), f"'{found}' is a placeholder", _HINT)


def placeholder_in(text: str) -> str | None:
    """Return the placeholder in a value; None without one."""
    if _WHOLE.fullmatch(text.strip()):
        return text.strip()[:60]
    if found := _INSIDE.search(text) or _UPPER.search(text):
        return found[0]
    angles = _ANGLES.fullmatch(text.strip())
    return angles[0] if angles and not _HTML.fullmatch(angles[0].lower()) else None


def _texts(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, Deferred):
        yield path, " ".join(piece for piece in value.pieces if isinstance(piece, str))
    elif isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _texts(one, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, one in enumerate(value):
            yield from _texts(one, (*path, index))


def _in_readme(readme: StagedFile, project: Project) -> Iterator[Problem]:
    """Yield one warning for a README: at its first placeholder, with the number of the others."""
    try:
        text = readme.content.read_at(0, _README_LIMIT).decode("utf-8", "replace")
    except (ContentChangedError, OSError):  # sealing reports it
        return
    found = sorted([*_INSIDE.finditer(text), *_UPPER.finditer(text)], key=lambda match: match.start())
    if not found:
        return
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    message = f"'{found[0][0]}' is a placeholder{more}"
    if readme.origin.artifact is None:
        yield _warning("card.template", f"the rendered {CARD_FILE}: {message}", _HINT)
    else:
        place = SourceText(text, project.shown(readme.origin.source)).location(*found[0].span())
        yield replace(_warning(readme.path_in_repo, message, _HINT), location=place)


def _warning(path: str, message: str, hint: str) -> Problem:
    return Problem("release.placeholder", message, hint, path, severity="warning")
