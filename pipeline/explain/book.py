"""Everything the rules say about a release, by file and by path_in_repo."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from hublish.base.gitignore import GitIgnore
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Candidate, Effect, Project, Step
from hublish.base.values.explanation import Fate, Outcome, Taken
from hublish.formats.catalogue import SHARD_INDEX_SUFFIX
from hublish.pipeline.collect.artifact_files import Outputs, outputs
from hublish.pipeline.collect.collect import Examined, Survey
from hublish.pipeline.collect.uncollected import uncollected_steps
from hublish.pipeline.explain import asking
from hublish.pipeline.fetch.select import selected
from hublish.pipeline.render_card.render_card import RENDERED, two_cards
from hublish.schemas.documents.file_names import CARD_FILE, GITIGNORE
from hublish.schemas.documents.manifest import Load
from hublish.schemas.documents.path_rules import collisions

Made = tuple[Examined, Outputs]
_SHARD = re.compile(r"-\d{5}-of-\d{5}(?=\.safetensors$)")


@dataclass(frozen=True)
class Book:
    """A survey, to be asked about one file after another.

    Args:
        survey: every file, judged.
        remote: the `.gitignore` that stands on the Hub, which counts when the release holds none.
        standing: every path that stands on the Hub, when it was asked.
        progress: told in bytes of large files.
    """

    survey: Survey
    remote: GitIgnore | None = None
    standing: frozenset[str] = frozenset()
    progress: Progress = SILENT

    @property
    def project(self) -> Project:
        """The manifest and its folder."""
        return self.survey.project

    @cached_property
    def made(self) -> tuple[Made, ...]:
        """Every candidate with what it becomes."""
        return tuple((item, outputs(self.project, item.candidate)) for item in self.survey.examined)

    @cached_property
    def by_source(self) -> Mapping[str, tuple[Made, ...]]:
        """What lies on disk."""
        return _grouped((made[0].candidate.source, made) for made in self.made)

    @cached_property
    def by_path(self) -> Mapping[str, tuple[Made, ...]]:
        """What goes to each path in the repo, or would."""
        return _grouped((path, made) for made in self.made for path in made[1].paths)

    @cached_property
    def released(self) -> frozenset[str]:
        """Every path in the repo that a file is let in for."""
        own = {path for item, found in self.made if item.candidate.verdict.included for path in found.paths}
        return frozenset(own | ({CARD_FILE} if self.project.manifest.card else set()))

    def of_file(self, relative: str) -> tuple[Fate, ...]:
        """Return what becomes of a file of the working tree, in each way it is collected."""
        found = self.by_source.get(relative)
        if found is None:
            steps = tuple(uncollected_steps(self.project, relative, self.survey.failed))
            return (Fate(Taken.FILE, relative, None, steps),)
        return tuple(self._fate(made, Taken.FILE) for made in found)

    def of_path(self, path: str) -> tuple[Fate, ...]:
        """Return what goes to a path in the repo; nothing when nothing does."""
        found = [self._fate(made, Taken.PATH_IN_REPO) for made in self.by_path.get(path) or self._of_shard(path)]
        if path == CARD_FILE and self.project.manifest.card:
            steps = (*RENDERED.steps, *self._beside(path))
            found.append(Fate(Taken.PATH_IN_REPO, "card", None, steps, (path,), loading=self._loading((path,))))
        return tuple(found)

    def _of_shard(self, path: str) -> tuple[Made, ...]:
        """Return what may become several files, one of which has this name."""
        whole = _SHARD.sub("", path).removesuffix(SHARD_INDEX_SUFFIX)
        return tuple(made for made in self.by_path.get(whole, ()) if made[1].more) if whole != path else ()

    def of_remote(self, path: str) -> Fate | None:
        """Return what becomes of a file that stands on the Hub and is not part of the release."""
        if path not in self.standing:
            return None
        from hublish.pipeline.compare.changes import deletions

        here = "it stands on the Hub, and no source goes there"
        going = deletions([path], self.project.manifest.patterns).get(path)
        if going is not None:
            step = Step("delete_patterns", Effect.EXCLUDES, f"{here}: {going.reason} deletes it", going.rule)
        else:
            step = Step("delete_patterns", Effect.EXCLUDES, f"{here}; it is left alone", "patterns.delete_patterns")
        return Fate(Taken.PATH_IN_REPO, path, None, (step,))

    def _fate(self, made: Made, taken: Taken) -> Fate:
        item, found = made
        candidate = item.candidate
        steps = (*candidate.verdict.steps, *self._standing(item, found))
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

    def _standing(self, item: Examined, found: Outputs) -> Iterator[Step]:
        """Yield what is asked of files that the rules of collecting let in."""
        candidate = item.candidate
        if not candidate.verdict.included or item.repeated:
            return
        if item.problem is not None:
            yield asking.refusal(item.problem)
            return
        yield from asking.of_artifact(candidate, self.survey.problems)
        yield from asking.of_link(self.project, candidate)
        if self.project.manifest.card and CARD_FILE in found.paths:
            yield asking.refusal(two_cards(candidate.source, candidate.artifact))
        yield from asking.of_policy(candidate, found, self.project.manifest.policy, self.progress)
        for path in found.paths:
            yield from self._beside(path)

    def _beside(self, path: str) -> Iterator[Step]:
        """Yield what the other files of the release mean for one: names that fall together, and a `.gitignore`."""
        if path in self._collisions:
            yield Step("collision", Effect.REFUSES, self._collisions[path], hint="rename one of them")
        if self._gitignore is None:
            return
        rule = self._gitignore.rule_for(path)
        if rule is None:
            yield Step("gitignore", Effect.PASSES, f"{self._gitignore.source}: no line matches")
            return
        words = f"{rule} makes the Hub drop it without a word; publishing refuses that"
        hint = f"change {rule.location.source}, or leave the file out with patterns.ignore_patterns"
        yield Step("gitignore", Effect.REFUSES, words, hint=hint, location=rule.location)

    @cached_property
    def _collisions(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for one, other, why in collisions(self.released):
            found |= {one: f"{why}: {one}, {other}", other: f"{why}: {one}, {other}"}
        return found

    @cached_property
    def _gitignore(self) -> GitIgnore | None:
        going = (item for item, _ in self.by_path.get(GITIGNORE, ()) if item.candidate.verdict.included)
        # A pipe of that name is refused, and would be waited for.
        own = next((item.candidate for item in going if item.problem is None), None)
        return self.remote if own is None else GitIgnore.read(_content(own), own.source)

    @cached_property
    def _needed(self) -> frozenset[str]:
        load = self.project.manifest.load
        return frozenset(selected(sorted(self.released), load, weights_only=load == Load()))

    def _loading(self, paths: tuple[str, ...]) -> Step:
        return asking.of_load_plan(paths, self.project.manifest.load, self._needed)


def _grouped(pairs: Iterator[tuple[str, Made]]) -> Mapping[str, tuple[Made, ...]]:
    groups: dict[str, list[Made]] = {}
    for key, made in pairs:
        groups.setdefault(key, []).append(made)
    return {key: tuple(group) for key, group in groups.items()}


def _content(candidate: Candidate) -> bytes:
    return b"" if candidate.content is None else candidate.content.read_at(0, candidate.content.size)
