"""Measure the embedded Hub with a repository of the size of large real ones beside a small one, in one run.

    python benchmarks/hub_scale.py [ROUNDS [PART]]

The large Hub has 1,000 repositories, one of them with 100,000 files (10,000 in one folder, the others nested), 10,000
commits and 1,000 refs. The small one has 5 repositories, one of them with 100 files, 10 commits and 5 refs. Each Hub
runs in its own process; every round does the same work on both, in alternation. A time that grows with the answer
alone has a ratio near 1. Where the answer itself is larger (all pages, a full clone), the ratio is that of the answers.
The first call of each row runs once before, and its time is shown apart: it may fill a cache.

PART selects the rows whose names contain it.

Measured with Python 3.11 and huggingface_hub 2.4.0 on two cores that did other work too, in ms:

                                             small       large    ratio
    model_info(expand=[usedStorage])           7.3         7.8      1.1
    tree, first page, recursive                5.6        14.7      2.6
    tree, one nested folder                    3.9         2.8      0.7
    get_paths_info of 10 paths                 2.8         3.0      1.1
    resolve by tag                             2.2         2.3      1.1
    resolve by an old sha                      2.9         2.9      1.0
    commits, page 100                          3.7         6.9      1.9
    list_models, limit 10                     10.9       220.9     20.2
    commit of one file                        80.2        72.9      0.9
    preupload of 1,000 paths                  73.7        90.1      1.2
    create_tag                                 3.7         5.4      1.5
    git ls-remote                             15.1        48.6      3.2
    git clone --depth 1                       43.4      4007.4     92.2
    git clone                                125.6     14491.4    115.4
    git fetch of one commit                   96.0       242.1      2.5

A shallow clone of the large repository has 1,000 times as many files. A list of repositories looks at two small
files of each, which takes 30 to 50 microseconds on an idle machine. The first page with `expand`, the first list of LFS
files and the first sizes of all files after a start read the history or the files once, which takes seconds. The server
had at most 218 MB.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from statistics import median
from typing import Any

from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.utils import get_session

from hublish.hub.server.git.repository import Signature
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.repositories import Repositories, Settings, timestamp

BIN = Path(sys.executable).parent
REPO = RepoId("model", "acme", "big")
NAME = REPO.full_name
AUTHOR = Signature("acme", 1_700_000_000)
CARD = "---\nlicense: mit\ntags: [group-{group}]\npipeline_tag: text-generation\n---\n# Model {number}\n"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{number:064x}\nsize 1000\n"


@dataclass(frozen=True)
class Size:
    """How much a Hub has."""

    files: int  # of the repository; a tenth of them are in one folder, another tenth are LFS pointers
    commits: int
    refs: int  # two fifths are branches, two fifths tags, the others pull requests
    repos: int


SMALL = Size(100, 10, 5, 5)
LARGE = Size(100_000, 10_000, 1_000, 1_000)


def path_of(size: Size, number: int) -> str:
    """Return the path of a file: in one large folder, or in nested ones of 100 files."""
    if number < size.files // 10:
        return f"flat/{number:06}.txt"
    return f"nested/{number // 10_000:03}/{number // 100:05}/{number:06}.txt"


def last_path(size: Size) -> str:
    """Return the path of a regular file in a nested folder."""
    return path_of(size, size.files * 9 // 10 - 1)


def stream_of(size: Size) -> Iterator[bytes]:
    """Yield the input of git-fast-import: all files in one commit, then commits that change one file each."""
    who = "acme <acme@users.noreply.invalid>"
    parent = "from refs/heads/main^0\n"
    for number in range(size.commits):
        yield b"commit refs/heads/main\nmark :%d\n" % (number + 1)
        yield f"committer {who} {AUTHOR.time + number} +0000\n".encode()
        yield _data(f"change {number}") + (parent if number == 0 else "").encode()
        changed = range(size.files) if number == 0 else [size.files // 10 + number * 7 % (size.files * 8 // 10)]
        for file in changed:
            is_pointer = number == 0 and file >= size.files * 9 // 10
            text = POINTER.format(number=file) if is_pointer else f"file {file} of commit {number}\n"
            yield b"M 100644 inline %s\n" % path_of(size, file).encode() + _data(text)
    for number in range(size.refs):
        commit = size.commits - number % size.commits
        kind = ("heads/branch-", "tags/v", "heads/branch-", "tags/v", "pr/")[number % 5]
        yield f"reset refs/{kind}{number + 1}\nfrom :{commit}\n\n".encode()


def _data(text: str) -> bytes:
    return b"data %d\n%s\n" % (len(text.encode()), text.encode())


def build(root: Path, size: Size) -> None:
    """Build the repositories of a Hub on disk, as this server stores them."""
    repositories = Repositories(root)
    for number in range(size.repos - 1):
        repo = RepoId("model", f"org-{number % 20}", f"model-{number}")
        card = CARD.format(group=number % 10, number=number)
        repositories.create(repo, Settings(timestamp(AUTHOR.time + number)), {"README.md": card.encode()}, AUTHOR)
    repositories.create(REPO, Settings(timestamp()), {"README.md": CARD.format(group=0, number=0).encode()}, AUTHOR)
    folder = repositories.path(REPO)
    command = ["git", "-C", str(folder), "fast-import", "--quiet", "--done"]
    importing = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert importing.stdin is not None
    for part in stream_of(size):
        importing.stdin.write(part)
    importing.stdin.write(b"done\n")
    importing.stdin.close()
    if importing.wait():
        raise RuntimeError("git fast-import failed")
    discussions = folder / "hub" / "discussions"
    discussions.mkdir(parents=True)
    for number in range(5, size.refs + 1, 5):
        opened = {"num": number, "title": f"Change {number}", "author": "acme", "created_at": timestamp()}
        opened |= {"status": "open", "pull_request": True, "base_commit": None, "events": []}
        (discussions / f"{number}.json").write_text(json.dumps(opened))


@dataclass
class Hub:
    """A Hub in its own process."""

    size: Size
    endpoint: str
    token: str
    process: subprocess.Popen[str]
    folder: Path
    start: float  # seconds until it accepted connections
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    api: HfApi = field(init=False)
    sha: str = ""

    def __post_init__(self) -> None:
        self.api = HfApi(endpoint=self.endpoint, token=self.token)

    @property
    def peak(self) -> int:
        """The server's largest resident memory in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) >> 10

    def get(self, path: str) -> Any:
        """Request a path and return the response's body."""
        return self.request("GET", path)

    def request(self, method: str, path: str, **options: Any) -> Any:
        """Send a request and return the response's body."""
        headers = {"authorization": f"Bearer {self.token}"}
        response = get_session().request(method, self.endpoint + path, headers=headers, timeout=600, **options)
        response.raise_for_status()
        return response.content

    def git(self, *arguments: str) -> None:
        """Run git without a user's settings, with standard output dropped."""
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null/none", "GIT_TERMINAL_PROMPT": "0"}
        subprocess.run(["git", *arguments], check=True, capture_output=True, env=environment)

    def clone(self, *options: str) -> None:
        """Clone the repository and drop the clone."""
        target = self.folder / f"clone-{next(self.numbers)}"
        self.git("clone", "--quiet", *options, f"{self.endpoint}/{NAME}", str(target))
        shutil.rmtree(target)


