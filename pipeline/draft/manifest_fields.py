"""Turn the outline of a release into the fields of a manifest, with comments at the top and at the end."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from glob import escape
from posixpath import basename, dirname, join, splitext
from typing import Final

from hublish.pipeline.draft.card_facts import Readme
from hublish.pipeline.draft.commented_yaml import Field, Items, Section
from hublish.pipeline.draft.listing import Listing
from hublish.pipeline.draft.model_weights import ESTIMATOR_REASON
from hublish.pipeline.draft.release_parts import Outline, Part
from hublish.pipeline.draft.source_globs import Neighbors, Source, in_folders, inside, sources
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.documents.manifest import Policy
from hublish.schemas.documents.manifest_yaml import dump_yaml

# Editors report an error for a schema that does not exist: the line is written only beside that file.
_SCHEMA_FILE: Final = "hub.schema.json"
# Choices that only the user can make: without one, a hint with a typical value.
_CHOICES: Final = (
    ("visibility", "private", "without it, a new repo is public"),
    ("tag", "v1.0.0", "the tag of this release, created once it is verified"),
)
# A comment shows examples; `hublish files` and `hublish init --json` list everything.
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class CommentedManifest:
    """The fields of a manifest, and the comments around them."""

    fields: tuple[Field, ...]
    head: tuple[str, ...]
    tail: tuple[tuple[str, ...], ...]


def manifest_fields(
    listing: Listing,
    outline: Outline,
    repo_id: Field,
    repo_type: Field,
    readme: Readme | None,
    origin: str,
    chosen: Mapping[str, str],
) -> CommentedManifest:
    """Return the manifest of a release; a card is rendered unless a README is published unchanged."""
    # A pickle is left out, but offered as a hint with the policy that it needs. hub.yaml is published, so that it
    # must not name the files that stay out of the release: `init` prints them instead.
    estimators = _estimators(outline)
    about = f"Drafted by `hublish init` from {origin}. Review which files it uploads, then run `hublish check`."
    editor = "For completion and help in the editor: hublish schema --help"
    head = (f"yaml-language-server: $schema={_SCHEMA_FILE}" if _SCHEMA_FILE in listing else editor, about)
    fields = (
        Field("schema_version", 1),
        Field("repo", Section((*_repo(repo_id, repo_type, chosen), *outline.repo))),
        Field("artifacts", Items(tuple(_artifacts(listing, outline, readme)), estimators)),
        *(() if readme or listing.from_hub else (Field("card", Section(tuple(_card(outline)))),)),
        *_policy(listing, outline, pickles=bool(estimators)),
        *_load(outline, pickles=bool(estimators)),
    )
    advice = ((text,) for text in outline.advice)
    return CommentedManifest(fields, head, (*_about_readme(listing, readme, outline), *advice))


def _repo(repo_id: Field, repo_type: Field, chosen: Mapping[str, str]) -> Iterator[Field]:
    yield repo_id
    if repo_type.value != "model":
        yield repo_type
    for key, example, why in _CHOICES:
        yield Field(key, chosen[key]) if key in chosen else Field(key, example, why, hint=True)


def _artifacts(listing: Listing, outline: Outline, readme: Readme | None) -> Iterator[Section]:
    around = Neighbors.of(listing)
    for part in in_folders(outline.parts, outline.root):
        why = part.why
        for source in sources(part, outline.root, around):
            yield Section(tuple(_artifact(part, source, _with_files(why, source))))
            why = ""  # given once, at the first source of a part
    if readme:
        missing = "" if readme.metadata is not None else "; it has no metadata, see below"
        yield Section((Field("source", readme.path, f"the card, unchanged{missing}"),))


def _artifact(part: Part, source: Source, why: str) -> Iterator[Field]:
    yield Field("source", source.source, why)
    if source.path_in_repo:
        yield Field("path_in_repo", source.path_in_repo)
    if part.serializer != "copy":
        yield Field("serializer", part.serializer)
    if part.options:
        yield Field("options", dict(part.options))


def _with_files(why: str, source: Source) -> str:
    """Return a reason with the files of a source: the names behind a glob, the number of files in a folder."""
    names = [basename(path) for path in source.files]
    if len(names) == 1:
        return why
    if source.source.startswith("*") or "/*" in source.source:
        more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
        files = f"{', '.join(names[:_MOST_NAMED])}{more}"
    else:
        files = f"{len(names):,} files"
    return f"{why}: {files}" if why else files


def _estimators(outline: Outline) -> tuple[Section, ...]:
    """Return an artifact for the pickled estimators in each folder, as globs, which name none of them."""
    shown = {dirname(path) for part in outline.parts for path in part.files}
    found = dict.fromkeys(one.path for one in outline.left_out if one.why == ESTIMATOR_REASON)
    # A folder that holds nothing else of the release stays unnamed too.
    places = ((dirname(path) if dirname(path) in shown else None, f"*{splitext(path)[1]}") for path in found)
    globs = {(join("**" if folder is None else escape(folder), name), folder or "") for folder, name in places}
    return tuple(_pickled(glob, inside(folder, outline.root)) for glob, folder in sorted(globs))


def _pickled(glob: str, into: str) -> Section:
    why = "pickles, which run code when they are loaded; better: skops.io.dump(model, 'model.skops')"
    target = (Field("path_in_repo", f"{into}/"),) if into else ()
    serializer = Field("serializer", "sklearn")
    options = Field("options", {"format": "joblib"})
    return Section((Field("source", glob, why), *target, serializer, options))


def _policy(listing: Listing, outline: Outline, *, pickles: bool) -> Iterator[Field]:
    """Yield exceptions from the default policy that the release needs."""
    pickle = Field("pickle", "warn", "only with the pickles above: allows uploading them", hint=True)
    largest = max((listing.sizes[path] for part in outline.parts for path in part.files), default=0)
    if largest > Policy().max_file_size:
        gigabytes = -(-largest // 10**9)  # rounded up
        size = Field("max_file_size", f"{gigabytes}GB", "the size of the largest file; the default is 50GB")
        yield Field("policy", Section((size, *((pickle,) if pickles else ()))))
    elif pickles:
        yield Field("policy", Section((replace(pickle, hint=False),)), hint=True)


def _load(outline: Outline, *, pickles: bool) -> Iterator[Field]:
    """Yield how the release is loaded; a pickle is never chosen by its suffix."""
    serializer = Field("serializer", "sklearn", "only with the pickles above: loads them, with the reader's permission")
    if pickles and not outline.load:
        yield Field("load", Section((serializer,)), hint=True)
    yield from outline.load


def _card(outline: Outline) -> Iterator[Field]:
    yield Field("template", outline.template, "the template of the README")
    yield _section("metadata", outline.metadata)
    yield from outline.card
    summary = Field("summary", "One sentence that describes it.", hint=True)
    yield _section("variables", (summary, *outline.variables))


def _section(key: str, fields: tuple[Field, ...]) -> Field:
    """Return a mapping; one with nothing but hints would be read as null, so that it becomes a hint as a whole."""
    if any(not field.hint for field in fields):
        return Field(key, Section(fields))
    return Field(key, Section(tuple(replace(field, hint=False) for field in fields)), hint=True)


def _about_readme(listing: Listing, readme: Readme | None, outline: Outline) -> Iterator[tuple[str, ...]]:
    """Yield the metadata to add to a README that has none, or that a Hub repo has no README to publish."""
    if readme is None and listing.from_hub:
        yield (f"No {CARD_FILE} is uploaded: the repo has none that can be published unchanged. `card:` renders one.",)
    if readme and readme.metadata is None:
        known = {field.key: field.value for field in outline.metadata if not field.hint}
        lines = dump_yaml(known).splitlines() if known else ["license: apache-2.0"]
        text = (
            f"{readme.path} is uploaded unchanged. For the Hub to find and show the release, add metadata at its top:"
        )
        yield (text, "---", *lines, "---")
