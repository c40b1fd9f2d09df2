"""Values like those that the pipelines make."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hublish.base.content import InMemory
from hublish.base.values import (
    Action,
    Candidate,
    Change,
    Digest,
    DownloadPlan,
    Head,
    LocalFile,
    LocalRelease,
    Origin,
    Plan,
    Project,
    PromisedFile,
    Receipt,
    Reference,
    Release,
    ReleaseFile,
    RemoteFile,
    RemoteRelease,
    Target,
    Verdict,
)
from hublish.schemas.documents.manifest import Load, Manifest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PARENT = "89abcdef0123456789abcdef0123456789abcdef"

# A manifest as it was written.
TEXT = b"""\
artifacts:
  - source: runs/best.npz
  - source: "*.json"
patterns:
  ignore_patterns: ["*.log"]
  delete_patterns: ["*.bin"]
"""

Show = Callable[..., str]


class Make:
    """Makes values like those of the pipelines."""

    def project(self, **repo: object) -> Project:
        place = {"repo_id": "acme/digits-mlp", "commit_message": "Release 1.2.0", **repo}
        manifest = Manifest.model_validate({"repo": place, "artifacts": [{"source": "*.json"}]})
        return Project(manifest, TEXT, Path("/project"))

    def file(self, path: str, size: int = 1200, *, source: str = "", serializer: str = "copy") -> ReleaseFile:
        origin = Origin(
            0, source or path, serializer, {}, Verdict(included=True, rule="artifacts[0]", path="artifacts[0]")
        )
        return ReleaseFile(path, size, "ab" * 32, "cd" * 20, InMemory(b""), origin)

    def excluded(self, source: str, rule: str) -> Candidate:
        verdict = Verdict(included=False, rule=rule, path=rule.partition(": ")[0])
        return Candidate(source, source, None, 0, verdict)

    def remote(self, path: str, size: int = 1100) -> RemoteFile:
        return RemoteFile(path, size, "ef" * 20)

    def target(self, **changes: object) -> Target:
        target = replace(self.project().target, endpoint="https://hub.example")
        return replace(target, **changes)  # type: ignore[arg-type]  # the tests pass valid fields

    def head(self, **changes: object) -> Head:
        head = Head(repo_exists=True, commit=PARENT)
        return replace(head, **changes)  # type: ignore[arg-type]  # the tests pass valid fields

    def add(self, path: str, size: int, source: str = "", serializer: str = "copy") -> Change:
        file = self.file(path, size, source=source, serializer=serializer)
        return Change(Action.ADD, path, file, None, "lfs", "artifacts[0]", "artifacts[0]")

    def change(self, path: str, before: int, after: int) -> Change:
        file, remote = self.file(path, after), self.remote(path, before)
        return Change(Action.CHANGE, path, file, remote, "regular", "artifacts[1]: *.json", "artifacts[1]")

    def keep(self, path: str, size: int = 1200) -> Change:
        return Change(Action.KEEP, path, self.file(path, size), self.remote(path, size), None, "same bytes")

    def leave(self, path: str) -> Change:
        return Change(Action.LEAVE, path, None, self.remote(path), None, "no delete pattern matches")

    def delete(self, path: str, size: int) -> Change:
        reason = "patterns.delete_patterns[0]: *.bin"
        return Change(Action.DELETE, path, None, self.remote(path, size), None, reason, "patterns.delete_patterns[0]")

    def ignore(self, path: str) -> Change:
        return Change(Action.IGNORE, path, self.file(path, 3), None, None, "the Hub's .gitignore drops it")

    def plan(self, *changes: Change, excluded: tuple[Candidate, ...] = (), **fields: object) -> Plan:
        files = tuple(change.file for change in changes if change.file)
        project = fields.pop("project", None) or self.project()
        assert isinstance(project, Project)
        target = replace(project.target, endpoint="https://hub.example")
        given = {"target": target, "head": self.head(), **fields}
        return Plan(Release(project, files, excluded), changes=changes, **given)  # type: ignore[arg-type]  # ditto

    def everything(self) -> Plan:
        """A plan with every action in it."""
        return self.plan(
            self.change("config.json", 1200, 1300),
            self.keep("LICENSE", 11357),
            self.ignore("notes.tmp"),
            self.add("model.safetensors", 4_200_000, "runs/best.npz", "safetensors"),
            self.delete("pytorch_model.bin", 9_900_000),
            self.leave("eval/results.json"),
            excluded=(self.excluded("train.log", "patterns.ignore_patterns[0]: *.log"),),
            tag="v1.2.0",
        )

    def receipt(self, plan: Plan, **fields: object) -> Receipt:
        given = {"url": f"https://hub.example/acme/digits-mlp/commit/{COMMIT}", "verified": True, **fields}
        return Receipt(plan, COMMIT, **{"created": True, **given})  # type: ignore[arg-type]  # ditto

    def local(self, *paths: str, folder: Path = Path("/cache/snapshot"), **reference: object) -> LocalRelease:
        promised = tuple(PromisedFile(path, 1200, Digest("sha256", "ab" * 32)) for path in paths)
        remote = RemoteRelease(
            Reference("acme/digits-mlp", **{"revision": "v1.2.0", **reference}),  # type: ignore[arg-type]  # ditto
            COMMIT,
            promised,
            Load(),
        )
        files = tuple(LocalFile(file, folder / file.path_in_repo) for file in promised)
        return LocalRelease(DownloadPlan(remote, promised), folder, files, checked=True)
