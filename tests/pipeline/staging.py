"""Staged releases in a real folder, for tests of the stages that follow."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from hublish.base.content import Content, Identity, InMemory, OnDisk
from hublish.base.values import Candidate, Collection, Origin, Project, Staged, StagedFile, Verdict
from hublish.schemas.documents.manifest import Manifest

P = ParamSpec("P")
T = TypeVar("T")


def project_in(folder: Path, **fields: Any) -> Project:
    """Return a project with a minimal manifest and the given fields."""
    repo = {"repo_id": "acme/digits-mlp", **fields.pop("repo", {})}
    manifest = Manifest.model_validate({"repo": repo, "artifacts": [{"source": "*"}], **fields})
    return Project(manifest, b"", folder)


def written(folder: Path, name: str, data: bytes) -> OnDisk:
    """Write a file and return it as collected."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return OnDisk(path, Identity.of(path.stat()))


def staged(project: Project, files: dict[str, bytes | Content]) -> Staged:
    """Write the bytes to files, and stage everything under its path_in_repo."""
    found = [
        (name, written(project.folder, name, content) if isinstance(content, bytes) else content)
        for name, content in files.items()
    ]
    candidates = tuple(Candidate(name, name, content, 0, Verdict(True, "artifacts[0]")) for name, content in found)
    out = Candidate("left.tmp", "left.tmp", InMemory(b""), 0, Verdict(False, "patterns.ignore_patterns[0]: *.tmp"))
    staged_files = tuple(StagedFile(name, content, Origin(0, name, "copy")) for name, content in found)
    return Staged(Collection(project, (*candidates, out)), staged_files)


class Inline(Executor):
    """An engine of another kind: it runs everything at once, in the thread that submits it."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run the call and return its finished future."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


def wait_for_a_tick(folder: Path) -> None:
    """Return once a change of a file gets a new ctime: kernels count in ticks of some milliseconds."""
    probe = folder.with_name(f"{folder.name}.tick")
    probe.touch()
    before = probe.stat().st_ctime_ns
    while probe.stat().st_ctime_ns == before:
        probe.touch()


@dataclass
class Recorder:
    """A progress that records, and calls back on every advance."""

    on_advance: Callable[[], object] = lambda: None
    visible: bool = False
    total: int = 0
    done: list[int] = field(default_factory=list)

    def begin(self, title: str) -> None:
        """Do nothing."""

    def end(self, title: str, seconds: float) -> None:
        """Do nothing."""

    @contextmanager
    def task(self, label: str, total: int, unit: str = "B") -> Iterator["Recorder"]:
        """Record the total."""
        self.total += total
        yield self

    def advance(self, amount: int) -> None:
        """Record the amount."""
        self.done.append(amount)
        self.on_advance()
