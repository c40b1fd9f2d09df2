"""Files: uploaded, committed, listed, downloaded, and read as a file system."""

import hashlib
import io
import os
from pathlib import Path
from typing import Any

from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfFileSystem,
    ModelHubMixin,
    get_hf_file_metadata,
    hf_hub_download,
    hf_hub_url,
    scan_cache_dir,
    snapshot_download,
    try_to_load_from_cache,
)
from huggingface_hub.errors import (
    BadRequestError,
    EntryNotFoundError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile, RepoFolder

from tests.clients.versions.harness import Hub, card, refused, step

LARGE = 200_000


def tree(hub: Hub, repo: str, kind: str = "model", **more: str) -> list[str]:
    """Return the paths of all files but `.gitattributes`."""
    return sorted(set(hub.owner.list_repo_files(repo, repo_type=kind, **more)) - {".gitattributes"})


@step
def upload_file_takes_bytes_files_and_streams(hub: Hub) -> None:
    repo = hub.new()
    (hub.cache() / "x").mkdir()
    path = hub.cache() / "a.txt"
    path.write_bytes(b"disk")
    for name, source in (("bytes.txt", b"bytes"), ("disk.txt", path), ("stream.txt", io.BytesIO(b"stream"))):
        info = hub.owner.upload_file(path_or_fileobj=source, path_in_repo=name, repo_id=repo)
        assert info.commit_url == f"{hub.endpoint}/{repo}/commit/{info.oid}"
        assert hub.read(repo, name) == name.partition(".")[0].encode()


@step
def upload_file_sends_a_large_file_by_xet(hub: Hub) -> None:
    repo, content = hub.new("dataset"), os.urandom(LARGE)
    path = hub.cache() / "weights.bin"
    path.write_bytes(content)
    hub.owner.upload_file(path_or_fileobj=path, path_in_repo="w.bin", repo_id=repo, repo_type="dataset")
    url = hf_hub_url(repo, "w.bin", repo_type="dataset", endpoint=hub.endpoint)
    assert get_hf_file_metadata(url).xet_file_data is not None
    assert hub.read(repo, "w.bin", repo_type="dataset") == content


@step
def upload_file_sends_a_large_file_by_lfs(hub: Hub) -> None:
    repo, content = hub.new(), os.urandom(LARGE)
    # A stream never goes by xet.
    hub.owner.upload_file(path_or_fileobj=io.BytesIO(content), path_in_repo="w.bin", repo_id=repo)
    metadata = get_hf_file_metadata(hf_hub_url(repo, "w.bin", endpoint=hub.endpoint))
    assert metadata.xet_file_data is None
    assert (metadata.size, metadata.etag) == (LARGE, hashlib.sha256(content).hexdigest())
    assert hub.read(repo, "w.bin") == content


@step
def upload_file_writes_nothing_when_nothing_changed(hub: Hub) -> None:
    repo = hub.new(a_txt="a")
    before = len(hub.owner.list_repo_commits(repo))
    hub.owner.upload_file(path_or_fileobj=b"a", path_in_repo="a.txt", repo_id=repo)
    assert len(hub.owner.list_repo_commits(repo)) == before


@step
def upload_folder_filters_and_deletes(hub: Hub) -> None:
    repo, folder = hub.new(old_txt="old", kept_md="kept"), hub.cache()
    for name in ("a.txt", "sub/b.txt", "sub/c.log"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)
    hub.owner.upload_folder(repo_id=repo, folder_path=folder, ignore_patterns=["*.log"], delete_patterns=["*.txt"])
    assert tree(hub, repo) == ["a.txt", "kept.md", "sub/b.txt"]
    hub.owner.upload_folder(repo_id=repo, folder_path=folder, path_in_repo="in", allow_patterns="*.log")
    assert "in/sub/c.log" in tree(hub, repo)


@step
def upload_folder_sends_large_and_small_files(hub: Hub) -> None:
    repo, folder = hub.new("dataset"), hub.cache()
    for number in range(30):
        (folder / f"{number}.txt").write_text(str(number))
    content = os.urandom(LARGE)
    (folder / "data.parquet").write_bytes(content)
    hub.owner.upload_folder(repo_id=repo, folder_path=folder, repo_type="dataset")
    assert len(tree(hub, repo, "dataset")) == 31
    assert hub.read(repo, "data.parquet", repo_type="dataset") == content


@step
def create_commit_adds_copies_and_deletes(hub: Hub) -> None:
    repo = hub.new(a_txt="a", old_txt="old", w_bin=os.urandom(500), f__g_txt="g")
    operations: list[CommitOperationAdd | CommitOperationCopy | CommitOperationDelete] = [
        CommitOperationAdd("new.txt", b"new"),
        CommitOperationCopy("a.txt", "copy.txt"),
        CommitOperationCopy("w.bin", "copy.bin"),
        CommitOperationDelete("old.txt"),
        CommitOperationDelete("f/", is_folder=True),
    ]
    info = hub.owner.create_commit(repo, operations, commit_message="Change", commit_description="All of it")
    assert tree(hub, repo) == ["a.txt", "copy.bin", "copy.txt", "new.txt", "w.bin"]
    assert hub.read(repo, "copy.bin") == hub.read(repo, "w.bin")
    last = hub.owner.list_repo_commits(repo)[0]
    assert (last.commit_id, last.title, last.message) == (info.oid, "Change", "All of it")


@step
def create_commit_expects_its_parent(hub: Hub) -> None:
    repo = hub.new()
    first = hub.commit(repo, {"a.txt": "1"})
    hub.commit(repo, {"a.txt": "2"}, parent_commit=first)
    with refused(HfHubHTTPError, 412):
        hub.commit(repo, {"a.txt": "3"}, parent_commit=first)


@step
def create_commit_refuses_others_and_bad_cards(hub: Hub) -> None:
    repo = hub.new()
    with refused(HfHubHTTPError, 403):
        hub.eve.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=repo)
    with refused(ValueError):
        hub.commit(repo, {"README.md": card(license="not a license")})
    with refused(EntryNotFoundError, 404):
        hub.owner.delete_file("missing.txt", repo)
    with refused(RevisionNotFoundError, 404):
        hub.commit(repo, {"a.txt": "a"}, revision="missing")


