"""A reviewed plan compared with the one that would be published now."""

from typing import Any

import pytest
from pydantic import ValidationError

from hublish.base.errors import PlanStaleError
from hublish.pipeline.compare.stale import refuse_stale
from hublish.schemas.documents.plan import PlanDocument, PlannedAttestation, PlannedFile, PlannedSetting

PRIVATE = PlannedSetting(name="visibility", before="public", after="private")
PUBLIC = PlannedSetting(name="visibility", before="private", after="public")
CREATED = PlannedSetting(name="repo", before=None, after="created, public")


def file(path: str, action: Any = "add", sha256: str | None = "a" * 64) -> PlannedFile:
    return PlannedFile(action=action, path_in_repo=path, size=3, sha256=sha256)


def pending(path: str, action: Any = "add") -> PlannedFile:
    return PlannedFile(action=action, path_in_repo=path, size=0, made_at_publish=True)


def signed(signer: str | None = "sha256:1", method: Any = "key", **facts: Any) -> dict[str, Any]:
    return {"attestation": PlannedAttestation(method=method, signer=signer, **facts)}


BY_CI, IN_CI = (
    "https://github.com/acme/x/.github/workflows/r.yml@refs/tags/v*",
    "https://github.com/acme/x/.github/workflows/r.yml@refs/tags/v1",
)


def plan(**fields: Any) -> PlanDocument:
    known: dict[str, Any] = {
        "repo_id": "acme/model",
        "repo_type": "model",
        "endpoint": "http://hub",
        "revision": "main",
        "create_pr": False,
        "repo_exists": True,
        "parent_commit": "1" * 40,
        "manifest_sha256": "f" * 64,
        "commit_message": "Release v1",
        "tag": "v1",
        "bytes_to_send": 3,
        "settings": (),
        "files": (file("a.bin"),),
        "excluded": (),
        "nothing_to_do": False,
    }
    return PlanDocument(**{**known, **fields})


KEPT = (file("a.bin", "keep"),)
RESOLVED, OTHERWISE = {"resolved_sha256": "c" * 64}, {"resolved_sha256": "d" * 64}
NEW = {"repo_exists": False, "parent_commit": None, "settings": (CREATED,)}


@pytest.mark.parametrize(
    ("reviewed", "fresh"),
    [
        ({}, {}),
        ({}, {"bytes_to_send": 0}),
        ({}, {"tag": None}),
        # committed, then killed: before and after the tag
        ({}, {"files": KEPT, "parent_commit": "2" * 40}),
        ({}, {"files": KEPT, "parent_commit": "2" * 40, "tag": None}),
        # ... and before the repo was opened
        ({"settings": (PUBLIC,)}, {"files": KEPT, "parent_commit": "2" * 40, "settings": (PUBLIC,)}),
        # closed, then killed
        ({"settings": (PRIVATE,)}, {}),
        # the repo made, then killed
        (NEW, {"files": (file(".gitattributes", "leave", None), file("a.bin")), "parent_commit": "3" * 40}),
        ({"parent_commit": None}, {"parent_commit": "3" * 40}),
        # what a reviewer could not sign: still pending, signed here, or on the Hub already
        ({"files": (file("a.bin"), pending("model.sig"))}, {"files": (file("a.bin"), pending("model.sig"))}),
        # a plan by a reviewer without the key, and one of a pull request
        (signed(None), signed()),
        (signed(builder="https://a/1", source_commit="1" * 40), signed(builder="https://a/2", source_commit="2" * 40)),
        (signed(dirty=True), signed(dirty=False)),
        # signed in a job already
        (signed(BY_CI, "sigstore"), signed(IN_CI, "sigstore")),
        ({"files": (file("a.bin"), pending("model.sig"))}, {"files": (file("a.bin"), file("model.sig"))}),
        ({"files": (file("a.bin"), pending("model.sig", "change"))}, {"files": (*KEPT, file("model.sig", "keep"))}),
        # a plan that an earlier version wrote says nothing of variables
        ({}, {**RESOLVED, "variables": {"v": "1"}, "surroundings": {"git.tag": "v1"}}),
        ({**RESOLVED, "variables": {"v": "1"}}, {**RESOLVED, "variables": {"v": "1"}}),
    ],
)
def test_a_plan_that_holds_or_is_partly_done_passes(reviewed: dict[str, Any], fresh: dict[str, Any]) -> None:
    refuse_stale(plan(**reviewed), plan(**fresh))


