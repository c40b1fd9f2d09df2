"""Staged -> Staged: warn about parts of a release that its type of repo needs and that no file provides."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from hublish.base.content import ContentChangedError
from hublish.base.values import Staged, StagedFile
from hublish.formats.catalogue import COPY, SHARD_INDEX_SUFFIX, WEIGHT_SUFFIXES
from hublish.formats.front_matter import read_front_matter
from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem
from hublish.schemas.documents.file_names import CARD_FILE, GITATTRIBUTES
from hublish.schemas.documents.path_rules import in_suspect_batches

# Weights of libraries that hublish neither converts nor loads; `.model`, a vocabulary, is not among them.
_OTHER_WEIGHTS: Final = (
    *(".pdparams", ".pdmodel", ".params", ".ot", ".mar", ".nemo", ".engine", ".plan", ".trt", ".mlpackage", ".dlc"),
    *(".ftz", ".vec", ".cbm", ".ubj", ".xgb", ".lgb", ".llamafile", ".rknn", ".hef", ".tar", ".tar.gz", ".tgz", ".zip"),
    *(".zarr", ".weights", ".caffemodel", ".lite", ".task", ".litertlm"),
)
_NOT_WEIGHTS: Final = (".model", SHARD_INDEX_SUFFIX)
_WEIGHTS: Final = (*(suffix for suffix in WEIGHT_SUFFIXES if suffix not in _NOT_WEIGHTS), *_OTHER_WEIGHTS)
# XGBoost and LightGBM save a model as text. TensorFlow, Orbax and Core ML write files without a usual suffix.
_NAMED_WEIGHTS: Final = re.compile(
    r"(?:.*/)?(?:(?:[^/]*[-_.])?(?:model|booster)\.(?:json|txt|xml)|[^/]*\.data-\d+-of-\d+|d/[0-9a-f]{32})"
    r"|(?:.*/)?[^/]+\.(?:mlpackage|mlmodelc|zarr)/.*"
)
# The same in the lower-case names of many files, each between two NULs, which a search reads once.
_PERHAPS_WEIGHTS: Final = (
    "[.](?:" + "|".join(re.escape(suffix.removeprefix(".")) for suffix in _WEIGHTS) + ")\0"
    r"|(?:model|booster)\.|\.data-|[/\0]d/|\.(?:mlpackage|mlmodelc|zarr)/"
)
_CARDS: Final = (CARD_FILE, "CARD.md")
# The Hub adds a README to a new Space, and its license matters less than that of files to be reused.
_WITHOUT_CARD: Final = ("space",)
_README_LIMIT: Final = 1 << 20
_ATTRIBUTES_LIMIT: Final = 1 << 20


@dataclass(frozen=True)
class ScreenParts:
    """Warn about parts that the release lacks."""

    title: ClassVar[str] = "looking for missing parts"

    def run(self, staged: Staged) -> Staged:
        """Return the release with the warnings that were found."""
        return replace(staged, warnings=(*staged.warnings, *incomplete_parts(staged)))


def incomplete_parts(staged: Staged) -> Iterator[Problem]:
    """Yield a warning for each part of a release that its type of repo needs and no file provides."""
    yield from _without_weights(staged)
    yield from _without_card(staged)
    yield from _without_sdk(staged)
    yield from _own_attributes(staged)


def holds_weights(path: str) -> bool:
    """Return whether the name of a file is one that weights have, in any library."""
    lower = path.lower()
    return lower.endswith(_WEIGHTS) or _NAMED_WEIGHTS.fullmatch(lower) is not None


def _without_weights(staged: Staged) -> Iterator[Problem]:
    if staged.collection.project.target.repo_type != "model":
        return
    artifacts = staged.collection.project.manifest.artifacts
    converted = {index for index, artifact in enumerate(artifacts) if artifact.serializer != COPY}
    if any(file.origin.artifact in converted for file in staged.files):
        return
    paths = [file.path_in_repo for file in staged.files]
    search = re.compile(_PERHAPS_WEIGHTS).search
    if any(map(holds_weights, in_suspect_batches(paths, lambda text: search(text.lower())))):
        return
    left_out = (one for one in staged.collection.candidates if not one.verdict.included)
    excluded = next((one for one in left_out if holds_weights(one.path_in_repo)), None)
    hint = "add them to artifacts, or set repo.repo_type if this is not a model"
    if excluded is not None:
        hint = f"'{excluded.source}' is excluded by {excluded.verdict.rule}"
    yield _warning("release.no_weights", "a model release without weights", hint, "artifacts")


def _without_card(staged: Staged) -> Iterator[Problem]:
    project = staged.collection.project
    names = {file.path_in_repo for file in staged.files}
    if project.manifest.card is None and project.target.repo_type not in _WITHOUT_CARD and names.isdisjoint(_CARDS):
        message = f"the release has neither a card nor a {CARD_FILE}, and so no license"
        hint = "add `card: {metadata: {license: ...}}`, or a README.md to artifacts; the Hub finds repos by their cards"
        yield _warning("release.no_card", message, hint, "artifacts")


def _without_sdk(staged: Staged) -> Iterator[Problem]:
    target, card = staged.collection.project.target, staged.collection.project.manifest.card
    if target.repo_type != "space" or target.space_sdk is not None or (card and card.metadata.get("sdk")):
        return
    readme = staged.readme
    if readme is None or not _names_sdk(readme):
        message = "the SDK of the Space is missing: the Hub does not create a Space without one"
        hint = "set repo.space_sdk to gradio, docker or static"
        yield _warning("release.no_sdk", message, hint, "repo.repo_type")


def _names_sdk(readme: StagedFile) -> bool:
    try:
        reading = read_front_matter(readme.content.read_at(0, _README_LIMIT), readme.origin.source)
    except (InvalidDocumentError, ContentChangedError, OSError):  # rendering the card reports it
        return True
    return reading is not None and bool(reading.data.get("sdk"))


def _own_attributes(staged: Staged) -> Iterator[Problem]:
    """Yield a warning if a `.gitattributes` of the release replaces the Hub's, and leaves out files that it tracks."""
    own = next((file for file in staged.files if file.path_in_repo == GITATTRIBUTES), None)
    if own is None:
        return
    # Imported here: only such a release needs git's rules.
    from hublish.hub.server.routes.preflight import lfs_rule
    from hublish.hub.server.routes.repos import default_attributes

    repo_type = staged.collection.project.target.repo_type
    try:
        tracked = lfs_rule(own.content.read_at(0, _ATTRIBUTES_LIMIT))
    except (ValueError, ContentChangedError, OSError):
        return
    usual = lfs_rule(default_attributes(repo_type))
    large = [file.path_in_repo for file in staged.files if usual(file.path_in_repo)]
    missing = [path for path in large if not tracked(path)]
    message = f"'{GITATTRIBUTES}' replaces the Hub's, and leaves {_some(missing)} out of LFS" if missing else ""
    if not large:
        # Files of a later release, or of an author who relies on the Hub's rules.
        lost = [pattern for pattern in _patterns(default_attributes(repo_type)) if not tracked(_example(pattern))]
        message = f"'{GITATTRIBUTES}' replaces the Hub's, without its rules for {_some(lost)}" if lost else ""
    if message:
        hint = "exclude it with patterns.ignore_patterns, or add the lines of the Hub's own .gitattributes"
        yield _warning("release.gitattributes", message, hint, _source_field(own))


def _some(names: Sequence[str]) -> str:
    return f"'{names[0]}'" + (f" and {len(names) - 1:,} more" if len(names) > 1 else "")


def _patterns(attributes: bytes) -> tuple[str, ...]:
    return tuple(line.split()[0] for line in attributes.decode().splitlines() if line.strip())


def _example(pattern: str) -> str:
    """Return a path that a pattern of the Hub's own rules matches: a suffix, or files in a folder."""
    return pattern.replace("**/*", "x/x").replace("*", "x")


def _source_field(file: StagedFile) -> str:
    return "artifacts" if file.origin.artifact is None else f"artifacts[{file.origin.artifact}].source"


def _warning(code: str, message: str, hint: str, path: str) -> Problem:
    return Problem(code, message, hint, path, severity="warning")
