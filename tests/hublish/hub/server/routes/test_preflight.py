import base64
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dulwich import ignore
from huggingface_hub import HfApi, ModelCard, RepoCard, constants
from hypothesis import given, settings
from hypothesis import strategies as st

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.git.object_writer import object_id
from hublish.hub.server.routes.preflight import Names, ignore_rule, lfs_rule, looks_binary
from hublish.hub.server.routes.repos import default_attributes
from tests.faults.projects import rounds

Call = Callable[..., Any]


def ask(call: Call, repo: str, path: str, sample: bytes = b"text", size: int = 100, **more: Any) -> dict[str, Any]:
    file = {"path": path, "sample": base64.b64encode(sample).decode(), "size": size}
    answer = call("POST", f"/api/models/{repo}/preupload/main", {"files": [file], **more})
    assert answer.status == 200
    (shown,) = answer.json()["files"]
    return dict(shown)


@pytest.mark.parametrize(
    ("path", "sample", "size", "mode"),
    [
        ("config.json", b"{}", 2, "regular"),
        ("model.safetensors", b"text", 4, "lfs"),
        ("deep/er/model.SAFETENSORS", b"text", 4, "regular"),
        ("saved_model/variables/x", b"text", 4, "lfs"),
        ("runs/events.out.tfevents.1", b"text", 4, "lfs"),
        ("notes.txt", b"text", (10 << 20) + 1, "lfs"),
        ("notes.txt", b"text", 10 << 20, "regular"),
        ("image", b"\x89PNG\r\n\x1a\n\0\0", 100, "lfs"),
        ("utf8.txt", ("é" * 256).encode()[:511], 9999, "regular"),
        ("latin1.txt", "é".encode("latin-1") * 100, 100, "lfs"),
        ("model.bin", b"", 0, "regular"),
    ],
)
def test_the_mode_follows_the_rules_the_size_and_the_sample(
    call: Call, repo: str, path: str, sample: bytes, size: int, mode: str
) -> None:
    assert ask(call, repo, path, sample, size)["uploadMode"] == mode


def test_the_attributes_of_the_repository_take_precedence(api: HfApi, call: Call, repo: str) -> None:
    rules = b"*.csv filter=lfs diff=lfs merge=lfs -text\n*.bin -filter\n"
    api.upload_file(repo_id=repo, path_in_repo=".gitattributes", path_or_fileobj=rules)
    assert ask(call, repo, "a/b.csv")["uploadMode"] == "lfs"
    assert ask(call, repo, "w.bin", b"\0")["uploadMode"] == "regular"
    assert ask(call, repo, "w.safetensors")["uploadMode"] == "regular"


def test_existing_files_are_reported_by_their_id(api: HfApi, call: Call, repo: str) -> None:
    api.upload_file(repo_id=repo, path_in_repo="a.txt", path_or_fileobj=b"a")
    api.upload_file(repo_id=repo, path_in_repo="w.bin", path_or_fileobj=b"\0")
    assert ask(call, repo, "a.txt")["oid"] == object_id(3, b"a")
    assert ask(call, repo, "w.bin")["oid"] == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert "oid" not in ask(call, repo, "new.txt")


def test_ignored_files_are_reported_and_not_uploaded(api: HfApi, call: Call, repo: str, tmp_path: Path) -> None:
    api.upload_file(repo_id=repo, path_in_repo=".gitignore", path_or_fileobj=b"*.tmp\n/build/\n!keep.tmp\n")
    ignored = {path: ask(call, repo, path)["shouldIgnore"] for path in ("a.tmp", "keep.tmp", "build/x", "sub/build/x")}
    assert ignored == {"a.tmp": True, "keep.tmp": False, "build/x": True, "sub/build/x": False}
    assert ask(call, repo, "a.tmp", gitIgnore="")["shouldIgnore"] is False
    assert ask(call, repo, "a.txt", gitIgnore="*.txt")["shouldIgnore"] is True
    for name in ("a.tmp", "a.txt"):
        (tmp_path / name).write_text("x")
    api.upload_folder(repo_id=repo, folder_path=tmp_path, allow_patterns=["a.*"])
    assert "a.tmp" not in api.list_repo_files(repo)
    assert "a.txt" in api.list_repo_files(repo)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"files": "x"},
        {"files": [1]},
        {"files": [{"size": 1}]},
        {"files": [{"path": "../x", "size": 1}]},
        {"files": [{"path": "x", "size": -1}]},
        {"files": [{"path": "x", "size": 1, "sample": "%%"}]},
        {"files": [{"path": "x", "size": 1}] * 1001},
    ],
)
def test_malformed_requests_are_refused(call: Call, repo: str, body: object) -> None:
    assert call("POST", f"/api/models/{repo}/preupload/main", body).status == 400


