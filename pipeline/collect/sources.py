"""The files of an artifact: which files its `source` names, their path in the repo, and the files they become."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from hublish.audit.path_audit import default_denied, denied_among
from hublish.base.content import InMemory, OnDisk
from hublish.base.errors import HublishError, SourceError
from hublish.base.patterns import glob_expression, near_glob
from hublish.base.values import Candidate, Effect, Kind, Project, Step, Verdict
from hublish.formats import registry
from hublish.formats.catalogue import COPY, SHARD_INDEX_SUFFIX
from hublish.formats.format_options import InvalidOptionsError, default_suffix, validate_options
from hublish.formats.interface import Format
from hublish.pipeline.collect.verdicts import NOT_DENIED, Locks, name_steps
from hublish.pipeline.collect.walking import Entry, look, pruned_folder, walk
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.documents.manifest import Artifact
from hublish.schemas.documents.manifest_yaml import dump_load
from hublish.schemas.documents.path_rules import source_problems
from hublish.schemas.documents.sizes import format_size

MAGIC: Final = re.compile(r"[*?\[]")
"""Characters that make a source a glob, unless a file of exactly that name exists."""

# One byte of input can become at most so many: compression and a cast to a wider type both enlarge it.
_GROWTH: Final = 10_000
# get_close_matches compares each name with the source: more of them would take seconds.
_COMPARED: Final = 20_000
_AS_WRITTEN: Final = Step("manifest", Effect.COLLECTS, "the manifest is published as written")
_LOAD_PART: Final = Step(
    "manifest", Effect.COLLECTS, "publish_manifest: load, only what loading needs", "publish_manifest"
)
_NOT_PUBLISHED: Final = Step("manifest", Effect.EXCLUDES, "publish_manifest: none", "publish_manifest")
_PART_IS: Final = Step("manifest", Effect.EXCLUDES, "publish_manifest: load publishes a part of it", "publish_manifest")


class Found(NamedTuple):
    """A file of a source, and its path in the repo."""

    entry: Entry
    path_in_repo: str
    named: bool
    """Whether the manifest names exactly this file, rather than a folder or a glob."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files that one candidate becomes."""

    paths: tuple[str, ...]
    """Each path_in_repo."""
    serializer: str
    more: str = ""
    """Other files that may be written, when only the conversion decides."""


def manifest_candidate(project: Project, ignoring: Iterable[Step] = ()) -> Candidate:
    """Return the manifest as a file of the release, unless it is not published; `ignoring` are patterns that match."""
    how = project.manifest.publish_manifest
    steps = [_LOAD_PART if how == "load" else _AS_WRITTEN, *([_NOT_PUBLISHED] if how == "none" else ()), *ignoring]
    text = dump_load(project.manifest.load) if how == "load" else project.text
    # Only its name, not the path on the command line: a lock must not depend on the folder a command runs in.
    return Candidate(MANIFEST_FILE, Path(project.name).name, InMemory(text), None, Verdict.of(steps))


def artifact_candidates(project: Project, index: int) -> tuple[tuple[Candidate, ...], tuple[Problem, ...]]:
    """Return the files of one artifact, before any pattern or policy is applied, and all problems with it."""
    artifact = project.manifest.artifacts[index]
    path = f"artifacts[{index}]"
    try:
        declared = registry.declared(artifact.serializer)
    except HublishError as error:
        return (), (Problem(error.code, error.message, error.hint, f"{path}.serializer"),)
    # Wrong options do not hide the files: other problems with them are reported in the same run.
    problems = _option_problems(declared, artifact, f"{path}.options")
    try:
        return tuple(_candidates(project, index, artifact, default_suffix(declared, artifact.options))), problems
    except SourceError as error:
        found = Problem("source.missing", error.message, error.hint, f"{path}.source")
    except OSError as error:
        found = Problem("source.unreadable", f"'{artifact.source}': {error.strerror}", path=f"{path}.source")
    return (), (*problems, found)


def candidates_if_present(project: Project, locks: Locks, relative: str) -> Iterator[Candidate]:
    """Yield a file that is not there as each artifact would collect it: from a folder, or by a glob."""
    if pruned_folder(relative):
        return
    for index, artifact in enumerate(project.manifest.artifacts):
        source = normalized(artifact.source)
        if (artifact.path_in_repo or artifact.source) in project.objects or not covers(source, relative):
            continue
        prefix = "" if source == "." else _fixed_prefix(source) if MAGIC.search(source) else source
        into, cut = _moved(prefix, artifact)
        path = into + relative[cut:]
        with suppress(HublishError):  # an unknown format is reported as a problem of the artifact
            path = _with_suffix(path, default_suffix(registry.declared(artifact.serializer), artifact.options))
        collects, denied = Step("source", Effect.COLLECTS, artifact.source), default_denied(relative)
        steps = [collects, *name_steps(relative, locks, denied, named=False)]
        yield Candidate(path, relative, None, index, Verdict.of(steps))


