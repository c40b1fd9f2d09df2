"""Deprecate repos on the embedded Hub with the real client, and take it back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi, ModelCard, close_session

import hublish
from hublish.api.read_project import read_lock_file
from hublish.base.errors import (
    AuthenticationError,
    CardError,
    DeclinedError,
    DocumentInvalidError,
    HublishError,
    NotFoundError,
    RemoteConflictError,
    RemoteError,
    UsageError,
)
from hublish.cli.terminal.color import Paint
from hublish.cli.views.deprecate import DeprecationView, question
from hublish.hub.server import EmbeddedHub
from tests.faults.projects import COMMIT, Release
from tests.faults.proxy import afterwards, doing, lost_after

NEW = "acme/successor"

# The client warns about a card without metadata.
pytestmark = pytest.mark.filterwarnings("ignore:Warnings while validating metadata")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    with EmbeddedHub(tmp_path_factory.mktemp("hub")) as hub:
        api = HfApi(endpoint=hub.endpoint, token=hub.token)
        api.create_repo(NEW)
        yield hub
        close_session()


@pytest.fixture
def options(server: EmbeddedHub) -> dict[str, Any]:
    return {"endpoint": server.endpoint, "token": server.token}


@pytest.fixture
def api(server: EmbeddedHub) -> HfApi:
    return HfApi(endpoint=server.endpoint, token=server.token)


@pytest.fixture
def repo(api: HfApi, tmp_path: Path) -> str:
    """Return a new model repo without a card."""
    return str(api.create_repo(f"acme/{tmp_path.name[:60].strip('-_')}").repo_id)


def readme(api: HfApi, repo: str, revision: str = "main") -> bytes:
    return Path(api.hf_hub_download(repo, "README.md", revision=revision)).read_bytes()


def write(api: HfApi, repo: str, card: bytes) -> str:
    operation = CommitOperationAdd("README.md", card)
    return str(api.create_commit(repo, [operation], commit_message="card").oid)


@pytest.mark.parametrize(
    "card",
    [
        None,
        b"# Digits\n",
        b"---\r\nlicense: mit # ours\r\n---\r\n\r\n# Digits\r\n",
        b"\xef\xbb\xbf---\nlicense: mit\n---\n# Digits\n",
    ],
)
def test_one_commit_names_the_new_version_and_another_one_gives_the_same_bytes(
    api: HfApi, repo: str, options: dict[str, Any], card: bytes | None
) -> None:
    before = write(api, repo, card) if card is not None else api.repo_info(repo).sha
    found = hublish.deprecate(repo, new_version=NEW, message="It reads letters.", **options)
    assert found.receipt is not None
    assert (found.receipt.verified, found.parent, found.lock_state) == (True, before, None)
    assert (api.repo_info(repo).sha, found.receipt.commit) == (found.receipt.commit,) * 2
    titles = [commit.title for commit in api.list_repo_commits(repo)]
    assert titles[0] == f"Deprecate {repo} in favor of {NEW}"
    marked = readme(api, repo)
    assert b"> **This model is deprecated.** Use [acme/successor](/acme/successor) instead.\n" in marked.replace(
        b"\r", b""
    )
    assert b"> It reads letters." in marked
    if b"\xef" not in marked:  # the client finds no metadata behind a byte order mark
        assert ModelCard(marked.decode("utf-8", "replace")).data.get("new_version") == NEW
    assert hublish.deprecate(repo, new_version=NEW, message="It reads letters.", **options).nothing_to_do
    undone = hublish.deprecate(repo, undo=True, **options)
    assert undone.new_version is None
    assert ("README.md" in api.list_repo_files(repo)) == (card is not None)
    assert card is None or readme(api, repo) == card
    assert hublish.deprecate(repo, undo=True, **options).nothing_to_do
    assert len(api.list_repo_commits(repo)) == len(titles) + 1


def test_a_byte_order_mark_that_hides_the_metadata_is_a_warning(api: HfApi, repo: str, options: dict[str, Any]) -> None:
    write(api, repo, b"\xef\xbb\xbf# Digits\n")
    found = hublish.deprecate(repo, new_version=NEW, **options)
    assert [problem.code for problem in found.warnings] == ["card.front_matter"]


@pytest.mark.parametrize("kind", ["dataset", "space", "kernel"])
def test_repos_of_every_type_get_a_link_to_one_of_their_type(
    api: HfApi, repo: str, options: dict[str, Any], kind: str
) -> None:
    more: dict[str, Any] = {"space_sdk": "static"} if kind == "space" else {}
    for name in (repo, NEW):
        api.create_repo(name, repo_type=kind, exist_ok=True, **more)
    address = f"{kind}s/{repo}"
    hublish.deprecate(address, new_version=f"{kind}s/{NEW}", **options)
    card = Path(api.hf_hub_download(repo, "README.md", repo_type=kind)).read_text()
    assert f"[acme/successor](/{kind}s/acme/successor)" in card
    assert f"new_version: {NEW}\n" in card
    hublish.deprecate(address, undo=True, **options)
    with pytest.raises(UsageError, match="must be a"):
        hublish.deprecate(repo, new_version=f"{kind}s/{NEW}", **options)


HOSTILE = {
    "-->\n<!-- /hublish:deprecated -->\n# Title": "--&gt;",
    "<script>alert(1)</script>": "&lt;script&gt;",
    "[x](javascript:alert(1))": r"\[x\](javascript:alert(1))",
    "---\nlicense: other\n---": "license: other",
    "> [!NOTE]\n```\nopen": "&gt; \\[!NOTE\\]",
    "{{ 7 * 7 }}": "{{ 7 \\* 7 }}",
}


@pytest.mark.parametrize(("message", "shown"), HOSTILE.items())
def test_a_message_of_any_text_is_shown_as_it_is_written(
    api: HfApi, repo: str, options: dict[str, Any], message: str, shown: str
) -> None:
    card = b"---\nlicense: mit\n---\n# Digits\n"
    write(api, repo, card)
    hublish.deprecate(repo, new_version=NEW, message=message, **options)
    marked = readme(api, repo).decode()
    assert shown in marked
    assert all(line.startswith(">") for line in marked.split(" -->\n")[1].split("<!--")[0].splitlines())
    assert ModelCard(marked).data.get("license") == "mit"
    hublish.deprecate(repo, undo=True, **options)
    assert readme(api, repo) == card


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "no new version is given"),
        ({"new_version": NEW, "undo": True}, "exclude each other"),
        ({"undo": True, "message": "text"}, "no banner for the message"),
        ({"new_version": "acme/a/b"}, "acme/a/b"),
        ({"new_version": "acme/..x"}, "must not"),
        ({"new_version": f"{NEW}@v1"}, "without a revision"),
        ({"new_version": NEW, "message": "a \x1b[31m b"}, "cannot be shown"),
        ({"new_version": NEW, "message": "a \u202e b"}, "cannot be shown"),
        ({"new_version": NEW, "message": "hf_" + "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cE3f"}, "contains a credential"),
    ],
)
def test_wrong_arguments_are_refused_before_any_commit(
    api: HfApi, repo: str, options: dict[str, Any], arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError) as failure:
        hublish.deprecate(repo, **arguments, **options)
    assert words in failure.value.message
    assert "aB3dE6gH" not in str(failure.value)
    assert len(api.list_repo_commits(repo)) == 1


def test_a_new_version_must_exist_and_be_another_repo(api: HfApi, repo: str, options: dict[str, Any]) -> None:
    for name, error in ((repo.upper(), UsageError), ("acme/nowhere", NotFoundError)):
        with pytest.raises(error):
            hublish.deprecate(repo, new_version=name, **options)
    for name in ("acme/nowhere", f"{repo}@nobranch"):
        with pytest.raises(NotFoundError, match="does not exist"):
            hublish.deprecate(name, undo=True, **options)
    with pytest.raises(DocumentInvalidError):
        hublish.deprecate(repo, new_version=NEW, lock="missing.lock", **options)
    api.create_repo("acme/hidden", private=True)
    found = hublish.deprecate(repo, new_version="acme/hidden", **options)
    assert [problem.code for problem in found.warnings] == ["card.private_new_version"]


def test_chains_and_circles_are_refused(api: HfApi, repo: str, options: dict[str, Any]) -> None:
    middle = str(api.create_repo(f"{repo}-2").repo_id)
    hublish.deprecate(middle, new_version=NEW, **options)
    with pytest.raises(CardError, match=f"deprecated itself, in favor of {NEW}"):
        hublish.deprecate(repo, new_version=middle, **options)
    hublish.deprecate(middle, new_version=repo, **options)
    with pytest.raises(CardError, match="a circle"):
        hublish.deprecate(repo, new_version=middle, **options)


@pytest.mark.parametrize("card", [b"---\nfoo\n---\n", b"\0", b"----\nlicense: mit\n---\n"])
def test_a_card_that_cannot_be_edited_is_refused_and_stays(
    api: HfApi, repo: str, options: dict[str, Any], card: bytes
) -> None:
    api.upload_file(path_or_fileobj=b"", path_in_repo="x", repo_id=repo)
    try:
        write(api, repo, card)
    except Exception:  # this Hub refuses it already
        return
    with pytest.raises(CardError):
        hublish.deprecate(repo, new_version=NEW, **options)
    assert readme(api, repo) == card


def test_a_change_that_is_not_confirmed_is_not_made(api: HfApi, repo: str, options: dict[str, Any]) -> None:
    shown: list[hublish.Deprecation] = []

    def confirm(found: hublish.Deprecation) -> bool:
        shown.append(found)
        return False

    with pytest.raises(DeclinedError):
        hublish.deprecate(repo, new_version=NEW, confirm=confirm, **options)
    assert "+new_version: acme/successor" in shown[0].diff
    assert len(api.list_repo_commits(repo)) == 1


def declare(folder: Path, repo: str, **card: Any) -> Path:
    """Declare a release with a card that states a fact."""
    (folder / "config.json").write_text('{"num_hidden_layers": 12}')
    manifest = folder / "hub.yaml"
    data = {
        "repo": {"repo_id": repo, "tag": "v{{ v }}", "moving_tags": ["latest"]},
        "variables": {"v": "1"},
        "artifacts": [{"source": "config.json"}],
        "card": {"metadata": {"license": "mit", **card}, "variables": {"summary": "Digits."}},
    }
    manifest.write_text(json.dumps(data))
    return manifest


def test_the_lock_follows_and_the_next_release_keeps_the_banner(
    api: HfApi, repo: str, options: dict[str, Any], tmp_path: Path
) -> None:
    manifest = declare(tmp_path, repo)
    first = hublish.publish(manifest, **options)
    found = hublish.deprecate(manifest=manifest, new_version=NEW, **options)
    assert found.receipt is not None
    assert (found.lock_state, found.lock) == ("updated", tmp_path / "hub.lock")
    lock = read_lock_file(tmp_path / "hub.lock")
    assert (lock.commit, lock.tag, lock.moving_tags) == (found.receipt.commit, "v1", ("latest",))
    assert lock.tagged_commit == first.commit
    assert hublish.verify(manifest, **options).ok
    assert not hublish.status(manifest, **options).changed
    with pytest.raises(RemoteConflictError, match="only its card has changed since") as unchanged:
        hublish.publish(manifest, **options)
    assert "raise the version" in unchanged.value.hint
    assert {tag.target_commit for tag in api.list_repo_refs(repo).tags} == {first.commit}
    assert hublish.pull(lock=lock, local_dir=tmp_path / "pulled", allow_patterns="*", **options).checked
    # The next version keeps what was added on the Hub.
    banner = readme(api, repo).decode().partition("<!--")[2].partition("-->\n\n")[0]
    text = manifest.read_text().replace('"1"', '"2"').replace("Digits.", "Digits and letters.")
    manifest.write_text(text)
    hublish.publish(manifest, **options)
    card = readme(api, repo).decode()
    assert f"new_version: {NEW}\n---\n" in card
    assert f"<!--{banner}-->\n\n" in card
    assert "Digits and letters." in card
    assert hublish.verify(manifest, **options).ok
    assert read_lock_file(tmp_path / "hub.lock").tag_commit is None
    undone = hublish.deprecate(manifest=manifest, undo=True, **options)
    assert undone.lock_state == "updated"
    assert not hublish.status(manifest, **options).changed
    assert b"new_version" not in readme(api, repo)
    assert hublish.verify(manifest, **options).ok


def test_a_manifest_that_declares_the_same_new_version_agrees(
    repo: str, api: HfApi, options: dict[str, Any], tmp_path: Path
) -> None:
    hublish.publish(declare(tmp_path, repo), **options)
    hublish.deprecate(manifest=tmp_path / "hub.yaml", new_version=NEW, **options)
    manifest = declare(tmp_path, repo, new_version=NEW)
    manifest.write_text(manifest.read_text().replace('"1"', '"2"'))
    hublish.publish(manifest, **options)
    card = readme(api, repo).decode()
    assert card.count(f"new_version: {NEW}") == card.count("<!-- hublish:deprecated -->") == 1
    assert hublish.deprecate(manifest=manifest, new_version=NEW, **options).nothing_to_do
    for arguments in ({"undo": True}, {"new_version": "acme/other"}):
        with pytest.raises(UsageError, match="declares `new_version: acme"):
            hublish.deprecate(manifest=manifest, **arguments, **options)


def test_a_lock_of_another_commit_does_not_change(
    repo: str, api: HfApi, options: dict[str, Any], tmp_path: Path
) -> None:
    manifest = declare(tmp_path, repo)
    hublish.publish(manifest, **options)
    before = (tmp_path / "hub.lock").read_bytes()
    api.upload_file(path_or_fileobj=b"theirs", path_in_repo="theirs.txt", repo_id=repo)
    assert hublish.deprecate(manifest=manifest, new_version=NEW, **options).lock_state == "elsewhere"
    assert (tmp_path / "hub.lock").read_bytes() == before


def test_a_run_that_was_killed_before_the_lock_converges(repo: str, options: dict[str, Any], tmp_path: Path) -> None:
    manifest = declare(tmp_path, repo)
    hublish.publish(manifest, **options)
    before = (tmp_path / "hub.lock").read_bytes()
    hublish.deprecate(manifest=manifest, new_version=NEW, **options)
    after = (tmp_path / "hub.lock").read_bytes()
    (tmp_path / "hub.lock").write_bytes(before)
    again = hublish.deprecate(manifest=manifest, new_version=NEW, **options)
    assert (again.nothing_to_do, again.lock_state) == (True, "updated")
    assert (tmp_path / "hub.lock").read_bytes() == after
    # Not after a commit of another user.
    (tmp_path / "hub.lock").write_bytes(before)
    assert hublish.deprecate(manifest=manifest, new_version=NEW, message="x", **options).lock_state == "elsewhere"


def test_a_lost_response_makes_no_second_commit_and_a_moved_head_is_a_conflict(
    release: Release, by_lfs: None, sleeps: list[float]
) -> None:
    release.create()
    release.api.create_repo(NEW, exist_ok=True)
    options: dict[str, Any] = {"endpoint": release.proxy.endpoint, "token": release.hub.token}
    release.proxy.on(COMMIT, lost_after, times=1)
    found = hublish.deprecate(release.repo_id, new_version=NEW, **options)
    assert found.receipt is not None
    assert (release.head(), len(release.titles())) == (found.receipt.commit, 1)
    release.proxy.clear()
    release.proxy.on(COMMIT, doing(release.commit_as_other), times=1)
    with pytest.raises(RemoteConflictError):
        hublish.deprecate(release.repo_id, undo=True, **options)
    release.proxy.clear()
    release.proxy.on("^GET .*/revision/", afterwards(404, b"{}", X_Error_Code="RepoNotFound"))
    with pytest.raises((RemoteError, HublishError)):
        hublish.deprecate("acme/nowhere", undo=True, **options)


def test_readers_are_warned_with_the_new_version(
    api: HfApi, repo: str, options: dict[str, Any], tmp_path: Path
) -> None:
    api.upload_file(path_or_fileobj=b"{}", path_in_repo="config.json", repo_id=repo)
    hublish.deprecate(repo, new_version=NEW, **options)
    local = hublish.pull(repo, local_dir=tmp_path / "pulled", **options)
    assert [(problem.code, NEW in problem.message) for problem in local.warnings] == [("release.deprecated", True)]
    draft = hublish.init(tmp_path / "draft", from_repo=repo, **options)
    assert [problem.code for problem in draft.warnings if problem.code == "release.deprecated"]
    hublish.deprecate(repo, undo=True, **options)
    assert hublish.pull(repo, local_dir=tmp_path / "pulled", **options).warnings == ()


def test_a_name_that_is_none_is_not_repeated(api: HfApi, repo: str, options: dict[str, Any], tmp_path: Path) -> None:
    write(api, repo, b'---\nnew_version: "\\e[31m evil"\n---\n')
    assert hublish.pull(repo, local_dir=tmp_path / "pulled", allow_patterns="*", **options).warnings == ()


def test_a_manifest_that_proposes_its_releases_proposes_the_deprecation(
    api: HfApi, repo: str, options: dict[str, Any], tmp_path: Path
) -> None:
    manifest = declare(tmp_path, repo)
    first = hublish.publish(manifest, **options)
    lock = (tmp_path / "hub.lock").read_bytes()
    data = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**data, "repo": {"repo_id": repo, "create_pr": True}}))
    proposals = [hublish.deprecate(manifest=manifest, new_version=NEW, **options) for _ in range(2)]
    for found, created in zip(proposals, (True, False), strict=True):
        assert found.receipt is not None
        assert (found.receipt.pull_request, found.receipt.created, found.lock_state) == (1, created, None)
    assert api.repo_info(repo).sha == first.commit
    assert b"new_version" in readme(api, repo, "refs/pr/1")
    assert (tmp_path / "hub.lock").read_bytes() == lock
    shown = "\n".join(DeprecationView(proposals[0]).human(Paint()))
    assert shown.startswith(f"Proposed to deprecate {repo} in favor of {NEW}, as pull request 1.")
    assert question(proposals[0]).endswith(", by a pull request?")


def test_a_token_that_may_not_write_is_refused_before_the_question(
    server: EmbeddedHub, repo: str, options: dict[str, Any]
) -> None:
    options["token"] = server.add_user("reader-of-cards", role="read")
    with pytest.raises(AuthenticationError):  # not DeclinedError
        hublish.deprecate(repo, new_version=NEW, confirm=lambda _: False, **options)


def test_a_readme_that_the_next_release_uploads_as_it_is_is_a_warning(
    repo: str, options: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "README.md").write_text("# Digits\n")
    manifest = tmp_path / "hub.yaml"
    manifest.write_text(f"repo: {{repo_id: {repo}}}\nartifacts: [{{source: README.md}}]\n")
    hublish.publish(manifest, **options)
    found = hublish.deprecate(manifest=manifest, new_version=NEW, **options)
    assert [problem.code for problem in found.warnings] == ["card.banner_replaced"]
    assert hublish.deprecate(manifest=manifest, undo=True, **options).warnings == ()
    hublish.publish(declare(tmp_path, repo), **options)
    assert hublish.deprecate(manifest=manifest, new_version=NEW, **options).warnings == ()