GOOD = "---\nlicense: mit\n---\n# Title\n"
BAD = "---\nlicense: free-for-all\ndatasets: [/data/local]\n---\n"


def test_a_good_card_passes_and_an_empty_one_warns(call: Callable[..., Any]) -> None:
    good = call("POST", "/api/validate-yaml", {"content": GOOD, "repoType": "model"})
    assert (good.status, good.json()) == (200, {"errors": [], "warnings": []})
    empty = call("POST", "/api/validate-yaml", {"content": "# Title", "repoType": "model"})
    assert (empty.status, len(empty.json()["warnings"])) == (200, 1)
    assert call("POST", "/api/validate-yaml", {"repoType": "model"}).status == 400


def test_the_client_reports_every_error(api: HfApi, repo: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"(?s)license.*datasets"):
        api.upload_file(repo_id=repo, path_in_repo="README.md", path_or_fileobj=BAD.encode())
    (tmp_path / "README.md").write_text(BAD)
    with pytest.raises(ValueError, match=r"Invalid metadata in README\.md"):
        api.upload_folder(repo_id=repo, folder_path=tmp_path, allow_patterns="README.md")
    with pytest.warns(UserWarning, match="empty or missing yaml metadata"):
        api.upload_file(repo_id=repo, path_in_repo="README.md", path_or_fileobj=b"# Title\n")
    api.upload_file(repo_id=repo, path_in_repo="README.md", path_or_fileobj=GOOD.encode())
    assert ModelCard.load(api.hf_hub_download(repo, "README.md")).data.license == "mit"


PATHS = [
    "a.bin",
    "sub/a.bin",
    "a.txt",
    "sub/deep/a.txt",
    "build/x",
    "sub/build/x",
    "saved_model/a/b",
    "x.tar.gz",
    "keep.txt",
]


@pytest.fixture(scope="module")
def work_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("git")
    subprocess.run(["git", "init", "-q"], cwd=path, check=True)
    for name in PATHS:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).touch()
    return path


def ignored_by_git(work_tree: Path, rules: str) -> list[str]:
    (work_tree / ".gitignore").write_text(rules)
    found = subprocess.run(["git", "check-ignore", "--no-index", *PATHS], cwd=work_tree, capture_output=True, text=True)
    return found.stdout.split()


@pytest.mark.parametrize(
    "rules",
    [
        "",
        "*.bin",
        "/a.bin",
        "build/",
        "/build/",
        "sub/",
        "**/deep",
        "*.txt\n!keep.txt",
        "sub/*\n!sub/build",
        "sub/**\n!sub/deep/a.txt",
        "*\n!*.txt",
        "*\n!*/\n!*.bin",
        "# comment\n\n  \na.t?t",
        "[a-k]*.txt",
        "\\!x\nsaved_model/**/b",
        "build",
    ],
)
def test_ignore_rules_match_like_git(work_tree: Path, rules: str) -> None:
    ours = [path for path in PATHS if ignore_rule(rules.encode())(path)]
    assert ours == ignored_by_git(work_tree, rules)
    assert [path for path in PATHS if ignore_rule(rules.encode(), Names.of(PATHS))(path)] == ours
    assert [path for path in PATHS if ignore_rule(rules.encode(), Names.of([path]))(path)] == ours