@step
def preupload_sends_large_files_before_the_commit(hub: Hub) -> None:
    repo, content = hub.new(), os.urandom(LARGE)
    addition = CommitOperationAdd("w.bin", content)
    hub.owner.preupload_lfs_files(repo, [addition])
    hub.owner.create_commit(repo, [addition], commit_message="Add weights")
    assert hub.read(repo, "w.bin") == content


@step
def files_and_folders_are_deleted(hub: Hub) -> None:
    repo = hub.new("dataset", a_txt="a", b_txt="b", c_md="c", f__d_txt="d", f__e_txt="e")
    hub.owner.delete_file("c.md", repo, repo_type="dataset")
    hub.owner.delete_folder("f", repo, repo_type="dataset")
    assert tree(hub, repo, "dataset") == ["a.txt", "b.txt"]
    hub.owner.delete_files(repo, ["*.txt"], repo_type="dataset")
    assert tree(hub, repo, "dataset") == []


@step
def file_exists_looks_at_a_revision(hub: Hub) -> None:
    repo = hub.new(a_txt="a")
    first = hub.owner.list_repo_commits(repo)[-1].commit_id
    assert hub.owner.file_exists(repo, "a.txt")
    assert not hub.owner.file_exists(repo, "a.txt", revision=first)
    assert not hub.owner.file_exists(repo, "missing.txt")
    assert not hub.owner.file_exists("acme/missing", "a.txt")


