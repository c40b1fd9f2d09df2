"""People edit the card on the Hub, and the next releases keep what they wrote."""

import json
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, close_session

import hublish
from hublish.base.errors import CardError, PlanStaleError
from hublish.hub.server import EmbeddedHub
from hublish.pipeline.lock.records import plan_document
from hublish.schemas.documents.lock import read_lock

NOTE = "\nA remark that a person wrote on the Hub.\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    with EmbeddedHub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub
        close_session()


class Author:
    """Releases one repo from a folder, and edits its card on the Hub."""

    def __init__(self, server: EmbeddedHub, folder: Path) -> None:
        self.api = HfApi(endpoint=server.endpoint, token=server.token)
        self.options: dict[str, Any] = {"endpoint": server.endpoint, "token": server.token}
        self.folder, self.repo_id = folder, f"acme/{folder.name}"
        self.repo: dict[str, Any] = {"repo_id": self.repo_id}
        (folder / "model.bin").write_bytes(b"1")

    def declare(self, version: int = 1, **card: Any) -> Path:
        """Write the manifest of a version."""
        metadata = {"license": "mit", "tags": ["first", f"v{version}"], **card.pop("metadata", {})}
        variables = {"summary": f"Summary of version {version}.", "usage": "Call it.", **card.pop("variables", {})}
        fields = {"template": "card.md", "metadata": metadata, "variables": variables, **card}
        template = "# Model\n\n{{ summary }}\n\n## Usage\n\n{{ usage }}\n"
        (self.folder / "card.md").write_text(template + "{% if more is defined %}\n{{ more | markdown }}\n{% endif %}")
        artifacts = [{"source": "model.bin"}]
        manifest = self.folder / "hub.yaml"
        manifest.write_text(json.dumps({"repo": self.repo, "artifacts": artifacts, "card": fields}))
        return manifest

    def publish(self, version: int = 1, *, card: Any = None, **fields: Any) -> hublish.Receipt:
        return hublish.publish(self.declare(version, **fields), card=card, **self.options)

    def plan(self, version: int = 1, *, card: Any = "merge", **fields: Any) -> hublish.Plan:
        return hublish.plan(self.declare(version, **fields), card=card, **self.options)

    @property
    def readme(self) -> str:
        return self.read().decode()

    def read(self) -> bytes:
        return Path(self.api.hf_hub_download(self.repo_id, "README.md", force_download=True)).read_bytes()

    def edit(self, change: Callable[[str], str]) -> None:
        self.write(change(self.readme).encode())

    def write(self, data: bytes) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # about a card without metadata
            self.api.create_commit(
                self.repo_id, [CommitOperationAdd("README.md", data)], commit_message="Edit README.md on the Hub"
            )


@pytest.fixture
def author(server: EmbeddedHub, tmp_path: Path) -> Author:
    return Author(server, tmp_path)


def by_hand(card: str) -> str:
    """Return a card with edits of its metadata and of its text."""
    card = card.replace("license: mit", "license: mit # checked by legal\nlanguage: [en]").replace(
        "- first", "- first\n- mine"
    )
    return card.replace("Call it.", "Call it." + "\n" + NOTE) + "\n## Funding\n\nBy *us*.\n"


def with_lock(author: Author) -> None:
    assert (author.folder / "hub.lock").exists()


def without_lock(author: Author) -> None:
    (author.folder / "hub.lock").unlink()


@pytest.mark.parametrize("between", [with_lock, without_lock], ids=["with the lock", "without a lock"])
def test_edits_survive_the_third_release(between: Callable[[Author], None], author: Author) -> None:
    author.publish(1)
    author.edit(by_hand)
    for version in (2, 3, 4):
        between(author)
        assert author.publish(version).verified
        card = author.readme
        assert f"Summary of version {version}." in card
        assert f"- v{version}\n" in card
        assert f"version {version - 1}" not in card
        for edit in ("license: mit # checked by legal\nlanguage: [en]\n", "- mine\n", NOTE, "## Funding\n\nBy *us*.\n"):
            assert edit in card
        status = hublish.status(author.folder / "hub.yaml", **author.options)
        assert not status.changed
        assert hublish.verify(author.folder / "hub.yaml", **author.options).ok
    assert author.publish(4).created is False


def test_an_unchanged_card_is_not_sent(author: Author) -> None:
    author.publish(1)
    author.edit(by_hand)
    edited = author.read()
    plan = author.plan(1)
    assert plan.nothing_to_do
    assert {change.path_in_repo: change.action.value for change in plan.changes}["README.md"] == "keep"
    (author.folder / "model.bin").write_bytes(b"2")
    author.publish(1)
    assert author.read() == edited


