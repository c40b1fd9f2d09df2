"""Names of repositories and of the files in them: names that must not reach the file system are refused here."""

import re
from dataclasses import dataclass

from hublish.schemas.documents.hub_names import REPO_TYPES

# Not a type of repository: it has no history. It has a name, an owner and a visibility as they do.
BUCKET = "bucket"

# Limits of common file systems: a clone of the repository must be possible.
MAX_PATH_BYTES = 1024
MAX_SEGMENT_BYTES = 255

# Folders above a file, at most. Trees are walked and merged recursively.
MAX_DEPTH = 128

# 1 to 96 characters, neither "-" nor "." at the ends.
_NAME = re.compile(r"(?![-.])[A-Za-z0-9._-]{1,96}(?<![-.])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")
# Characters that HFS+ ignores in names.
HFS_IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")


def is_valid_name(name: str) -> bool:
    """Return whether `name` may be a user, an organization or the last part of a repository's name."""
    return bool(_NAME.fullmatch(name)) and "--" not in name and ".." not in name and not name.lower().endswith(".git")


@dataclass(frozen=True, slots=True, order=True)
class RepoId:
    """A repository or a bucket: its type, its owner and its name. Build it with `RepoId.parse`, which validates."""

    kind: str
    namespace: str
    name: str

    @classmethod
    def parse(cls, kind: str, full_name: str) -> "RepoId":
        """Validate and split `namespace/name` by the client's own rules; raise ValueError for any other name."""
        if kind not in REPO_TYPES:
            raise ValueError(f"invalid repository type {kind[:80]!r}")
        return cls._parse(kind, full_name)

    @classmethod
    def parse_bucket(cls, full_name: str) -> "RepoId":
        """Validate and split the `namespace/name` of a bucket; raise ValueError for any other name."""
        return cls._parse(BUCKET, full_name)

    @classmethod
    def parse_any(cls, kind: str, full_name: str) -> "RepoId":
        """Validate and split the `namespace/name` of a repository or of a bucket; raise ValueError for others."""
        return cls.parse_bucket(full_name) if kind == BUCKET else cls.parse(kind, full_name)

    @classmethod
    def _parse(cls, kind: str, full_name: str) -> "RepoId":
        # A name that the Hub does not allow could also point out of its folder.
        namespace, _, name = full_name.partition("/")
        if not is_valid_name(namespace) or not is_valid_name(name):
            raise ValueError(f"invalid repository name {full_name[:200]!r}")
        return cls(kind, namespace, name)

    @classmethod
    def from_key(cls, key: str) -> "RepoId":
        """Parse a `key`."""
        kind, _, full_name = key.partition(":")
        return cls.parse_any(kind, full_name.replace(":", "/"))

    @property
    def key(self) -> str:
        """`kind:namespace:name`, without characters that URLs or paths treat specially."""
        return f"{self.kind}:{self.namespace}:{self.name}"

    @property
    def full_name(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"

    @property
    def plural(self) -> str:
        """The type in API paths and folders: `models`."""
        return f"{self.kind}s"

    @property
    def url_path(self) -> str:
        """The repository's path on the server: `/datasets/namespace/name`; models omit their type."""
        return f"/{self.full_name}" if self.kind == "model" else f"/{self.plural}/{self.full_name}"


def path_problem(path: str) -> str | None:
    """Return the reason why `path` may not name a file in a repository, or None when it may."""
    if _CONTROL.search(path):
        return "it contains a control character or invalid Unicode"
    if "\\" in path:
        return "it contains a backslash"
    if path.startswith("/"):
        return "it is absolute"
    if len(path.encode()) > MAX_PATH_BYTES:
        return f"it is longer than {MAX_PATH_BYTES} bytes"
    if path.count("/") > MAX_DEPTH:
        return f"it is below more than {MAX_DEPTH} folders"
    return next(filter(None, map(_segment_problem, path.split("/"))), None)


def _segment_problem(segment: str) -> str | None:
    if segment in ("", ".", ".."):
        return f"'{segment}' is not allowed between slashes"
    # git itself refuses these: on Windows and macOS they would be the .git folder (CVE-2014-9390).
    if HFS_IGNORED.sub("", segment).rstrip(" .").lower() in (".git", "git~1"):
        return "a .git folder is not allowed"
    if len(segment.encode()) > MAX_SEGMENT_BYTES:
        return f"a name in it is longer than {MAX_SEGMENT_BYTES} bytes"
    return None