def covers(source: str, relative: str) -> bool:
    """Return whether a normalized source names a file below the manifest's folder."""
    inside = source == "." or relative == source or relative.startswith(f"{source}/")
    return inside or bool(MAGIC.search(source) and glob_expression(source).fullmatch(relative))


def load_format_problems(project: Project) -> Iterator[Problem]:
    """Yield a problem when `load.serializer` is unknown."""
    name = project.manifest.load.serializer
    try:
        if name is not None:
            registry.declared(name)
    except HublishError as error:
        yield Problem(error.code, error.message, error.hint, "load.serializer")


def outputs(project: Project, candidate: Candidate) -> Outputs:
    """Return the files that a candidate becomes, as far as they are known without converting it."""
    path = candidate.path_in_repo
    if candidate.artifact is None:
        return Outputs((path,), COPY)
    artifact = project.manifest.artifacts[candidate.artifact]
    if artifact.serializer == COPY:
        return Outputs((path,), COPY)
    try:
        declared = registry.declared(artifact.serializer)
        options = validate_options(declared, artifact.options)
    except HublishError:  # reported as a problem of the artifact
        return Outputs((path,), artifact.serializer)
    if (limit := getattr(options, "max_shard_size", None)) is not None:
        return _weights(candidate, artifact.serializer, int(limit))
    more = "with the external data files that hold its tensors" if artifact.serializer == "onnx" else ""
    return Outputs((path,), artifact.serializer, more)


def find_files(folder: Path, artifact: Artifact) -> tuple[Found, ...]:
    """Return the files that `artifact.source` names.

    Raises:
        SourceError: when it matches nothing, or leads out of the folder.
    """
    source = normalized(artifact.source)
    if source != "." and (faults := source_problems(source)):
        raise SourceError(f"'{source}': {'; '.join(faults)}", hint="give a path inside the folder of hub.yaml")
    entry = look(folder, source) if source != "." else None
    # An existing name wins over its reading as a glob: `data[1].csv` may be a file.
    if source == "." or (entry is not None and entry.kind is Kind.FOLDER):
        return _in_folder(folder, "" if source == "." else source, artifact)
    if entry is not None:
        return (Found(entry, _path_of_file(entry.relative, artifact.path_in_repo), named=True),)
    if MAGIC.search(source):
        return _by_glob(folder, source, artifact)
    msg = f"'{artifact.source}' does not exist"
    raise SourceError(msg, hint=_near_misses(source, (entry.relative for entry in walk(folder))))


def normalized(source: str) -> str:
    """Return a source in the form of the paths of entries; `.` for the folder itself."""
    return source.removeprefix("./").rstrip("/") or "."


def _option_problems(declared: Format, artifact: Artifact, path: str) -> tuple[Problem, ...]:
    try:
        validate_options(declared, artifact.options)
    except InvalidOptionsError as error:
        return tuple(replace(problem, path=f"{path}.{problem.path}") for problem in error.problems)
    return ()


def _candidates(project: Project, index: int, artifact: Artifact, suffix: str) -> Iterator[Candidate]:
    place = f"artifacts[{index}].source"
    collects = Step("source", Effect.COLLECTS, f"{place}: {artifact.source}", place)
    # A value in memory replaces the file: the source need not exist.
    key = artifact.path_in_repo or artifact.source
    if key in project.objects:
        verdict, value = Verdict.of([collects]), project.objects[key]
        yield Candidate(_path_of_object(artifact, suffix), "<memory>", None, index, verdict, value=value)
        return
    folder, files = str(project.folder), find_files(project.folder, artifact)
    special = _special_verdicts(project, files, collects)
    usual = Verdict.of((collects, NOT_DENIED))
    for (relative, kind, identity), given, named in files:
        # A path that the author wrote for one file is never changed, not even its suffix.
        path = given if not suffix or (named and artifact.path_in_repo) else _with_suffix(given, suffix)
        content = OnDisk(f"{folder}/{relative}", identity)
        yield Candidate(path, relative, content, index, special.get(relative, usual), kind)


def _special_verdicts(project: Project, files: Sequence[Found], collects: Step) -> dict[str, Verdict]:
    """Return the verdict on each name that may be that of a lock, of the manifest, or of a denied or named file."""
    relatives = [found.entry.relative for found in files]
    locks, manifest, denied = Locks.of(project), Path(project.name).name, denied_among(relatives)
    special = {manifest, *denied, *locks.among(relatives)}
    verdicts = {}
    for found in files:
        relative = found.entry.relative
        if found.named or relative in special:
            steps = (collects, *name_steps(relative, locks, denied.get(relative), named=found.named))
            of_manifest = _manifest_steps(project, found) if relative == manifest else ()
            verdicts[relative] = Verdict.of((*steps, *of_manifest))
    return verdicts


