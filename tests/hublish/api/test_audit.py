"""The policy alone, over releases, folders and downloads: all findings at once, and nothing that blocks or escapes."""

import os
import random
import socket
from pathlib import Path

import pytest

import hublish
from hublish.base.errors import UsageError
from hublish.base.values.audited import Audited
from hublish.hub.client.hub import Hub
from hublish.pipeline.collect.folder_files import FolderFiles, folder_files
from tests.hublish.audit.payloads import call
from tests.planted_tokens import TOKENS

TOKEN = TOKENS["huggingface-token"](random.Random(9))
SECRET = f"first line\n  token: {TOKEN}\n"


def found(audited: Audited) -> list[tuple[str, str]]:
    return [(one.problem.code, one.path_in_repo) for one in audited.findings]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder without hub.yaml, with a clean file in a subfolder."""
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    (tree / "sub" / "ok.txt").write_text("fine")
    return tree


def test_a_clean_folder_has_no_findings(tree: Path) -> None:
    audited = hublish.audit_folder(tree)
    assert (audited.ok, audited.files, audited.size, audited.findings) == (True, 1, 4, ())


def test_everything_in_a_folder_is_reported_at_once(tree: Path) -> None:
    (tree / "a.txt").write_text(SECRET)
    (tree / "innocent.txt").write_bytes(call())
    (tree / "empty.safetensors").touch()
    (tree / ".env").write_text("A=1")
    (tree / "aux.txt").write_text("a")
    (tree / "A.txt").write_text("a")
    audited = hublish.audit_folder(tree)
    assert sorted(found(audited)) == [
        ("policy.collision", "a.txt"),
        ("policy.denied", ".env"),
        ("policy.empty", "empty.safetensors"),
        ("policy.pickle", "innocent.txt"),
        ("policy.portability", "aux.txt"),
        ("policy.secret", "a.txt"),
    ]
    (secret,) = (one for one in audited.findings if one.problem.code == "policy.secret")
    assert str(secret.problem.location) == f"{tree}/a.txt:2:10"
    assert (secret.source, audited.ok) == (f"{tree}/a.txt", False)
    assert TOKEN not in str(audited)


def test_a_level_of_the_callers_policy_counts(tree: Path) -> None:
    (tree / "a.txt").write_text(SECRET)
    (tree / "m.bin").write_bytes(call())
    warned = hublish.audit_folder(tree, policy=hublish.Policy(pickle="warn", secrets="allow"))
    assert [(one.problem.code, one.problem.severity) for one in warned.findings] == [("policy.pickle", "warning")]
    assert warned.ok
    small = hublish.audit_folder(tree, policy=hublish.Policy.model_validate({"max_file_size": 10}))
    assert ("policy.size", "a.txt") in found(small)


def test_links_pipes_and_sockets_are_named_and_never_opened(tree: Path) -> None:
    os.mkfifo(tree / "fifo")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tree / "socket"))
    for name, target in {
        "out": "/etc/passwd",
        "gone": "nowhere",
        "loop": "loop",
        "root": "/",
        "in": "sub/ok.txt",
    }.items():
        (tree / name).symlink_to(target)
    audited = hublish.audit_folder(tree)
    listener.close()
    assert found(audited) == [
        ("source.not_a_file", "fifo"),
        ("source.symlink", "gone"),
        ("source.symlink", "in"),
        ("source.symlink", "loop"),
        ("source.symlink", "out"),
        ("source.symlink", "root"),
        ("source.not_a_file", "socket"),
    ]
    assert audited.files == 1


@pytest.mark.parametrize("name", ["a\nb", "rtl\u202egpj", "\x1b[31mred", os.fsdecode(b"bad\xff"), "a\\b"])
def test_a_hostile_name_is_a_finding(tree: Path, name: str) -> None:
    (tree / name).write_text("a")
    assert [code for code, _ in found(hublish.audit_folder(tree))] == ["policy.name"]


def test_a_very_deep_tree_is_a_finding_and_the_rest_is_audited(tree: Path) -> None:
    descriptor = os.open(tree, os.O_RDONLY)
    for _ in range(400):
        os.mkdir("d", dir_fd=descriptor)
        below = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(descriptor)
    audited = hublish.audit_folder(tree)
    ((code, path),) = found(audited)
    assert (code, path.count("d"), audited.files) == ("source.unreadable", 257, 1)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_and_an_unreadable_folder_are_findings(tree: Path) -> None:
    (tree / "locked").mkdir(mode=0)
    (tree / "a.txt").touch(mode=0)
    assert found(hublish.audit_folder(tree)) == [("source.unreadable", "a.txt"), ("source.unreadable", "locked")]


def test_a_sparse_file_above_the_limit_is_not_read(tree: Path) -> None:
    with (tree / "huge.raw").open("wb") as stream:
        os.truncate(stream.fileno(), 600 * 10**9)
    assert found(hublish.audit_folder(tree)) == [("policy.size", "huge.raw")]


def test_one_file_is_audited_alone_also_through_a_link_that_a_person_named(tree: Path) -> None:
    (tree / "a.txt").write_text(SECRET)
    (tree / "b.txt").symlink_to("a.txt")
    for name in ("a.txt", "b.txt"):
        (one,) = hublish.audit_folder(tree / name).findings
        assert (one.problem.code, str(one.problem.location)) == ("policy.secret", f"{tree}/{name}:2:10")
    os.mkfifo(tree / "fifo")
    assert found(hublish.audit_folder(tree / "fifo")) == [("source.not_a_file", "fifo")]


def test_a_path_that_does_not_exist_is_a_usage_error(tree: Path) -> None:
    with pytest.raises(UsageError):
        hublish.audit_folder(tree / "nowhere")


def test_a_manifest_in_the_folder_weakens_nothing(tree: Path) -> None:
    (tree / "m.bin").write_bytes(call())
    (tree / "hub.yaml").write_text(
        "repo: {repo_id: a/b}\nartifacts: [{source: m.bin}]\npolicy:\n  pickle: allow\n  waivers:\n"
        "    - {rule: policy.pickle, path_in_repo: m.bin, reason: trust me}\n"
    )
    audited = hublish.audit_folder(tree)
    assert found(audited) == [("policy.pickle", "m.bin")]
    assert audited.unread_manifest == f"{tree}/hub.yaml"


def test_what_pull_has_downloaded_is_audited_through_the_links_of_the_cache(folder: Path, hub: Hub) -> None:
    (folder / "data" / "old.bin").write_bytes(call())
    waiver = "{rule: policy.pickle, path_in_repo: data/old.bin, reason: trust me}"
    (folder / "hub.yaml").write_text(
        "repo: {repo_id: acme/digits}\nartifacts: [{source: data, path_in_repo: data}]\n"
        f"policy: {{waivers: [{waiver}]}}\n"
    )
    hublish.publish(folder / "hub.yaml", endpoint=hub.endpoint, token=hub.token)
    trust = hublish.Trust(pickle=True)
    local = hublish.pull("acme/digits", endpoint=hub.endpoint, token=hub.token, trust=trust, allow_patterns=["*"])
    snapshot = local.folder
    assert (snapshot / "data" / "old.bin").is_symlink()
    audited = hublish.audit_folder(snapshot)
    assert found(audited) == [("policy.pickle", "data/old.bin")]
    assert audited.files == len(local.files)
    # The one kind of link that is followed leads directly to a blob of the same repo.
    blobs = snapshot.parent.parent / "blobs"
    (blobs / "elsewhere").symlink_to("/etc/passwd")
    (snapshot / "passwd").symlink_to("../../blobs/elsewhere")
    (snapshot / "up").symlink_to("../../blobs/../../../hf")
    (snapshot / "direct").symlink_to("/etc/passwd")
    added = set(found(hublish.audit_folder(snapshot))) - {("policy.pickle", "data/old.bin")}
    assert added == {("source.symlink", name) for name in ("passwd", "up", "direct")}


def test_a_release_is_audited_by_its_policy_and_converted_but_not_rendered(folder: Path) -> None:
    (folder / "data" / "key.txt").write_text(SECRET)
    (folder / "data" / "old.bin").write_bytes(call())
    (folder / "hub.yaml").write_text(
        "repo: {repo_id: acme/digits, commit_message: fine}\n"
        "artifacts:\n  - {source: runs/model.npz, serializer: safetensors}\n  - {source: data, path_in_repo: data}\n"
        "card: {template: missing.md.j2}\n"
        "policy:\n  pickle: warn\n  waivers:\n"
        "    - {rule: policy.secret, path_in_repo: data/key.txt, reason: for a test}\n"
        "    - {rule: policy.secret, path_in_repo: gone.txt, reason: for a test}\n"
    )
    audited = hublish.audit_release(folder / "hub.yaml")
    assert [(one.problem.code, one.problem.severity, one.waived) for one in audited.findings] == [
        ("policy.unused_waiver", "error", None),
        ("policy.secret", "error", "for a test"),
        ("policy.pickle", "warning", None),
    ]
    assert str(audited.findings[0].problem.location) == f"{folder}/hub.yaml:10:7"
    assert str(audited.findings[1].problem.location) == f"{folder}/data/key.txt:2:10"
    assert audited.files == 6  # with big.bin, note.tmp, hub.yaml and the converted weights


def test_sources_that_are_refused_do_not_hide_the_rest(folder: Path) -> None:
    (folder / "data" / "key.txt").write_text(SECRET)
    (folder / "data" / "out").symlink_to("/etc/passwd")
    (folder / "runs" / "broken.npz").write_text("not an archive")
    (folder / "hub.yaml").write_text(
        f"repo: {{repo_id: acme/digits, commit_message: 'use {TOKEN[:8]}'}}\n"
        "artifacts:\n  - {source: runs/broken.npz, serializer: safetensors}\n  - {source: data, path_in_repo: data}\n"
        "  - {source: nowhere}\n"
    )
    codes = {one.problem.code for one in hublish.audit_release(folder / "hub.yaml").findings}
    assert {"source.symlink", "source.missing", "policy.secret"} < codes
    assert any(code.startswith("serializer.") for code in codes)


def test_a_file_that_changes_meanwhile_is_a_finding(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / "a.txt").write_text("before")

    def then_change(folder: Path) -> FolderFiles:
        result = folder_files(folder)
        (folder / "a.txt").write_text("after, and longer")
        (folder / "sub" / "ok.txt").unlink()
        return result

    monkeypatch.setattr("hublish.api.audit.folder_files", then_change)
    assert found(hublish.audit_folder(tree)) == [("source.changed", "a.txt"), ("source.changed", "sub/ok.txt")]