@contextmanager
def serving(root: Path, size: Size, folder: Path) -> Iterator[Hub]:
    """Serve a root in a process of its own."""
    started = time.perf_counter()
    command = [str(BIN / "hublish"), "hub", "serve", "--root", str(root), "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        settings = dict(word.split("=", 1) for word in shlex.split(server.stdout.readline())[1:])
        ready = time.perf_counter() - started
        yield Hub(size, settings["HF_ENDPOINT"], settings["HF_TOKEN"], server, folder, ready)
    finally:
        server.terminate()
        server.communicate()


Work = Callable[[Hub], Any]


def commit_file(hub: Hub) -> None:
    """Commit one file into a nested folder."""
    number = next(hub.numbers)
    path = f"{last_path(hub.size).rpartition('/')[0]}/new-{number}.txt"
    operation = CommitOperationAdd(path, f"content {number}".encode())
    hub.api.create_commit(NAME, [operation], commit_message=f"Add {number}")


def commit_many(hub: Hub) -> None:
    """Commit 100 files, which are stored as a pack."""
    number = next(hub.numbers)
    operations = [CommitOperationAdd(f"packs/{number}/{file}.txt", f"{number} {file}".encode()) for file in range(100)]
    hub.api.create_commit(NAME, operations, commit_message=f"Add {number}")


def preupload(hub: Hub) -> None:
    """Ask how 1,000 files would be stored."""
    first = hub.size.files // 2
    paths = (path_of(hub.size, first + number % (hub.size.files - first)) for number in range(1000))
    files = [{"path": path, "size": 1, "sample": ""} for path in paths]
    hub.request("POST", f"/api/models/{NAME}/preupload/main", json={"files": files})


def fetch(hub: Hub) -> None:
    """Commit over the API, then fetch this commit into an existing clone."""
    clone = hub.folder / "fetching"
    if not clone.exists():
        hub.git("clone", "--quiet", "--bare", "--single-branch", f"{hub.endpoint}/{NAME}", str(clone))
    hub.git("-C", str(clone), "fetch", "--quiet", "origin", "main")


def squash(hub: Hub) -> None:
    """Squash a branch that was made for it."""
    branch = f"squashed-{next(hub.numbers)}"
    hub.api.create_branch(NAME, branch=branch)
    hub.api.super_squash_history(NAME, branch=branch)


def tree(hub: Hub, pages: int | None, path: str = "", **options: Any) -> None:
    """List entries of the tree; one page has 1,000 of them, and 50 with expand."""
    page = 50 if options.get("expand") else 1000
    listed = hub.api.list_repo_tree(NAME, path or None, **options)
    for _ in islice(listed, page * pages if pages else None):
        pass


def commits(hub: Hub, page: int) -> Any:
    """Request a page of 50 commits by following the links from the page before it."""
    start = (page - 1) * 50 if hub.size.commits > page * 50 else 0
    return hub.get(f"/api/models/{NAME}/commits/main?cursor={start}")


def models(hub: Hub, query: str) -> Any:
    """List models."""
    return hub.get(f"/api/models?{query}")


def folder_of(hub: Hub) -> str:
    """Return a nested folder of 100 files."""
    return last_path(hub.size).rpartition("/")[0]


def paths_info(hub: Hub, *, expand: bool = False) -> None:
    """Request ten paths."""
    paths = [path_of(hub.size, number * (hub.size.files // 10)) for number in range(10)]
    hub.api.get_paths_info(NAME, paths, expand=expand)


def resolve(hub: Hub, revision: str) -> None:
    """Request a file of a revision."""
    hub.get(f"/{NAME}/resolve/{revision}/{last_path(hub.size)}")


def old_sha(hub: Hub) -> str:
    """Return the id of an old commit."""
    if not hub.sha:
        page = hub.get(f"/api/models/{NAME}/commits/main?cursor={hub.size.commits * 9 // 10}")
        hub.sha = json.loads(page)[0]["id"]
    return hub.sha


def unique(hub: Hub, name: str) -> str:
    """Return a new name."""
    return f"{name}-{next(hub.numbers)}"


ROWS: tuple[tuple[str, Work], ...] = (
    ("model_info", lambda hub: hub.api.model_info(NAME)),
    ("model_info(expand=[sha])", lambda hub: hub.api.model_info(NAME, expand=["sha"])),
    ("model_info(expand=[usedStorage])", lambda hub: hub.api.model_info(NAME, expand=["usedStorage"])),
    ("tree, first page, recursive", lambda hub: tree(hub, 1, recursive=True)),
    ("tree, first page of the root", lambda hub: tree(hub, 1)),
    ("tree, first page of the flat folder", lambda hub: tree(hub, 1, "flat")),
    ("tree, first page, expand", lambda hub: tree(hub, 1, folder_of(hub), expand=True)),
    ("tree, all pages, recursive", lambda hub: tree(hub, None, recursive=True)),
    ("tree, one nested folder", lambda hub: tree(hub, 1, folder_of(hub))),
    ("get_paths_info of 10 paths", paths_info),
    ("get_paths_info, expand", lambda hub: paths_info(hub, expand=True)),
    ("resolve by branch", lambda hub: resolve(hub, "main")),
    ("resolve by another branch", lambda hub: resolve(hub, "branch-1")),
    ("resolve by tag", lambda hub: resolve(hub, "v2")),
    ("resolve by an old sha", lambda hub: resolve(hub, old_sha(hub))),
    ("commits, first page", lambda hub: commits(hub, 1)),
    ("commits, page 100", lambda hub: commits(hub, 100)),
    ("list_repo_refs", lambda hub: hub.api.list_repo_refs(NAME, include_pull_requests=True)),
    ("list_models, limit 10", lambda hub: models(hub, "limit=10")),
    ("list_models, filter, limit 10", lambda hub: models(hub, "limit=10&filter=group-3")),
    ("list_models, sort=createdAt, search", lambda hub: models(hub, "limit=10&sort=createdAt&search=model")),
    ("list_models, all", lambda hub: models(hub, "limit=1000&full=1")),
    ("list_lfs_files, first page", lambda hub: hub.get(f"/api/models/{NAME}/lfs-files")),
    ("commit of one file", commit_file),
    ("commit of 100 files", commit_many),
    ("preupload of 1,000 paths", preupload),
    ("create_branch", lambda hub: hub.api.create_branch(NAME, branch=unique(hub, "new"))),
    ("create_tag", lambda hub: hub.api.create_tag(NAME, tag=unique(hub, "new"))),
    ("create_pull_request", lambda hub: hub.api.create_pull_request(NAME, unique(hub, "new"))),
    ("discussions, first page", lambda hub: hub.get(f"/api/models/{NAME}/discussions")),
    ("super_squash of a new branch", squash),
    ("git ls-remote", lambda hub: hub.git("ls-remote", f"{hub.endpoint}/{NAME}")),
    ("git clone --depth 1", lambda hub: hub.clone("--depth", "1", "--no-checkout")),
    ("git clone --filter=blob:none", lambda hub: hub.clone("--filter=blob:none", "--no-checkout", "--single-branch")),
    ("git clone", lambda hub: hub.clone("--no-checkout")),
    ("git fetch of one commit", fetch),
)

# Work before each round of a row that is not measured.
BEFORE: dict[str, Work] = {"git fetch of one commit": commit_file}


def measure(name: str, work: Work, hubs: tuple[Hub, Hub], rounds: int) -> None:
    """Do the same on both Hubs, in alternation, and print the medians."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        for side in (0, 1) if number % 2 else (1, 0):
            if before := BEFORE.get(name):
                before(hubs[side])
            started = time.perf_counter()
            work(hubs[side])
            times[side].append(time.perf_counter() - started)
    firsts = [side[0] * 1000 for side in times]
    small, large = (median(side[1:]) * 1000 for side in times)
    figures = f"{small:>10.1f}{large:>12.1f}{large / small:>9.1f}{firsts[0]:>14.1f}{firsts[1]:>12.1f}"
    print(f"{name:<38}{figures}{hubs[1].peak:>12}", flush=True)


def main(rounds: int, part: str) -> None:
    """Print a table of medians."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("HUB_SCALE_FOLDER")) as temporary:
        folders = [Path(temporary) / name for name in ("small", "large")]
        for folder, size in zip(folders, (SMALL, LARGE), strict=True):
            build(folder / "root", size)
        first, second = folders
        with serving(first / "root", SMALL, first) as small, serving(second / "root", LARGE, second) as large:
            print(f"medians of {rounds} rounds in ms, of Hubs whose small and large repositories differ 1000-fold\n")
            print(
                f"{'':<38}{'small':>10}{'large':>12}{'ratio':>9}{'first small':>14}{'first large':>12}{'peak MB':>12}"
            )
            starts = f"{small.start * 1000:>10.1f}{large.start * 1000:>12.1f}{large.start / small.start:>9.1f}"
            print(f"{'start of the server':<38}{starts}")
            for name, work in ROWS:
                if part in name:
                    measure(name, work, (small, large), rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 5, " ".join(sys.argv[2:]))