@step
def hf_hub_download_uses_cache_and_local_folder(hub: Hub) -> None:
    repo, cache, local = hub.new(sub__a_txt="a"), hub.cache(), hub.cache()
    path = Path(hub.owner.hf_hub_download(repo, "a.txt", subfolder="sub", cache_dir=cache))
    commit = hub.owner.model_info(repo).sha
    assert path == cache / f"models--{repo.replace('/', '--')}" / "snapshots" / str(commit) / "sub" / "a.txt"
    assert hub.owner.hf_hub_download(repo, "sub/a.txt", cache_dir=cache, local_files_only=True) == str(path)
    assert try_to_load_from_cache(repo, "sub/a.txt", cache_dir=cache) == str(path)
    assert hub.owner.hf_hub_download(repo, "sub/a.txt", local_dir=local) == str(local / "sub" / "a.txt")
    assert hub.owner.hf_hub_download(repo, "sub/a.txt", cache_dir=cache, force_download=True) == str(path)


@step
def hf_hub_download_reports_what_is_missing(hub: Hub) -> None:
    repo, cache = hub.new(), hub.cache()
    for _ in range(2):  # the second time, the cache knows
        caught: Exception | None = None
        try:
            hub.owner.hf_hub_download(repo, "missing.txt", cache_dir=cache)
        except EntryNotFoundError as error:
            caught = error
        assert caught is not None
    with refused(RevisionNotFoundError, 404):
        hub.owner.hf_hub_download(repo, "a.txt", revision="missing", cache_dir=cache)
    with refused(RepositoryNotFoundError, 404):
        hub.owner.hf_hub_download("acme/missing", "a.txt", cache_dir=cache)
    with refused(LocalEntryNotFoundError):
        hub.owner.hf_hub_download(repo, "a.txt", cache_dir=hub.cache(), local_files_only=True)


@step
def downloads_work_by_functions_and_environment_alone(hub: Hub) -> None:
    repo = hub.new(a_txt="a")
    assert Path(hf_hub_download(repo, "a.txt")).read_bytes() == b"a"
    assert (Path(snapshot_download(repo)) / "a.txt").read_bytes() == b"a"


@step
def snapshot_download_filters_and_fills_a_folder(hub: Hub) -> None:
    content = os.urandom(LARGE)
    repo, cache, local = (
        hub.new("dataset", a_txt="a", sub__b_txt="b", c_md="c", w_bin=content),
        hub.cache(),
        hub.cache(),
    )
    folder = Path(hub.owner.snapshot_download(repo, repo_type="dataset", cache_dir=cache))
    assert (folder / "w.bin").read_bytes() == content
    assert folder.name == hub.owner.dataset_info(repo).sha
    options = {"allow_patterns": ["*.txt", "*.md"], "ignore_patterns": "sub/*"}
    hub.owner.snapshot_download(repo, repo_type="dataset", local_dir=local, **options)  # type: ignore[call-overload]
    assert sorted(path.name for path in local.iterdir() if path.is_file()) == ["a.txt", "c.md"]
    assert [str(found.repo_id) for found in scan_cache_dir(cache).repos] == [repo]


@step
def snapshot_download_reads_a_revision(hub: Hub) -> None:
    repo = hub.new(a_txt="1")
    first = str(hub.owner.model_info(repo).sha)
    hub.commit(repo, {"a.txt": "2"})
    folder = hub.owner.snapshot_download(repo, revision=first, cache_dir=hub.cache())
    assert (Path(folder) / "a.txt").read_text() == "1"


@step
def the_tree_is_listed_with_sizes_and_last_commits(hub: Hub) -> None:
    repo = hub.new(a_txt="abc", f__b_txt="b", w_bin=b"\0" * 10)
    hub.commit(repo, {"a.txt": "abcd"}, message="Longer")
    entries = {entry.path: entry for entry in hub.owner.list_repo_tree(repo, recursive=True, expand=True)}
    assert set(entries) == {".gitattributes", "a.txt", "f", "f/b.txt", "w.bin"}
    assert isinstance(entries["f"], RepoFolder)
    file, large = entries["a.txt"], entries["w.bin"]
    assert isinstance(file, RepoFile)
    assert isinstance(large, RepoFile)
    assert file.last_commit is not None
    assert (file.size, file.last_commit["title"]) == (4, "Longer")
    assert large.lfs is not None
    assert large.lfs["sha256"] == hashlib.sha256(b"\0" * 10).hexdigest()
    assert [entry.path for entry in hub.owner.list_repo_tree(repo, "f")] == ["f/b.txt"]
    with refused(EntryNotFoundError, 404):
        list(hub.owner.list_repo_tree(repo, "missing"))