def conflicting(author: Author) -> None:
    author.publish(1)
    author.edit(lambda card: card.replace("Summary of version 1.", "A summary by hand.").replace("mit", "bsd-3-clause"))


def test_a_conflict_stops_the_release_with_places_and_a_diff(author: Author) -> None:
    conflicting(author)
    before = author.api.model_info(author.repo_id).sha
    for verb in (author.plan, author.publish):
        with pytest.raises(CardError) as caught:
            verb(2, metadata={"license": "apache-2.0"})
        problems = caught.value.problems
        assert [(each.code, each.path) for each in problems] == [("card.conflict", "license"), ("card.conflict", "")]
        assert "-A summary by hand.\n+Summary of version 2." in problems[1].hint
        assert "-license: bsd-3-clause\n+license: apache-2.0" in problems[0].hint
        assert [str(each.location) for each in problems] == ["README.md on the Hub:2:1", "README.md on the Hub:10:1"]
        assert "--card theirs" in caught.value.hint
    assert author.api.model_info(author.repo_id).sha == before


@pytest.mark.parametrize(("card", "summary"), [("ours", "Summary of version 2."), ("theirs", "A summary by hand.")])
def test_a_decision_goes_with_the_plan_and_lasts(card: str, summary: str, author: Author) -> None:
    conflicting(author)
    plan = author.plan(2, card=card)
    path = author.folder / "plan.json"
    path.write_text(plan_document(plan).model_dump_json())
    assert json.loads(path.read_text())["card"] == card
    hublish.publish(author.folder / "hub.yaml", plan=path, **author.options)
    assert summary in author.readme
    # Nothing is left to decide until the next change of the same place.
    assert author.plan(2).nothing_to_do
    author.publish(2, variables={"usage": "Call it twice."})
    assert summary in author.readme
    assert "Call it twice." in author.readme


def test_a_reviewed_plan_is_stale_when_the_card_was_edited_since(author: Author) -> None:
    author.publish(1)
    plan = author.plan(2)
    author.edit(by_hand)
    with pytest.raises(PlanStaleError):
        hublish.publish(author.folder / "hub.yaml", plan=plan, **author.options)
    with pytest.raises(PlanStaleError, match="stale"):
        hublish.publish(author.folder / "hub.yaml", plan=author.plan(2), card="ours", **author.options)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"---\nlicense: mit\n# Model\n", "README.md on the Hub:1:1"),
        (b"# \0\0\0", "README.md"),
        (b"x" * ((4 << 20) + 1), "README.md"),
    ],
)
def test_a_card_that_cannot_be_merged_is_never_overwritten_silently(data: bytes, place: str, author: Author) -> None:
    author.publish(1)
    author.write(data)
    with pytest.raises(CardError) as caught:
        author.publish(2)
    assert [(each.code, str(each.location or each.path)) for each in caught.value.problems] == [
        ("card.conflict", place)
    ]
    assert author.read() == data
    author.publish(2, card="ours")
    assert "Summary of version 2." in author.readme


