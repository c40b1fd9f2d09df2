"""The rights of a token, as `whoami-v2` describes them."""

from contextlib import nullcontext
from typing import Any

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from hublish.base.values import Reference
from hublish.hub.client.account import Account, account, objections
from hublish.hub.client.hub import Hub
from hublish.hub.server import EmbeddedHub

MODEL = Reference("acme/digits")


def whoami(role: str | None = "write", orgs: Any = ({"name": "acme", "roleInOrg": "write"},), **token: Any) -> Any:
    """Return a description in the form of the public Hub."""
    listed = list(orgs) if isinstance(orgs, tuple) else orgs
    return {"name": "eve", "orgs": listed, "auth": {"type": "access_token", "accessToken": {"role": role, **token}}}


def fine(*scoped: Any, **more: Any) -> Any:
    return whoami("fineGrained", fineGrained={"canReadGatedRepos": True, "global": [], "scoped": [*scoped], **more})


def scope(kind: str, name: str, *permissions: str) -> Any:
    return {"entity": {"_id": "1", "type": kind, "name": name}, "permissions": [*permissions]}


READER = [{"name": "acme", "roleInOrg": "read"}]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (whoami(), []),
        (whoami("read"), ["may only read"]),
        (whoami(orgs=()), ["acme is neither the account of the token, eve, nor one of its organizations"]),
        (whoami("read", orgs=()), ["may only read", "acme is neither"]),
        (whoami(orgs=READER), ["eve may only read in the organization acme"]),
        (whoami(orgs=[{"name": "ACME", "roleInOrg": "admin"}]), []),
        (fine(scope("org", "acme", "repo.content.read", "repo.write")), []),
        (fine(scope("model", "acme/digits", "repo.write")), []),
        (fine(scope("model", "Acme/Digits", "repo.write")), []),
        (fine(scope("org", "acme", "repo.content.read")), ["no write access to acme/digits"]),
        (fine(scope("dataset", "acme/digits", "repo.write")), ["no write access to acme/digits"]),
        (fine(scope("user", "eve", "repo.write", "inference.serverless.write")), ["no write access to acme/digits"]),
        (fine(), ["no write access to acme/digits"]),
    ],
)
def test_what_is_known_to_prevent_a_new_repo_is_named(body: Any, expected: list[str]) -> None:
    found = list(Account.of(body).against_creating(MODEL))
    assert [text in one.message for text, one in zip(expected, found, strict=True)] == [True] * len(expected)
    assert all(one.hint for one in found)


@pytest.mark.parametrize(
    "body",
    [
        {"name": "eve"},
        {"name": "eve", "auth": None, "orgs": None},
        {"name": "eve", "auth": "token", "orgs": [7]},
        {"name": "eve", "auth": {"accessToken": [1]}, "orgs": [{"name": None}]},
        {"name": "eve", "auth": {"type": "oauth"}, "orgs": [{"name": "acme"}]},
        whoami(role=None),
        whoami("new-kind-of-role"),
        whoami("fineGrained"),
        whoami("fineGrained", fineGrained=[]),
        whoami("fineGrained", fineGrained={"scoped": None}),
        fine({"entity": "acme", "permissions": []}),
        fine({"permissions": ["repo.write"]}),
        fine({"entity": {"type": "org", "name": 7}, "permissions": ["repo.write"]}),
        fine(scope("org", "other", "repo.write"), **{"global": ["repo.write"]}),
    ],
)
def test_an_answer_of_another_form_is_no_refusal(body: Any) -> None:
    assert list(Account.of(body).against_creating(MODEL)) == []


TOKENS: dict[str, dict[str, Any]] = {
    "of a stranger": {},
    "of a member": {"orgs": ("rights",)},
    "of a member, to read": {"orgs": ("rights",), "role": "read"},
    "of a reader": {"orgs": {"rights": "read", "other": "write"}},
    "of an admin": {"orgs": {"rights": "admin"}},
    "fine-grained for the organization": {"orgs": ("rights",), "role": "fineGrained", "scopes": ("rights",)},
    "fine-grained for the repo": {"orgs": ("rights",), "role": "fineGrained", "scopes": ("rights/{}",)},
    "fine-grained for a dataset": {"orgs": ("rights",), "role": "fineGrained", "scopes": ("datasets/rights/{}",)},
    "fine-grained for the user": {"orgs": ("rights",), "role": "fineGrained", "scopes": ("{user}",)},
    "fine-grained for nothing": {"orgs": ("rights",), "role": "fineGrained"},
}


ALLOWED = ("of a member", "of an admin", "fine-grained for the organization", "fine-grained for the repo")
# A token that names a repo was made when the repo existed.
CASES = [(kind, exists) for kind in TOKENS for exists in (False, True) if exists or kind != "fine-grained for the repo"]


@pytest.mark.parametrize(("kind", "exists"), CASES)
def test_the_embedded_hub_does_what_it_announces(
    kind: str, exists: bool, own_hub: EmbeddedHub, own_home: object
) -> None:
    number = list(TOKENS).index(kind)
    user, name = f"right-{number}", f"repo-{number}-{exists}"
    given = dict(TOKENS[kind])
    given["scopes"] = tuple(one.format(name, user=user) for one in given.get("scopes", ()))
    token = own_hub.add_user(user, **given)
    repo = Reference(f"rights/{name}")
    if exists:
        HfApi(endpoint=own_hub.endpoint, token=own_hub.token).create_repo(repo.repo_id)
    objected = objections(Hub(own_hub.endpoint, token), repo, exists=exists)
    client = HfApi(endpoint=own_hub.endpoint, token=token)
    with pytest.raises(HfHubHTTPError, match="403") if objected else nullcontext():
        if exists:
            client.upload_file(path_or_fileobj=b"{}", path_in_repo="config.json", repo_id=repo.repo_id)
        else:
            client.create_repo(repo.repo_id)
    assert bool(objected) is (kind not in ALLOWED)


def test_the_owner_of_the_embedded_hub_writes_everywhere(own_hub: EmbeddedHub) -> None:
    hub = Hub(own_hub.endpoint, own_hub.token)
    assert account(hub).orgs is None
    assert objections(hub, Reference("anybody/new"), exists=False) == ()


def test_any_reader_with_a_write_token_may_propose(own_hub: EmbeddedHub, own_home: object) -> None:
    HfApi(endpoint=own_hub.endpoint, token=own_hub.token).create_repo("rights/proposed")
    repo = Reference("rights/proposed")
    for name, role, refused in (("proposer", "write", False), ("proposing-reader", "read", True)):
        hub = Hub(own_hub.endpoint, own_hub.add_user(name, role=role))
        assert bool(objections(hub, repo, exists=True, proposes=True)) is refused
