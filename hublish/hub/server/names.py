"""Names of repositories and of the files in them: what may never reach the file system is refused here."""

import re
from dataclasses import dataclass

KINDS = ("model", "dataset", "space", "kernel")
"""The types of repositories."""

_NAME = re.compile(r"(?![-.])[A-Za-z0-9._-]{1,96}(?<![-.])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_HFS_IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
MAX_PATH_BYTES = 1024
MAX_SEGMENT_BYTES = 255


def is_valid_name(name: str) -> bool:
    """Tell whether `name` may be a user, an organization or the last part of a repository's name."""
    return bool(_NAME.fullmatch(name)) and "--" not in name and ".." not in name and not name.lower().endswith(".git")


@dataclass(frozen=True, slots=True, order=True)
class RepoId:
    """A repository: its type, its owner and its name. Build it with `RepoId.parse`, which validates."""

    kind: str
    namespace: str
    name: str

    @classmethod
    def parse(cls, kind: str, full_name: str) -> "RepoId":
        """Validate and split `namespace/name`, by the client's own rules.

        Raises:
            ValueError: A name the Hub does not allow; such a name could also point out of its folder.
        """
        namespace, _, name = full_name.partition("/")
        if kind not in KINDS:
            msg = f"invalid repository type {kind[:80]!r}"
            raise ValueError(msg)
        if not is_valid_name(namespace) or not is_valid_name(name):
            msg = f"invalid repository name {full_name[:200]!r}"
            raise ValueError(msg)
        return cls(kind, namespace, name)

    @property
    def full_name(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"

    @property
    def plural(self) -> str:
        """The type as API paths and folders write it: `models`."""
        return f"{self.kind}s"

    @property
    def url_path(self) -> str:
        """The repository's path on the server: `/datasets/namespace/name`; models go without their type."""
        return f"/{self.full_name}" if self.kind == "model" else f"/{self.plural}/{self.full_name}"


def path_problem(path: str) -> str | None:
    """Return why `path` may not name a file in a repository, or None when it may."""
    if _CONTROL.search(path):
        return "it holds a control character or invalid Unicode"
    if "\\" in path:
        return "it holds a backslash"
    if path.startswith("/"):
        return "it is absolute"
    if len(path.encode()) > MAX_PATH_BYTES:
        return f"it is longer than {MAX_PATH_BYTES} bytes"
    return next(filter(None, map(_segment_problem, path.split("/"))), None)


def _segment_problem(segment: str) -> str | None:
    if segment in ("", ".", ".."):
        return f"'{segment}' is not allowed between slashes"
    # git itself refuses these: on Windows and macOS they would be the .git folder (CVE-2014-9390)
    if _HFS_IGNORED.sub("", segment).rstrip(" .").lower() in (".git", "git~1"):
        return "a .git folder is not allowed"
    if len(segment.encode()) > MAX_SEGMENT_BYTES:
        return f"a name in it is longer than {MAX_SEGMENT_BYTES} bytes"
    return None
