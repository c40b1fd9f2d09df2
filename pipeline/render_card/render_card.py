"""Staged -> Staged with README.md: the card, rendered from the manifest's metadata, variables and evaluation."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from hublish.base.content import InMemory
from hublish.base.errors import CardError
from hublish.base.values import Effect, Origin, Project, Staged, StagedFile, Step, Verdict
from hublish.cards.facts.fact import as_tree, released_values
from hublish.cards.results.model_index import INDEX, model_index, shown_results
from hublish.cards.results.result import Result, Selected
from hublish.formats.front_matter import body_start, with_front_matter
from hublish.pipeline.render_card.card_template import (
    CardTemplate,
    find_template,
    release_snippets,
    template_context,
)
from hublish.pipeline.render_card.card_texts import Filled, as_warnings, fill_texts
from hublish.pipeline.render_card.card_variables import reserved_names, unused_variables, with_aliases
from hublish.pipeline.render_card.existing_readme import check_readme, sdk_conflict, two_cards
from hublish.pipeline.render_card.hub_names import with_hub_names
from hublish.pipeline.render_card.leaderboard_files import leaderboard_files, leaderboard_verdicts
from hublish.pipeline.render_card.pictures import (
    Picture,
    as_context,
    check_paths,
    draw_pictures,
    picture_problems,
    shown_in,
)
from hublish.pipeline.render_card.references import (
    Present,
    await_conversion,
    broken_links,
    local_paths,
    named_files,
    problems_of_files,
)
from hublish.pipeline.render_card.release_facts import Digests, no_digests, read_named_data, release_facts
from hublish.pipeline.render_card.renderer import current_renderer
from hublish.pipeline.render_card.template_metadata import own_metadata, rendered_metadata, without_card_data
from hublish.schemas.diagnose.problems import (
    InvalidDocumentError,
    Positions,
    Problem,
    SourceText,
    errors_in,
    format_path,
    parse_path,
)
from hublish.schemas.documents.card_metadata import metadata_problems
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.documents.manifest import Card
from hublish.schemas.yaml.reader import read_yaml

if TYPE_CHECKING:
    from hublish.cards.facts.fact import Fact
    from hublish.schemas.documents.card_record import CardRecord

RENDERED: Final = Verdict.of([Step("card", Effect.COLLECTS, "card: rendered", "card")])
"""The verdict on the rendered card."""

_METADATA: Final = "card.metadata"
# The names of templates whose values are facts.
_TRACKED: Final = ("facts", "data", "evaluation", "files", "metadata", "repo")
_NOT_RENDERED: Final = "the card cannot be rendered"
_Part = TypeVar("_Part")


@dataclass(frozen=True)
class RenderCard:
    """Add README.md if the manifest has a card; else check the metadata of an existing README.

    Args:
        digests: called if the card shows digests of files, or the files that changed since the last release.
        recorded: whether the facts that the card states are recorded, for the lock.
    """

    digests: Digests = no_digests
    recorded: bool = False
    title: ClassVar[str] = "rendering the card"

    def run(self, staged: Staged) -> Staged:
        """Return the release with its card.

        Raises:
            CardError: when the card cannot be rendered, when the Hub would reject its metadata, or when an artifact
                provides README.md too.
        """
        project = staged.collection.project
        staged = replace(staged, warnings=(*staged.warnings, *local_paths(staged.files, project)))
        try:
            return self._with_readme(staged, project)
        except CardError as error:
            # The warnings of earlier stages would be lost, and appear only after the errors are fixed.
            error.problems += staged.warnings
            raise

    def works_on(self, staged: Staged) -> bool:
        """Return whether the manifest declares a card."""
        return staged.collection.project.manifest.card is not None

    def _with_readme(self, staged: Staged, project: Project) -> Staged:
        card = project.manifest.card
        own = staged.readme
        if card is None:
            found = () if own is None else check_readme(own, staged)
            return replace(staged, warnings=(*staged.warnings, *found))
        # A README that is the template is replaced by the card that is rendered from it.
        if own is not None and own.origin.source != card.template:
            msg = f"two sources for {CARD_FILE}"
            twice = two_cards(own.origin.source, own.origin.artifact)
            raise CardError(msg, problems=[twice, *_parts(project, card, staged.files, self.digests).problems])
        others = tuple(file for file in staged.files if file is not own)
        return self._with_card(replace(staged, files=others), project, card)

    def _with_card(self, staged: Staged, project: Project, card: Card) -> Staged:
        try:
            rendered = render_card(project, card, staged.files, self.digests, recorded=self.recorded)
        except CardError as error:
            known = as_warnings(error.problems) if await_conversion(staged.files, project.manifest) else None
            if known is None:
                raise
            return replace(staged, warnings=(*staged.warnings, *known))
        try:
            data = rendered.text.encode("utf-8")
        except UnicodeEncodeError:
            msg = "the card contains a lone surrogate, which UTF-8 cannot encode"
            raise CardError(msg) from None
        template = rendered.template
        # Recorded in the lock, so that a changed template explains a changed card.
        parameters = {"template": template.name, "template_sha256": template.sha256}
        origin = Origin(None, f"template {template.name}", "card", parameters, RENDERED, facts=rendered.record)
        readme = StagedFile(CARD_FILE, InMemory(data), origin)
        files = (*staged.files, *rendered.pictures, *rendered.leaderboards)
        staged = replace(staged, files=files, facts=released_values(rendered.derived))
        present = Present.of(staged)
        contradicted = problems_of_files(rendered.metadata, staged, present, f"{_METADATA}.")
        reported = {path for _, path in named_files(rendered.metadata, project.target.repo_type)}
        links = _links(rendered, card, present, reported)
        warnings = (*staged.warnings, *rendered.warnings, *contradicted, *links)
        return replace(staged, files=(*staged.files, readme), warnings=warnings)


@dataclass(frozen=True, slots=True)
class RenderedCard:
    """A rendered README."""

    text: str
    template: CardTemplate
    warnings: tuple[Problem, ...]
    metadata: Mapping[str, Any]
    pictures: tuple[StagedFile, ...] = ()
    """The files of the pictures that it shows."""
    leaderboards: tuple[StagedFile, ...] = ()
    """The files with results for the leaderboards of benchmarks."""
    context: Mapping[str, Any] = field(default_factory=dict)
    """The data that it was rendered with."""
    derived: "tuple[Fact, ...]" = ()
    """All facts that were derived for it."""
    record: "CardRecord | None" = None
    """The facts that it states; None if they are not recorded."""


def render_card(
    project: Project,
    card: Card,
    files: Iterable[StagedFile],
    digests: Digests = no_digests,
    *,
    recorded: bool = False,
) -> RenderedCard:
    """Render the README of a release.

    Args:
        project: the manifest and its folder.
        card: the manifest's card.
        files: all other files of the release.
        digests: see `RenderCard`.
        recorded: see `RenderCard`.

    Raises:
        CardError: with every problem of the card's fields, or the template's error.
    """
    files = tuple(files)
    parts = _parts(project, card, files, digests)
    template, card = _required_template(parts), parts.filled.card
    evaluation = shown_results(parts.evaluation.results)
    # A template that shows no pictures needs none, unless the manifest asks for them.
    wanted = card.pictures or any("pictures" in text for text in template.texts)
    derived = release_facts(project, files, parts.metadata, template, digests, drawn=bool(wanted))
    facts = as_tree(derived)
    pictures = _pictures(project, card, facts, evaluation, files) if wanted else ()
    computed = {
        "facts": facts,
        "data": parts.data,
        "pictures": as_context(pictures, project.target),
        "snippets": release_snippets(project, parts.metadata, facts, files),
    }
    variables = with_aliases(card.variables)
    context = template_context(project.target, variables, parts.metadata, evaluation, files, computed)
    readable = replace(template, text=without_card_data(template.text), tracked=_TRACKED if recorded else ())
    if readable.text != template.text:
        readable, context = replace(readable, prints_markdown=True), with_hub_names(context)
    body = _body(replace(readable, marked=with_aliases(parts.filled.marked)), context, parts)
    shown = shown_in(body, pictures)
    check_paths(shown, files)
    unconverted = await_conversion(files, project.manifest)
    problems = (*parts.problems, *picture_problems(card, pictures, shown, template.name, unconverted=unconverted))
    picture_files = tuple(file for picture in shown for file in picture.files())
    leaderboards = leaderboard_files(parts.evaluation.results, card.evaluation, files)
    text = with_front_matter(parts.metadata, body)
    rendered = RenderedCard(text, template, problems, parts.metadata, picture_files, leaderboards, context, derived)
    if not recorded:
        return rendered
    from hublish.pipeline.render_card.stated_facts import Sources  # only needed for a release

    # The template got no other facts than in a run that records none: the card is the same.
    stated = derived or release_facts(project, files, parts.metadata, template, digests, drawn=True)
    # The texts may show a commit that the template does not get.
    stated = tuple({fact.name: fact for fact in (*parts.filled.facts, *stated)}.values())
    known = {**context, "facts": as_tree(stated)}
    sources = Sources(stated, known, parts.evaluation.results, card.data, files, parts.filled.names)
    return replace(rendered, record=sources.record(text, body, parts.metadata))


def card_facts(project: Project, files: Iterable[StagedFile], digests: Digests = no_digests) -> "tuple[Fact, ...]":
    """Return every fact that a card of a release can state, also if the card has errors or there is none.

    Args:
        project: the manifest and its folder.
        files: all other files of the release.
        digests: see `RenderCard`.
    """
    files, card = tuple(files), project.manifest.card or Card()
    return release_facts(project, files, _parts(project, card, files, digests).metadata, None, digests)


def _required_template(parts: "_Parts") -> CardTemplate:
    """Return the template of a card without errors."""
    errors = errors_in(parts.problems)
    if errors or parts.template is None:
        rejected = all(problem.code == "card.refused" for problem in errors)
        headline = "the Hub would reject the card's metadata" if rejected else _NOT_RENDERED
        raise CardError(headline, problems=parts.problems)
    return parts.template


def _body(template: CardTemplate, context: Mapping[str, Any], parts: "_Parts") -> str:
    try:
        body = current_renderer().render(template, context)
    except CardError as error:
        error.problems += parts.problems
        raise
    # The text as it is written: lines of `{{ card_data }}` are blank in the one that is rendered.
    written = template if parts.template is None else parts.template
    if twice := rendered_metadata(body, written.text, written.shown):
        raise CardError(_NOT_RENDERED, problems=(twice, *parts.problems))
    return body


def _pictures(
    project: Project,
    card: Card,
    facts: Mapping[str, Any],
    evaluation: list[dict[str, Any]],
    files: Iterable[StagedFile],
) -> tuple[Picture, ...]:
    def tensors() -> Mapping[str, int]:
        from hublish.cards.facts.model_weights import tensor_sizes

        return tensor_sizes((file.path_in_repo, file.content) for file in files)

    return draw_pictures(card, project.target.repo_type, facts, evaluation, tensors)


def written_for_card(card: Card | None) -> Mapping[str, Verdict]:
    """Return why each file that the manifest's card adds is part of the release, by its path in the repo.

    The data of the release decides which pictures are drawn, and their files are not among these.
    """
    return {} if card is None else {CARD_FILE: RENDERED, **leaderboard_verdicts(card.evaluation)}


def _links(rendered: RenderedCard, card: Card, present: Present, named: Container[str]) -> Iterator[Problem]:
    """Yield the broken links of a card, each where it is written: in the user's template, or in a variable.

    Links to files that the metadata names are left out, as they are reported there.
    """
    template = rendered.template
    written = SourceText(template.text, template.shown)
    for link, problem in broken_links(rendered.text, body_start(rendered.text), present):
        if link.target in named:
            continue
        offset = -1 if template.built_in else template.text.find(link.target)
        if offset >= 0:
            yield replace(problem, location=written.location(offset, offset + len(link.target)))
        else:
            holder = (name for name, text in card.variables.items() if link.target in str(text))
            name = next(holder, None)
            yield replace(problem, path=format_path(("card", "variables", name)) if name else "card.template")


@dataclass(frozen=True, slots=True)
class _Parts:
    """The inputs of a card, and all their problems."""

    template: CardTemplate | None
    """None if it cannot be read, which is one of the problems."""
    evaluation: Selected
    data: Mapping[str, Any]
    """The values of the files under `card.data`."""
    filled: Filled
    """The card with the values of its texts."""
    metadata: Mapping[str, Any]
    problems: tuple[Problem, ...]
    """Errors first."""


def _parts(project: Project, card: Card, files: tuple[StagedFile, ...], digests: Digests) -> _Parts:
    # All problems of the card are collected, so that one run reports them all.
    problems = [*reserved_names(card)]
    template = _tried(lambda: find_template(card.template, project), problems)
    if template is not None:
        problems += _template_problems(template, card, project)
    evaluation = _tried(lambda: _evaluation(project, card), problems) or Selected()
    problems += evaluation.warnings
    data = _tried(lambda: read_named_data(project, card), problems) or {}
    filled = fill_texts(project, card, template, data, files, digests, problems)
    card = filled.card
    metadata = _tried(lambda: _metadata(project.target.repo_id, card, evaluation.results), problems) or card.metadata
    problems += metadata_problems(
        metadata,
        project.target.repo_type,
        written=_written(project),
        repo_id=project.target.repo_id,
        gated=bool(project.target.gated),
    )
    problems += sdk_conflict(metadata, project, f"{_METADATA}.sdk")
    problems.sort(key=lambda problem: problem.severity != "error")
    return _Parts(template, evaluation, data, filled, metadata, tuple(problems))


def _template_problems(template: CardTemplate, card: Card, project: Project) -> Iterator[Problem]:
    # A class may pass all its keywords as variables, and no manifest in which its author could correct them.
    yield from unused_variables(template, card, "error" if project.text else "warning")
    if own := own_metadata(without_card_data(template.text), template.shown):
        yield own


def _written(project: Project) -> Callable[[str], str | None]:
    """Return a function that finds values of the metadata in the text of the manifest, which is parsed on first use."""

    @cache
    def positions() -> Positions | None:
        try:
            return read_yaml(project.text, project.name).positions
        except InvalidDocumentError:  # a manifest that was built in Python may have no text
            return None

    def find(place: str) -> str | None:
        known = positions()
        return None if known is None else known.plain_text(("card", "metadata", *parse_path(place)))

    return find


def _tried(make: Callable[[], _Part], problems: list[Problem]) -> _Part | None:
    """Return the result of a call; if it fails, add its problems to `problems`."""
    try:
        return make()
    except CardError as error:
        problems += error.problems
        return None


def _evaluation(project: Project, card: Card) -> Selected:
    if card.evaluation is None:
        return Selected()
    if project.target.repo_type != "model":
        problem = Problem("card.evaluation", "only models have evaluation results", "remove it", "card.evaluation")
        raise CardError(_NOT_RENDERED, problems=[problem])
    # Imported here: most cards have no evaluation, and the readers of its formats take a while to import.
    from hublish.pipeline.render_card.evaluation import read_evaluation

    return read_evaluation(card.evaluation, project.folder)


def _metadata(repo_id: str, card: Card, results: tuple[Result, ...]) -> dict[str, Any]:
    if not results:
        return card.metadata
    if INDEX in card.metadata:
        hint = "keep one: card.evaluation, or metadata.model-index"
        problem = Problem("card.evaluation", "evaluation results are given twice", hint, f"card.metadata.{INDEX}")
        raise CardError(_NOT_RENDERED, problems=[problem])
    return {**card.metadata, INDEX: model_index(repo_id.rpartition("/")[2], results)}
