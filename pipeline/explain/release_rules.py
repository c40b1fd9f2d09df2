"""Evaluate every rule of a release for one file, by its path on disk or by its path in the repo."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from hublish.audit.file_audit import policy_steps
from hublish.audit.fingerprint import Fingerprint, Interest, fingerprint
from hublish.audit.path_audit import audit_path
from hublish.base.content import Content, ContentChangedError
from hublish.base.gitignore import GitIgnore
from hublish.base.patterns import matching
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Candidate, Effect, Project, Step, Verdict
from hublish.base.values.downloads import module_path
from hublish.base.values.explanation import Fate, Outcome, Taken
from hublish.base.workers import workers
from hublish.formats.catalogue import COPY, SHARD_INDEX_SUFFIX
from hublish.pipeline.attest.own_signer import SIGN, verdict_of
from hublish.pipeline.collect.collect import Examined, Survey
from hublish.pipeline.collect.sources import Outputs, outputs
from hublish.pipeline.collect.uncollected import uncollected_steps
from hublish.pipeline.fetch.select import selected
from hublish.pipeline.render_card.existing_readme import two_cards
from hublish.pipeline.render_card.pictures import possible_picture
from hublish.pipeline.render_card.render_card import written_for_card
from hublish.schemas.diagnose.problems import Problem, errors_in
from hublish.schemas.documents.file_names import ATTESTATION_FILES, CARD_FILE, GITIGNORE
from hublish.schemas.documents.manifest import Load, Policy
from hublish.schemas.documents.path_rules import collisions

# A collected file, and the files that it becomes.
Collected = tuple[Examined, Outputs]

_SHARD: Final = re.compile(r"-\d{5}-of-\d{5}(?=\.safetensors$)")
# Reading a smaller file takes too little time to show progress.
_LARGE: Final = 64 << 20
_ALLOW, _IGNORE = "load.allow_patterns", "load.ignore_patterns"


@dataclass(frozen=True)
class ReleaseRules:
    """The rules of a release, to be evaluated for one file after another.

    Args:
        survey: every collected file, with its verdict.
        remote_gitignore: the `.gitignore` on the Hub, which applies if the release has none of its own.
        remote_paths: every path on the Hub, if it was read.
        progress: receives the bytes read of large files.
    """

    survey: Survey
    remote_gitignore: GitIgnore | None = None
    remote_paths: frozenset[str] = frozenset()
    progress: Progress = SILENT

    @property
    def project(self) -> Project:
        """The manifest and its folder."""
        return self.survey.project

    # Computed once: `hublish explain FOLDER` asks for thousands of files.
    @cached_property
    def _collected(self) -> tuple[Collected, ...]:
        return tuple((item, outputs(self.project, item.candidate)) for item in self.survey.examined)

    @cached_property
    def by_source(self) -> Mapping[str, tuple[Collected, ...]]:
        """The collected files by their path on disk."""
        return _grouped((collected[0].candidate.source, collected) for collected in self._collected)

    @cached_property
    def by_path(self) -> Mapping[str, tuple[Collected, ...]]:
        """The collected files by the paths in the repo that they have, or would have."""
        return _grouped((path, collected) for collected in self._collected for path in collected[1].paths)

    @cached_property
    def released(self) -> frozenset[str]:
        """Every path in the repo for which a file is included."""
        own = {path for item, found in self._collected if item.candidate.verdict.included for path in found.paths}
        return frozenset(own | self._for_card.keys() | {*self._for_signature})

    @cached_property
    def _for_card(self) -> Mapping[str, Verdict]:
        return written_for_card(self.project.manifest.card)

    @property
    def _for_signature(self) -> tuple[str, ...]:
        return ATTESTATION_FILES if self.project.manifest.sign is not None else ()

    def of_file(self, relative: str) -> tuple[Fate, ...]:
        """Return the result for a file of the working tree, once for each artifact that collects it."""
        found = self.by_source.get(relative)
        if found is None:
            # Without a candidate, no verdict exists: the steps name the sources that are most like the path.
            steps = tuple(uncollected_steps(self.project, relative, self.survey.failed))
            return (Fate(Taken.FILE, relative, None, steps),)
        return tuple(self._fate(collected, Taken.FILE) for collected in found)

    def of_path(self, path: str) -> tuple[Fate, ...]:
        """Return the result for every file with a path in the repo; empty if no file has it."""
        collected = self.by_path.get(path) or self._of_shard(path)
        found = [self._fate(one, Taken.PATH_IN_REPO) for one in collected]
        written = self._for_card.get(path) or possible_picture(path, self.project)
        if path in self._for_signature:
            steps = (*verdict_of(path).steps, *self._relative_to_others(path))
            found.append(Fate(Taken.PATH_IN_REPO, SIGN, None, steps, (path,), loading=self._loading((path,))))
        if written is not None:
            steps = (*written.steps, *self._relative_to_others(path))
            found.append(Fate(Taken.PATH_IN_REPO, "card", None, steps, (path,), loading=self._loading((path,))))
        return tuple(found)

    def of_remote(self, path: str) -> Fate | None:
        """Return the result for a file on the Hub that is not part of the release."""
        if path not in self.remote_paths:
            return None
        from hublish.pipeline.compare.compare import deletions

        reason = "it is on the Hub, and no source has this path"
        deletion = deletions([path], self.project.manifest.patterns).get(path)
        if deletion is not None:
            step = Step("delete_patterns", Effect.EXCLUDES, f"{reason}: {deletion.reason} deletes it", deletion.rule)
        else:
            step = Step("delete_patterns", Effect.EXCLUDES, f"{reason}; it is kept", "patterns.delete_patterns")
        return Fate(Taken.PATH_IN_REPO, path, None, (step,))

    def _of_shard(self, path: str) -> tuple[Collected, ...]:
        """Return the files that may become several shards, one of which has this path."""
        # Only converting shows whether a file is split, and into how many shards.
        whole = _SHARD.sub("", path).removesuffix(SHARD_INDEX_SUFFIX)
        return tuple(one for one in self.by_path.get(whole, ()) if one[1].more) if whole != path else ()

    def _fate(self, collected: Collected, taken: Taken) -> Fate:
        item, found = collected
        candidate = item.candidate
        steps = (*candidate.verdict.steps, *self._checks(item, found))
        fate = Fate(
            taken,
            candidate.source,
            candidate.artifact,
            steps,
            found.paths,
            found.serializer,
            found.more,
            repeated=item.repeated,
        )
        return replace(fate, loading=self._loading(found.paths)) if fate.outcome is Outcome.IN else fate

    def _checks(self, item: Examined, found: Outputs) -> Iterator[Step]:
        """Yield the checks of a file that is included; an excluded or repeated file has none."""
        candidate = item.candidate
        if not candidate.verdict.included or item.repeated:  # a repeated file is checked where it is collected first
            return
        if item.problems:
            yield from map(_refusal, item.problems)
            return
        yield from _of_artifact(candidate, self.survey.problems)
        yield from _of_link(self.project, candidate)
        card = self.project.manifest.card
        if card and CARD_FILE in found.paths and candidate.source != card.template:
            yield _refusal(two_cards(candidate.source, candidate.artifact))
        yield from _of_policy(candidate, found, self.project.manifest.policy, self.progress)
        for path in found.paths:
            yield from self._relative_to_others(path)

    def _relative_to_others(self, path: str) -> Iterator[Step]:
        """Yield the checks that depend on other files of the release: names that collide, and a `.gitignore`."""
        if path in self._collisions:
            yield Step("collision", Effect.REFUSES, self._collisions[path], hint="rename one of them")
        # The Hub applies the .gitignore of the commit; without one, that of the repo.
        if self._gitignore is None:
            return
        rule = self._gitignore.rule_for(path)
        if rule is None:
            yield Step("gitignore", Effect.PASSES, f"{self._gitignore.source}: no line matches")
            return
        text = f"{rule} makes the Hub drop the file silently, and hublish refuses to publish that"
        hint = f"change {rule.location.source}, or exclude the file with patterns.ignore_patterns"
        yield Step("gitignore", Effect.REFUSES, text, hint=hint, location=rule.location)

    @cached_property
    def _collisions(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for one, other, why in collisions(self.released):
            found |= {one: f"{why}: {one}, {other}", other: f"{why}: {one}, {other}"}
        return found

    @cached_property
    def _gitignore(self) -> GitIgnore | None:
        included = (item for item, _ in self.by_path.get(GITIGNORE, ()) if item.candidate.verdict.included)
        # A file with a problem is not read: it may be a FIFO, which would block.
        own = next((item.candidate for item in included if not item.problems), None)
        if own is None:
            return self.remote_gitignore
        data = b"" if own.content is None else own.content.read_at(0, own.content.size)
        return GitIgnore.read(data, own.source)

    @cached_property
    def _needed(self) -> frozenset[str]:
        load = self.project.manifest.load
        return frozenset(selected(sorted(self.released), load, weights_only=load == Load()))

    def _loading(self, paths: tuple[str, ...]) -> Step:
        return load_step(paths, self.project.manifest.load, self._needed)


def load_step(paths: Collection[str], load: Load, needed: Collection[str]) -> Step:
    """Return the rule of the load plan that decides whether a file is loaded.

    Args:
        paths: the paths in the repo of one file.
        load: the load plan.
        needed: every path that the load plan selects.
    """
    # A selected path comes first: a file that becomes several is loaded if one of them is.
    if any(path in needed for path in paths):
        path = next(path for path in paths if path in needed)
        index = next(index for index, pattern in enumerate(load.allow_patterns) if matching([path], [pattern], None))
        place = f"{_ALLOW}[{index}]"
        return Step("load.allow_patterns", Effect.COLLECTS, f"{place}: {load.allow_patterns[index]}", place)
    if load.target is not None and module_path(load.target) in paths:
        text = f"load.target: {load.target}, with trust=hublish.Trust(code=True)"
        return Step("load.target", Effect.COLLECTS, text, "load.target")
    for index, pattern in enumerate(load.ignore_patterns):
        if matching(paths, [pattern], None):
            place = f"{_IGNORE}[{index}]"
            return Step("load.ignore_patterns", Effect.EXCLUDES, f"{place}: {pattern}", place)
    if load == Load():
        return Step("load", Effect.EXCLUDES, "without a load plan, loading reads the weights and config.json")
    return Step("load.allow_patterns", Effect.EXCLUDES, f"{_ALLOW}: no pattern matches", _ALLOW)


def _refusal(problem: Problem) -> Step:
    return Step(problem.code, Effect.REFUSES, problem.message, problem.path, problem.hint, problem.location)


# An invalid serializer or option fails every file of its artifact.
def _of_artifact(candidate: Candidate, problems: Iterable[Problem]) -> Iterator[Step]:
    place = f"artifacts[{candidate.artifact}]"
    fields = (f"{place}.serializer", f"{place}.options")
    return (_refusal(problem) for problem in problems if problem.path.startswith(fields))


def _of_link(project: Project, candidate: Candidate) -> Iterator[Step]:
    # A followed link was replaced by the file behind it, which has another path.
    path = candidate.content.local_path if candidate.content else None
    if path is not None and path != project.folder / candidate.source:
        text = f"policy.symlinks: follow; the content is that of {path.name}"
        yield Step("policy.symlinks", Effect.PASSES, text, "policy.symlinks")


def _of_policy(candidate: Candidate, found: Outputs, policy: Policy, progress: Progress) -> Iterator[Step]:
    """Yield the audit of a file: of its content if it is uploaded unchanged, else of the names that it gets."""
    content = candidate.content
    # The content of a converted file does not exist yet.
    if found.serializer != COPY or content is None:
        for path in found.paths:
            yield from policy_steps(path, path, None, None, policy)
        return
    path, size = candidate.path_in_repo, content.size
    too_large = bool(errors_in(audit_path(path, size, policy)))
    try:
        # A file that is refused by its name or size is not read: a sparse file may have 600 GB.
        print_ = None if too_large else _fingerprint(content, path, size, Interest.of(policy), progress)
    except (ContentChangedError, OSError) as error:
        yield Step("source.unreadable", Effect.REFUSES, f"cannot be read: {getattr(error, 'strerror', None) or error}")
        return
    source = path if candidate.artifact is None else candidate.source
    yield from policy_steps(path, source, size, print_, policy)


def _fingerprint(content: Content, path: str, size: int, interest: Interest, progress: Progress) -> Fingerprint:
    if size < _LARGE:
        return fingerprint(content, interest, lambda _: None)
    with progress.task(path, size) as task, workers() as executor:
        return fingerprint(content, interest, task.advance, executor)


def _grouped(pairs: Iterator[tuple[str, Collected]]) -> Mapping[str, tuple[Collected, ...]]:
    groups: dict[str, list[Collected]] = {}
    for key, collected in pairs:
        groups.setdefault(key, []).append(collected)
    return {key: tuple(group) for key, group in groups.items()}
