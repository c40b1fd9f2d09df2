"""Record the facts that a rendered card states, and where: the part of the lock by which they are verified later."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hublish.base.values import StagedFile
from hublish.cards.facts.fact import Fact
from hublish.cards.record.fact_names import MissingError, element_name, summary, value_of
from hublish.cards.record.metadata_facts import metadata_facts
from hublish.cards.record.statements import Printed, code_lines, find_statements
from hublish.cards.results.result import Result
from hublish.formats.catalogue import COPY
from hublish.pipeline.render_card.renderer import Body
from hublish.schemas.diagnose.problems import Path, format_path
from hublish.schemas.documents.card_record import CardRecord, Stated, StatedInMetadata
from hublish.schemas.documents.file_names import CARD_FILE

_STATE: Final = ("git.", "changes.")
# The other metadata that cards print, such as titles, is text that people make more readable.
_OF_METADATA: Final = (
    *("license", "license_name", "base_model", "base_model_relation", "datasets", "models", "language"),
    *("library_name", "pipeline_tag", "co2_eq_emissions", "metrics"),
)
_OF_REPO: Final = ("repo.repo_id", "repo.tag")
_SCORE: Final = re.compile(r"evaluation\[(\d+)\]\.metrics(\[[^\]]*\])\.(value|text|stderr|stderr_text)")
# The names of repos, revisions and files in code and in commands.
_IN_CODE: Final = re.compile(
    r"(?:@|\brevision\s*=\s*[\"']|--revision[ =][\"']?)(?P<revision>[\w.+-]+)"
    r"|[\"'](?P<text>[^\"'\n]{1,200})[\"']|(?P<repo>[\w.-]+/[\w.-]+)"
)
_PACKAGES: Final = re.compile(r"\binstall (?P<packages>[\w.\[\], -]+)$")
# Characters of the JSON of a value; a card that prints a longer list shows its elements.
_LONGEST: Final = 2_000


@dataclass(frozen=True, slots=True)
class Sources:
    """The values that a template gets, and where they come from."""

    facts: Sequence[Fact]
    context: Mapping[str, Any]
    """The data of the template, by name."""
    results: Sequence[Result]
    named: Mapping[str, str]
    """The files under `card.data`, by name."""
    files: Sequence[StagedFile]
    texts: Sequence[tuple[Path, str]] = ()
    """The places in the metadata that are values, each with the name of its value."""

    def record(self, text: str, body: str, metadata: Mapping[str, Any]) -> CardRecord:
        """Return the facts that a card states.

        Args:
            text: the card.
            body: the rendered template.
            metadata: the front matter.
        """
        # The text ends with the body and a line break, without the white space around it.
        start = len(text) - len(body.strip()) - 1
        offset = start - (len(body) - len(body.lstrip()))
        printed = body.printed if isinstance(body, Body) else ()
        spans = [(begin + offset, end + offset, names) for begin, end, names in printed]
        spans += self._in_code(text, start, spans)
        names = dict.fromkeys(name for _, _, found in spans for name in found)
        known = {name: fact for name in names if (fact := self.fact(name)) is not None}
        return CardRecord(
            statements=tuple(find_statements(text, start, spans, known)),
            metadata=(*metadata_facts(metadata, self.fact), *self._in_texts(metadata)),
            state={fact.name: fact.value for fact in self.facts if fact.name.startswith(_STATE)},
        )

    def _in_code(self, text: str, start: int, printed: Sequence[Printed]) -> Iterator[Printed]:
        """Yield the places in code that name the repo, its tag, files of the release and packages to install.

        Most of it is not printed from facts: without these, an edit could lead readers to another repo or package.
        """
        tag, paths = self.context["repo"].get("tag"), {file.path_in_repo for file in self.files}
        for begin, end in code_lines(text, start):
            for found in _IN_CODE.finditer(text, begin, end):
                kind, shown = found.lastgroup, found[found.lastgroup or 0]
                place = found.span(kind or 0)
                if any(first < place[1] and last > place[0] for first, last, _ in printed):
                    continue
                if shown == self.context["repo"]["repo_id"]:
                    yield *place, ("repo.repo_id",)
                elif kind == "revision" and shown == tag:
                    yield *place, ("repo.tag",)
                elif kind == "text" and shown in paths:
                    yield *place, (f'files["{shown}"].path',)
            for name, install in self._installed:
                if text[begin:end].strip() == install and (packages := _PACKAGES.search(text[begin:end])):
                    yield begin + packages.start(1), begin + packages.end(1), (name,)

    @property
    def _installed(self) -> Iterator[tuple[str, str]]:
        """The commands of snippets that install packages, by name."""
        for index, snippet in enumerate(self.context.get("snippets", ())):
            if snippet.get("install"):
                yield f"snippets[{index}].install", snippet["install"].strip()

    def _in_texts(self, metadata: Mapping[str, Any]) -> Iterator[StatedInMetadata]:
        for path, name in self.texts:
            fact, value = self.fact(name), value_of(format_path(path), metadata)
            if fact is not None:
                # The value of a longer text is only a part of it.
                whole = {"value": value, "released": fact.released and value == fact.value}
                yield StatedInMetadata(**{**dict(fact), **whole}, path=format_path(path))

    def fact(self, name: str) -> Stated | None:
        """Return the fact of a name in templates; None if it is not one."""
        root = re.split(r"[.\[{]", name, maxsplit=1)[0]
        try:
            if _SCORE.fullmatch(name):
                return self._score(name)
            value = value_of(name, self.context)
        except (MissingError, LookupError):
            return None
        if name != "files" and len(json.dumps(value)) > _LONGEST:
            return None
        if root == "facts":
            return self._of_facts(name, value)
        if root in ("evaluation", "pictures", "snippets"):
            return Stated(name=name, value=value, released=False)
        if root == "data":
            return self._of_data(name, value)
        if root == "metadata":
            if re.split(r"[.\[]", name)[1] not in _OF_METADATA:
                return None
            return Stated(name=name, value=value, file=CARD_FILE, key=name.removeprefix("metadata."), released=False)
        if name == "files":  # their number, or the sum of their sizes
            return Stated(name=name, value=summary(value))
        # The name of the repo is also the title of the card, which people make more readable.
        return Stated(name=name, value=value, released=root == "files") if root == "files" or name in _OF_REPO else None

    def _of_facts(self, name: str, value: Any) -> Stated | None:
        plain = name.removeprefix("facts.")
        for fact in self.facts:
            if plain == fact.name or plain.startswith((f"{fact.name}.", f"{fact.name}[", f"{fact.name}{{")):
                key = fact.key + plain[len(fact.name) :] if fact.key else ""
                return Stated(name=name, value=value, file=fact.file, key=key, released=fact.released)
        # A group of facts, whose names alone may have been printed.
        return None

    def _of_data(self, name: str, value: Any) -> Stated | None:
        given, _, key = name.removeprefix("data.").partition(".")
        given, bracket, rest = given.partition("[")
        key = f"{bracket}{rest}{'.' if bracket and key else ''}{key}"
        path, released = self._released(self.named.get(given, ""))
        return Stated(name=name, value=value, file=path, key=key, released=released)

    def _score(self, name: str) -> Stated | None:
        found = _SCORE.fullmatch(name)
        if found is None or int(found[1]) >= len(self.results):
            return None
        result = self.results[int(found[1])]
        metrics = self.context["evaluation"][int(found[1])]["metrics"]
        for index, (score, metric) in enumerate(zip(result.scores, metrics, strict=True)):
            if found[2] in (element_name(metric, index), f"[{index}]"):
                path, released = self._released(result.file)
                whole = found[3].startswith("value") or found[3] == "text"
                value = score.value if whole else score.stderr
                return Stated(name=name, value=value, file=path, key=score.key, released=released and bool(score.key))
        return None

    def _released(self, source: str) -> tuple[str, bool]:
        """Return the path in the repo of a file that is released unchanged; else its path beside the manifest."""
        for file in self.files:
            if file.origin.source == source and file.origin.serializer == COPY:
                return file.path_in_repo, True
        return source, False
