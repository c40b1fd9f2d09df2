"""An outline -> the fields of a manifest, with what is said at its top and at its end."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from hublish.pipeline.draft.cards import Readme
from hublish.pipeline.draft.fields import Field, Items, Section
from hublish.pipeline.draft.naming import Named
from hublish.pipeline.draft.outline import Outline
from hublish.pipeline.draft.parts import LeftOut, Part
from hublish.pipeline.draft.sources import Source, Surroundings, in_folders, sources
from hublish.pipeline.draft.tree import Tree, name_of
from hublish.pipeline.draft.weights import ESTIMATOR
from hublish.schemas.documents.manifest import Policy, RepoType
from hublish.schemas.documents.writing import dump_yaml

SCHEMA_LINE: Final = "yaml-language-server: $schema=hub.schema.json"
"""What `hublish schema --help` recommends: the file lies beside the manifest, wherever hublish is installed."""
_MOST_NAMED: Final = 3
_MOST_LEFT_OUT: Final = 20


@dataclass(frozen=True, slots=True)
class Declared:
    """A manifest in fields, and the comments around it."""

    fields: tuple[Field, ...]
    head: tuple[str, ...]
    tail: tuple[tuple[str, ...], ...]


def declared(
    tree: Tree,
    outline: Outline,
    named: Named,
    repo_type: RepoType,
    evidence: str,
    readme: Readme | None,
    left_out: Iterable[LeftOut],
    origin: str,
) -> Declared:
    """Return the manifest of a release.

    Args:
        tree: where its files lie.
        outline: what it is made of.
        named: where it goes.
        repo_type: what it is.
        evidence: what that was told by.
        readme: the card that goes up as it is; None when one is rendered.
        left_out: everything that stays out.
        origin: what the draft was made from, in words.
    """
    left = tuple(left_out)
    estimators = [one.path for one in left if one.why == ESTIMATOR]
    fields = [
        Field("schema_version", 1),
        Field("repo", Section((*_repo(named, repo_type, evidence), *outline.repo))),
        Field("artifacts", Items(tuple(_artifacts(tree, outline, readme)), tuple(map(_pickled, estimators)))),
        *(() if readme or tree.curated else (Field("card", Section(tuple(_card(outline)))),)),
        *_policy(tree, outline, pickles=bool(estimators)),
        *outline.load,
    ]
    tail = (*_about(tree, readme, outline.metadata), *((text,) for text in outline.advice), *_left(left))
    return Declared(tuple(fields), _head(origin), tail)


def _head(origin: str) -> tuple[str, ...]:
    return (
        SCHEMA_LINE,
        "For completion and help in the editor: hublish schema > hub.schema.json",
        "",
        f"Drafted by `hublish init` from {origin}. It decides what goes up: read it, then `hublish check`.",
    )


def _repo(named: Named, repo_type: RepoType, evidence: str) -> Iterator[Field]:
    yield Field("repo_id", named.repo_id, named.why, open=named.open)
    if repo_type != "model":
        yield Field("repo_type", repo_type, evidence)
    yield Field("visibility", "private", "a new repo is public without it", hint=True)
    yield Field("tag", "v1.0.0", "the name of this release, given once it is verified", hint=True)


def _artifacts(tree: Tree, outline: Outline, readme: Readme | None) -> Iterator[Section]:
    around = Surroundings.of(tree)
    for part in in_folders(outline.parts, outline.root):
        why = part.why
        for source in sources(part, outline.root, around):
            yield Section(tuple(_artifact(part, source, _shown(why, source))))
            why = ""
    if readme:
        missing = "" if readme.metadata is not None else "; it has no metadata, see below"
        yield Section((Field("source", readme.path, f"the card, as it stands{missing}"),))


def _artifact(part: Part, source: Source, why: str) -> Iterator[Field]:
    yield Field("source", source.source, why)
    if source.path_in_repo:
        yield Field("path_in_repo", source.path_in_repo)
    if part.serializer != "copy":
        yield Field("serializer", part.serializer)
    if part.options:
        yield Field("options", dict(part.options))


def _shown(why: str, source: Source) -> str:
    """Return a reason with what the source stands for: by name, or by count where names tell nothing."""
    names = [name_of(path) for path in source.files]
    if len(names) == 1:
        return why
    if source.source.startswith("*") or "/*" in source.source:
        more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
        listed = f"{', '.join(names[:_MOST_NAMED])}{more}"
    else:
        listed = f"{len(names):,} files"
    return f"{why}: {listed}" if why else listed


def _pickled(path: str) -> Section:
    why = f"{name_of(path)} is a pickle, which runs code when it is loaded; better: skops.io.dump(model, 'model.skops')"
    return Section(
        (
            Field("source", path, why),
            Field("serializer", "sklearn"),
            Field("options", {"format": "joblib"}),
        )
    )


def _policy(tree: Tree, outline: Outline, *, pickles: bool) -> Iterator[Field]:
    """Yield what a release needs that the policy forbids by itself."""
    pickle = Field("pickle", "warn", "only with the pickle above: lets it go up", hint=True)
    largest = max((tree.sizes[path] for part in outline.parts for path in part.files), default=0)
    if largest > Policy().max_file_size:
        size = Field("max_file_size", f"{-(-largest // 10**9)}GB", "the largest file that was found; 50GB without it")
        yield Field("policy", Section((size, *((pickle,) if pickles else ()))))
    elif pickles:
        yield Field("policy", Section((replace(pickle, hint=False),)), hint=True)


def _card(outline: Outline) -> Iterator[Field]:
    yield Field("template", outline.template, "the README is rendered from it")
    said = any(not field.hint for field in outline.metadata)
    # A section of comments alone would be null.
    fields = outline.metadata if said else tuple(replace(field, hint=False) for field in outline.metadata)
    yield Field("metadata", Section(fields), hint=not said)
    if outline.evaluation and outline.template == "model":
        yield Field("evaluation", outline.evaluation, "results in the form of a card's model-index")
    yield Field("variables", Section((Field("summary", "One sentence that says what this is."),)), hint=True)


def _about(tree: Tree, readme: Readme | None, metadata: tuple[Field, ...]) -> Iterator[tuple[str, ...]]:
    """Yield what a README without metadata should begin with, or that there is none to publish again."""
    if readme is None and tree.curated:
        yield ("No README.md goes up: the repo has none that can be published again. `card:` would render one.",)
    if readme and readme.metadata is None:
        known = {field.key: field.value for field in metadata if not field.hint}
        lines = dump_yaml(known).splitlines() if known else ["license: apache-2.0"]
        text = f"{readme.path} goes up as it is. The Hub finds and shows a release by its metadata; let it begin with"
        yield (f"{text}:", "---", *lines, "---")


def _left(left: tuple[LeftOut, ...]) -> Iterator[tuple[str, ...]]:
    if left:
        more = len(left) - _MOST_LEFT_OUT
        rest = (f"and {more:,} more, which `hublish init --out - --json` lists",) if more > 0 else ()
        yield ("Left out:", *(f"{one.path}: {one.why}" for one in left[:_MOST_LEFT_OUT]), *rest)