@pytest.mark.parametrize(
    ("front", "place"),
    [
        (b"license: mit\ntags: [a\n", 4),
        (b"- a\n- b\n", 2),
    ],
    ids=["an open bracket", "a list"],
)
def test_invalid_metadata_in_the_repo_is_a_conflict_at_its_line(
    front: bytes, place: int, author: Author, server: EmbeddedHub, tmp_path: Path
) -> None:
    author.publish(1)
    # Past the Hub, which accepts no such commit: it may be older than the rules.
    address, clone = server.root / "repos" / "models" / f"{author.repo_id}.git", tmp_path / "clone"
    run = partial(subprocess.run, check=True, capture_output=True, timeout=120)
    run(["git", "clone", "-q", address, clone])
    data = b"---\n" + front + b"---\n\n# By hand\n"
    (clone / "README.md").write_bytes(data)
    run(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qam", "Edit by hand"], cwd=clone)
    run(["git", "push", "-q"], cwd=clone)
    with pytest.raises(CardError) as caught:
        author.publish(2)
    ((code, line),) = [(each.code, each.location and each.location.line) for each in caught.value.problems]
    assert (code, line) == ("card.conflict", place)
    assert author.read() == data
    author.publish(2, card="ours")
    assert "Summary of version 2." in author.readme


def test_a_deleted_card_is_added_again(author: Author) -> None:
    author.publish(1)
    operations = [CommitOperationDelete("README.md")]
    author.api.create_commit(author.repo_id, operations, commit_message="Delete README.md")
    plan = author.plan(1)
    assert [each.code for each in plan.release.warnings] == ["card.deleted"]
    author.publish(1)
    assert "Summary of version 1." in author.readme


@pytest.mark.parametrize("data", [b"# By hand\n\nAll of it.\n", b"\xef\xbb\xbf# By hand\r\n\r\nAll of it.\r\n"])
def test_a_card_of_somebody_else_is_kept_and_gets_our_metadata_and_sections(data: bytes, author: Author) -> None:
    author.api.create_repo(author.repo_id)
    author.write(data)
    author.publish(1)
    card = author.read()
    assert data.removeprefix(b"\xef\xbb\xbf") in card
    assert card.removeprefix(b"\xef\xbb\xbf").startswith(b"---\nlicense: mit\n")
    assert b"## Usage" in card
    assert b"# Model" not in card
    author.publish(2)
    assert data.removeprefix(b"\xef\xbb\xbf") in author.read()


def test_a_value_that_differs_without_a_record_stays_and_is_reported(author: Author) -> None:
    author.api.create_repo(author.repo_id)
    author.write(b"---\nlicense: apache-2.0\n---\n# By hand\n")
    plan = author.plan(1)
    assert [(each.code, each.path) for each in plan.release.warnings] == [("card.kept", "license")]
    author.publish(1)
    assert "license: apache-2.0" in author.readme


def test_the_release_of_an_earlier_version_is_the_base_without_a_record(author: Author) -> None:
    """Locks had no card, and commits no trailer."""
    author.publish(1)
    lock = author.folder / "hub.lock"
    fields = json.loads(lock.read_text())
    del fields["card"]
    lock.write_text(json.dumps(fields))
    assert read_lock(lock.read_bytes()).card is None
    author.api.super_squash_history(author.repo_id, commit_message="Squash")
    head = author.api.model_info(author.repo_id).sha
    lock.write_text(json.dumps({**fields, "commit": head}))
    author.edit(by_hand)
    author.publish(2)
    assert "Summary of version 2." in author.readme
    assert "Summary of version 1." not in author.readme
    assert NOTE in author.readme


def test_a_squashed_release_without_a_lock_is_recognized_by_its_manifest(author: Author) -> None:
    author.publish(1)
    without_lock(author)
    author.api.super_squash_history(author.repo_id, commit_message="Squash")
    author.publish(2)
    assert "Summary of version 2." in author.readme
    assert "Summary of version 1." not in author.readme


def test_a_proposal_is_merged_with_the_card_of_main(author: Author) -> None:
    author.publish(1)
    author.edit(by_hand)
    author.repo["create_pr"] = True
    assert author.publish(2).pull_request
    # Not merged yet: the next release is still based on the first.
    author.repo["create_pr"] = False
    author.publish(3)
    assert "Summary of version 3." in author.readme
    assert NOTE in author.readme
    assert "version 1" not in author.readme


def test_a_space_gets_our_card_in_place_of_the_initial_one(author: Author) -> None:
    author.repo |= {"repo_type": "space", "space_sdk": "static"}
    manifest = author.declare(1, metadata={"title": "Mine", "sdk": "static"})
    receipt = hublish.publish(manifest, **author.options)
    path = author.api.hf_hub_download(author.repo_id, "README.md", repo_type="space")
    assert Path(path).read_text().startswith("---\nlicense: mit\ntags:\n- first\n- v1\ntitle: Mine\nsdk: static\n---\n")
    assert receipt.verified


def test_two_publishers_do_not_overwrite_each_other(author: Author) -> None:
    author.publish(1)
    plan = author.plan(2)
    author.edit(by_hand)
    with pytest.raises(PlanStaleError):
        hublish.publish(author.folder / "hub.yaml", plan=plan, **author.options)
    author.publish(2)
    assert NOTE in author.readme


def test_a_run_that_was_killed_before_its_lock_is_continued(author: Author) -> None:
    author.publish(1)
    old = (author.folder / "hub.lock").read_bytes()
    author.edit(by_hand)
    author.publish(2)
    card = author.read()
    (author.folder / "hub.lock").write_bytes(old)
    receipt = author.publish(2)
    assert not receipt.created
    assert author.read() == card
    assert hublish.verify(author.folder / "hub.yaml", **author.options).ok


def test_offline_commands_render_without_the_edits(author: Author) -> None:
    author.publish(1)
    author.edit(by_hand)
    text = hublish.card(author.folder / "hub.yaml")
    assert NOTE not in text
    hublish.build(author.folder / "hub.yaml", author.folder / "out")
    assert (author.folder / "out" / "README.md").read_text() == text


def test_local_commands_do_not_import_the_merge(author: Author) -> None:
    names = "[name for name in sys.modules if 'merging' in name]"
    code = f"import sys, hublish; hublish.files({str(author.declare())!r}); print({names})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stderr