@step
def paths_info_describes_known_paths(hub: Hub) -> None:
    repo = hub.new("space", a_txt="abc", f__b_txt="b")
    found = hub.owner.get_paths_info(repo, ["a.txt", "f", "missing"], repo_type="space")
    assert [entry.path for entry in found] == ["a.txt", "f"]
    (expanded,) = hub.owner.get_paths_info(repo, "a.txt", repo_type="space", expand=True)
    assert expanded.last_commit is not None
    assert expanded.last_commit["title"] == "files"


@step
def large_files_are_listed_and_deleted_for_good(hub: Hub) -> None:
    repo = hub.new(w_bin=b"\0" * 10, a_txt="a")
    (file,) = hub.owner.list_lfs_files(repo)
    assert (file.filename, file.size) == ("w.bin", 10)
    hub.owner.permanently_delete_lfs_files(repo, [file])
    assert tree(hub, repo) == ["a.txt"]


def file_system() -> Any:  # untyped, as fsspec is
    return HfFileSystem(token=os.environ["HF_TOKEN"], skip_instance_cache=True)


@step
def a_file_system_reads_and_lists(hub: Hub) -> None:
    repo = hub.new("dataset", a_txt="line one\nline two\n", f__b_csv="1,2")
    files = file_system()
    root = f"datasets/{repo}"
    assert {path["name"] for path in files.ls(root, detail=True)} == {
        f"{root}/{n}" for n in (".gitattributes", "a.txt", "f")
    }
    assert files.glob(f"{root}/**/*.csv") == [f"{root}/f/b.csv"]
    assert files.cat_file(f"{root}/a.txt", start=5, end=8) == b"one"
    with files.open(f"{root}/a.txt", "r") as file:
        assert file.readlines() == ["line one\n", "line two\n"]
    assert (files.isdir(f"{root}/f"), files.isfile(f"{root}/f/b.csv"), files.exists(f"{root}/x")) == (True, True, False)
    assert files.info(f"{root}/a.txt")["size"] == 18


@step
def a_file_system_writes_copies_and_removes(hub: Hub) -> None:
    repo = hub.new()
    files = file_system()
    with files.open(f"{repo}/a.txt", "w") as file:
        file.write("written")
    assert hub.read(repo, "a.txt") == b"written"
    files.cp_file(f"{repo}/a.txt", f"{repo}/b.txt")
    files.mv(f"{repo}/b.txt", f"{repo}/sub/c.txt")
    files.rm(f"{repo}/a.txt")
    assert tree(hub, repo) == ["sub/c.txt"]


class Model(ModelHubMixin):
    """Another library's model: the smallest one that saves and loads itself."""

    def __init__(self, size: int = 3) -> None:
        self.size = size

    def _save_pretrained(self, save_directory: Path) -> None:
        (save_directory / "weights.txt").write_text("w" * self.size)

    @classmethod
    def _from_pretrained(cls, *, model_id: str, **_: object) -> "Model":
        return cls(len(Path(hf_hub_download(model_id, "weights.txt")).read_text()))


@step
def a_mixin_pushes_and_loads_a_model(hub: Hub) -> None:
    repo = hub.unused()
    Model(5).push_to_hub(repo)
    assert Model.from_pretrained(repo).size == 5
    assert "README.md" in tree(hub, repo)


@step
def a_path_outside_of_the_repository_is_refused(hub: Hub) -> None:
    repo = hub.new()
    for path in ("../x", ".git/config"):
        with refused(ValueError):
            hub.commit(repo, {path: "x"})
    with refused(BadRequestError, 400):
        hub.commit(repo, {"a.txt": "a", "a.txt/b": "b"})