@pytest.mark.parametrize(
    "attributes",
    [
        default_attributes("model"),
        default_attributes("dataset"),
        b"*.txt filter=lfs\nsub/** -filter\nkeep.txt !filter\n",
    ],
)
def test_attributes_match_like_git(work_tree: Path, attributes: bytes) -> None:
    (work_tree / ".gitattributes").write_bytes(attributes)
    shown = subprocess.run(
        ["git", "check-attr", "filter", *PATHS], cwd=work_tree, capture_output=True, text=True
    ).stdout
    by_git = {line.rsplit(": ", 2)[0]: line.endswith(": lfs") for line in shown.splitlines()}
    rule = lfs_rule(attributes)
    assert {path: bool(rule(path)) for path in PATHS} == by_git
    assert {path: bool(lfs_rule(attributes, Names.of([path]))(path)) for path in PATHS} == by_git


_PATTERNS = st.lists(st.text("ab*?/!.[]\\", min_size=1, max_size=8), max_size=4)


@given(_PATTERNS, st.lists(st.sampled_from(["a", "b", "a.b", "aab"]), min_size=1, max_size=3))
@settings(max_examples=rounds(200))
def test_rules_that_cannot_match_are_left_out_without_a_difference(patterns: list[str], parts: list[str]) -> None:
    path, rules = "/".join(parts), "\n".join(patterns).encode()
    assert ignore_rule(rules, Names.of([path]))(path) == ignore_rule(rules)(path)
    attributes = b"".join(b"%s filter=lfs\n" % pattern.encode() for pattern in patterns)
    assert lfs_rule(attributes, Names.of([path]))(path) == lfs_rule(attributes)(path)


@pytest.mark.parametrize("rule", [b"%d.txt", b"/d%d/", b"*.suffix%d", b"d%d/**", b"a/*/%d", b"!x%d"])
def test_of_many_rules_only_those_that_may_match_are_compiled(rule: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[bytes] = []

    class Counted(ignore.Pattern):
        def __init__(self, pattern: bytes, ignorecase: bool = False) -> None:
            compiled.append(pattern)
            super().__init__(pattern, ignorecase)

    monkeypatch.setattr(ignore, "Pattern", Counted)
    rules = b"".join(rule % number + b"\n" for number in range(20_000)) + b"*.pt\n"
    names = Names.of([f"a/b/{number}.pt" for number in range(200)])
    assert ignore_rule(rules, names)("a/b/3.pt")
    assert len(compiled) <= 250


@given(st.text(min_size=1), st.integers(1, 64))
@settings(max_examples=rounds(60))
def test_text_truncated_anywhere_is_text(text: str, length: int) -> None:
    sample = text.replace("\0", "").encode("utf-8", "ignore")[:length]
    assert not looks_binary(sample)


@pytest.mark.parametrize("sample", [b"a\0b", b"\xff\xfe", b"ok \xe9 more text", b"\x80", b"PK\x03\x04\xf0\x9f"])
def test_other_bytes_are_binary(sample: bytes) -> None:
    assert looks_binary(sample) is True or sample.endswith(b"\xf0\x9f")


@pytest.mark.parametrize("rules", [b"[", b"\xff\xfe", b"a\\", b"*" * 1000, b"\0"])
def test_malformed_rules_match_nothing_and_break_nothing(rules: bytes) -> None:
    assert lfs_rule(rules + b" filter=lfs")("a.txt") in (None, True)
    assert ignore_rule(rules)("a.txt") in (False, True)


def test_the_lfs_rules_of_the_upload_replace_those_of_the_revision(call: Callable[..., Any], repo: str) -> None:
    """huggingface.js sends the `.gitattributes` that it is about to commit."""
    files = [{"path": path, "size": 9, "sample": ""} for path in ("a.bin", "a.zzz")]
    cases = ((None, ["lfs", "regular"]), ("*.zzz filter=lfs\n", ["regular", "lfs"]), ("", ["regular"] * 2))
    for rules, modes in cases:
        answer = call("POST", f"/api/models/{repo}/preupload/main", {"files": files, "gitAttributes": rules})
        assert [file["uploadMode"] for file in answer.json()["files"]] == modes


def test_a_card_is_checked_in_words_for_its_own_class(hub: EmbeddedHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
    RepoCard("---\nlicense: mit\n---\n# Title\n").validate()
    with pytest.raises(ValueError, match=r'^- Error: "license" must be one of') as caught:
        RepoCard("---\nlicense: asdf\npipeline_tag: nonsense\n---\n").validate()
    assert not str(caught.value).startswith("{")