@pytest.mark.parametrize(
    ("reviewed", "fresh", "named"),
    [
        ({}, {"repo_id": "acme/other"}, "repo_id"),
        ({}, {"endpoint": "http://other"}, "endpoint"),
        ({}, {"revision": "next"}, "revision"),
        ({}, {"create_pr": True}, "create_pr"),
        ({}, {"manifest_sha256": "e" * 64}, "manifest_sha256"),
        ({}, {"commit_message": "other"}, "commit_message"),
        ({}, {"parent_commit": "2" * 40}, "parent_commit"),
        ({"tag": None}, {"tag": "v1"}, "tag"),
        ({"tag": None}, {"tag": "v1", "files": KEPT}, "tag"),
        ({}, {"settings": (PUBLIC,)}, "settings"),
        ({}, {"settings": (PUBLIC,), "files": KEPT}, "settings"),
        ({"settings": (PRIVATE,)}, {"settings": (PUBLIC,)}, "settings"),
        ({}, {"files": (file("a.bin", sha256="b" * 64),)}, "a.bin"),
        ({}, {"files": (file("a.bin", "change"),)}, "a.bin"),
        ({}, {"files": (file("a.bin", "keep", "b" * 64),)}, "a.bin"),
        ({}, {"files": ()}, "a.bin"),
        # a signature that was reviewed, and one that nobody expected
        ({"files": (file("a.bin"), file("model.sig"))}, {"files": (file("a.bin"), pending("model.sig"))}, "model.sig"),
        ({}, {"files": (file("a.bin"), pending("model.sig"))}, "model.sig"),
        ({}, signed(), "reviewed nobody, now key sha256:1"),
        (signed(), {}, "reviewed key sha256:1, now nobody"),
        (signed(), signed("sha256:2"), "the signer changed"),
        (signed(None), signed(None, "certificate"), "the signer changed"),
        (signed("mallory@example", "sigstore"), signed(IN_CI, "sigstore"), "the signer changed"),
        (signed(dirty=False), signed(dirty=True), "differ from it"),
        (
            {"files": (file("a.bin"), pending("model.sig"))},
            {"files": (file("a.bin", sha256="b" * 64), pending("model.sig"))},
            "a.bin",
        ),
        ({}, {"files": (file("a.bin"), file("b.bin"))}, "b.bin"),
        ({}, {"files": (file("a.bin"), file("old.bin", "delete", None))}, "old.bin"),
        (NEW, {"files": (file("a.bin"), file("theirs.txt", "leave", None)), "parent_commit": "3" * 40}, "theirs.txt"),
        (NEW, {"settings": (PUBLIC,), "parent_commit": "3" * 40}, "settings"),
        (
            {**RESOLVED, "variables": {"v": "1"}},
            {**OTHERWISE, "variables": {"v": "2"}},
            "--set v changed: reviewed 1, now 2",
        ),
        ({**RESOLVED, "variables": {"v": "1"}}, RESOLVED, "--set v changed: reviewed 1, now without it"),
        (
            {**RESOLVED, "surroundings": {"git.commit": "1"}},
            {**OTHERWISE, "surroundings": {"git.commit": "2"}},
            "git.commit changed: reviewed 1, now 2",
        ),
        (RESOLVED, OTHERWISE, "an environment variable changed"),
        (RESOLVED, {**OTHERWISE, "manifest_sha256": "e" * 64}, "manifest_sha256"),
    ],
)
def test_whatever_moved_is_named(reviewed: dict[str, Any], fresh: dict[str, Any], named: str) -> None:
    with pytest.raises(PlanStaleError, match=named) as failure:
        refuse_stale(plan(**reviewed), plan(**fresh))
    assert len(failure.value.problems) == 1


@pytest.mark.parametrize("path", ["model.safetensors", "bom.cdx.json", "README.md", "sub/model.sig"])
def test_only_a_signature_and_claims_are_published_unseen(path: str) -> None:
    with pytest.raises(ValidationError, match="only a signature and claims"):
        pending(path)