def _manifest_steps(project: Project, found: Found) -> Sequence[Step]:
    # A source that names exactly this file was written on purpose.
    if found.named:
        return ()
    return {"none": (_NOT_PUBLISHED,), "load": (_PART_IS,)}.get(project.manifest.publish_manifest, ())


def _path_of_object(artifact: Artifact, suffix: str) -> str:
    """Return the path_in_repo of a value in memory: that of the file it replaces."""
    path = artifact.path_in_repo or ""
    return path if path and not path.endswith("/") else path + _with_suffix(PurePosixPath(artifact.source).name, suffix)


def _with_suffix(path: str, suffix: str) -> str:
    """Return the name of a converted file; the index of shards gives the name of the whole."""
    whole = path.removesuffix(SHARD_INDEX_SUFFIX)
    if not suffix or whole.endswith(suffix):
        return whole if suffix else path
    folder, slash, name = whole.rpartition("/")
    return f"{folder}{slash}{name.rpartition('.')[0] or name}{suffix}"


def _weights(candidate: Candidate, serializer: str, limit: int) -> Outputs:
    # Imported here: `hublish check` takes another path and need not load the machinery of tensors.
    from hublish.formats.input_files import InvalidFileError
    from hublish.formats.tensors.shards import index_path, weights_path

    try:
        weights = weights_path(candidate.path_in_repo)
    except InvalidFileError:  # the conversion reports it
        return Outputs((candidate.path_in_repo,), serializer)
    index = candidate.source.endswith(SHARD_INDEX_SUFFIX)
    # A small file cannot exceed the shard size. An index is small, but its shards are not.
    if candidate.content is not None and not index and candidate.content.size * _GROWTH <= limit:
        return Outputs((weights,), serializer)
    stem = weights.rpartition("/")[2].removesuffix(".safetensors")
    shards = f"shards such as {stem}-00001-of-00002.safetensors with {index_path(weights)}"
    return Outputs((weights,), serializer, f"or, above {format_size(limit)}, {shards}")


def _in_folder(folder: Path, source: str, artifact: Artifact) -> tuple[Found, ...]:
    entries = tuple(walk(folder, source))
    # An empty folder cannot be committed to git: it is probably a build that did not run.
    if not entries:
        msg = f"the folder '{artifact.source}' contains no files"
        raise SourceError(msg, hint="name another folder, or first run the step that writes its files")
    return _below(entries, source, artifact)


def _by_glob(folder: Path, source: str, artifact: Artifact) -> tuple[Found, ...]:
    # Only the folder before the first wildcard is walked: `data/2024/*.csv` need not read a tree of checkpoints.
    fixed = _fixed_prefix(source)
    start = look(folder, fixed) if fixed else None
    entries = tuple(walk(folder, fixed)) if not fixed or (start and start.kind is Kind.FOLDER) else ()
    expression = glob_expression(source)
    hits = [entry for entry in entries if expression.fullmatch(entry.relative)]
    if not hits:
        msg = f"'{artifact.source}' matches nothing"
        raise SourceError(msg, hint=_near_misses(source, (entry.relative for entry in entries or walk(folder))))
    return _below(hits, fixed, artifact)


def _fixed_prefix(pattern: str) -> str:
    """Return the folders before the first segment with a wildcard."""
    return "/".join(takewhile(lambda segment: not MAGIC.search(segment), pattern.split("/")[:-1]))


def _path_of_file(relative: str, path_in_repo: str | None) -> str:
    name = relative.rpartition("/")[2]
    if not path_in_repo:
        return name
    return path_in_repo + name if path_in_repo.endswith("/") else path_in_repo


def _below(entries: Iterable[Entry], prefix: str, artifact: Artifact) -> tuple[Found, ...]:
    into, cut = _moved(prefix, artifact)
    return tuple(Found(entry, into + entry.relative[cut:], named=False) for entry in entries)


def _moved(prefix: str, artifact: Artifact) -> tuple[str, int]:
    """Return the beginning of each path in the repo, and the number of characters of the source that it replaces."""
    # The folders before the first wildcard are cut off: `runs/best/*.json` gives `a.json`.
    folder = (artifact.path_in_repo or "").rstrip("/")
    return f"{folder}/" if folder else "", len(prefix) + 1 if prefix else 0


def _near_misses(source: str, names: Iterable[str]) -> str:
    # Imported here, as it is only needed for an error.
    from difflib import get_close_matches

    known = list(names)
    if MAGIC.search(source) and (glob := near_glob(source, known)):
        return f"did you mean '{glob}'?"
    near = get_close_matches(source, known[:_COMPARED], n=3, cutoff=0.5)
    return f"did you mean {' or '.join(map(repr, near))}?" if near else "check the path and the working tree"
