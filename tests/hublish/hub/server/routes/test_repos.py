import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from hublish.hub.server import EmbeddedHub

KINDS = ["model", "dataset", "space", "kernel"]
Call = Callable[..., Any]


def sdk(kind: str) -> str | None:
    return "static" if kind == "space" else None


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_repository_has_its_type_and_starts_with_the_lfs_rules(api: HfApi, kind: str) -> None:
    url = api.create_repo(f"acme/new-{kind}", repo_type=kind, space_sdk=sdk(kind))
    assert (url.repo_id, url.repo_type) == (f"acme/new-{kind}", kind)
    assert api.repo_exists(url.repo_id, repo_type=kind)
    assert ".gitattributes" in api.list_repo_files(url.repo_id, repo_type=kind)
    assert [commit.title for commit in api.list_repo_commits(url.repo_id, repo_type=kind)] == ["initial commit"]
    for other in set(KINDS) - {kind}:
        assert not api.repo_exists(url.repo_id, repo_type=other)


def test_without_a_namespace_a_repository_belongs_to_the_caller(api: HfApi) -> None:
    assert api.create_repo("mine").repo_id == "me/mine"


def test_an_existing_name_is_refused_and_accepted_with_exist_ok(api: HfApi, repo: str) -> None:
    with pytest.raises(HfHubHTTPError, match="already created") as caught:
        api.create_repo(repo)
    assert caught.value.response.status_code == 409
    assert api.create_repo(repo, exist_ok=True).repo_id == repo
    with pytest.raises(HfHubHTTPError, match="already created"):
        api.create_repo(repo.upper().replace("ACME", "acme"))


@pytest.mark.parametrize(
    "body",
    [
        {"name": "../x", "organization": "acme"},
        {"name": "x", "organization": ".."},
        {"name": "a/b", "organization": "acme"},
        {"name": "x.git", "organization": "acme"},
        {"name": "a--b", "organization": "acme"},
        {"name": "-x", "organization": "acme"},
        {"name": "n" * 97, "organization": "acme"},
        {"name": "", "organization": "acme"},
        {"name": "x", "type": "bucket"},
        {"name": "x", "visibility": "secret"},
        {"name": "x", "visibility": "protected"},
        {"name": "x", "type": "space", "sdk": "flask"},
        {"name": "x", "type": "space"},
        {"name": "x", "region": "moon"},
        {"name": "x", "region": []},
        [],
    ],
)
def test_names_and_settings_the_hub_does_not_know_are_refused(call: Call, body: object) -> None:
    assert call("POST", "/api/repos/create", body).status == 400


GROUP = "66670e5163145ca562cb1988"


@pytest.fixture
def heron(hub: EmbeddedHub) -> str:
    """An organization with a resource group."""
    hub.add_organization("heron", resource_groups={GROUP: "Research"})
    return "heron"


def placement(call: Call, kind: str, name: str) -> tuple[list[str], Any]:
    """Return the region of a repository, as its tags name it, and its resource group."""
    shown = call("GET", f"/api/{kind}s/{name}?expand=tags&expand=resourceGroup").json()
    return [tag for tag in shown["tags"] if tag.startswith("region:")], shown.get("resourceGroup")


@pytest.mark.parametrize("kind", KINDS)
def test_a_repository_is_created_in_a_region_and_in_a_group_of_its_organization(
    api: HfApi, call: Call, heron: str, kind: str
) -> None:
    for name, region, group in (("placed", "eu", GROUP), ("usual", None, None)):
        repo = f"{heron}/{name}-{kind}"
        api.create_repo(repo, repo_type=kind, space_sdk=sdk(kind), region=region, resource_group_id=group)  # type: ignore[arg-type]
    assert placement(call, kind, f"heron/usual-{kind}") == (["region:us"], None)
    assert placement(call, kind, f"heron/placed-{kind}") == (["region:eu"], {"id": GROUP, "name": "Research"})
    api.move_repo(f"heron/placed-{kind}", f"acme/relocated-{kind}", repo_type=kind)
    assert placement(call, kind, f"acme/relocated-{kind}") == (["region:eu"], None), (
        "the group is another organization's"
    )


@pytest.mark.parametrize(
    ("name", "group"), [("heron/x", "0" * 24), ("heron/x", [GROUP]), ("acme/x", GROUP), ("me/x", GROUP)]
)
def test_a_group_that_is_not_one_of_the_organization_is_not_found(
    call: Call, heron: str, name: str, group: object
) -> None:
    organization, name = name.split("/")
    answer = call("POST", "/api/repos/create", {"organization": organization, "name": name, "resourceGroupId": group})
    assert (answer.status, answer.json()["error"]) == (404, "Resource group not found")


def test_a_copy_stays_in_the_region_and_leaves_the_group(api: HfApi, call: Call, heron: str) -> None:
    api.create_repo("heron/original", region="eu", resource_group_id=GROUP)
    for name, group in (("heron/copy", None), ("heron/grouped", GROUP)):
        api.duplicate_repo("heron/original", name, resource_group_id=group)
        assert placement(call, "model", name) == (["region:eu"], group and {"id": GROUP, "name": "Research"})


def test_a_deleted_repository_is_not_found_and_its_name_can_be_reused(api: HfApi, repo: str) -> None:
    api.delete_repo(repo)
    assert not api.repo_exists(repo)
    with pytest.raises(RepositoryNotFoundError):
        api.delete_repo(repo)
    api.delete_repo(repo, missing_ok=True)
    api.create_repo(repo)


def test_a_moved_repository_keeps_its_content_and_settings(api: HfApi, repo: str) -> None:
    api.update_repo_settings(repo, private=True)
    commit = api.upload_file(repo_id=repo, path_in_repo="a.txt", path_or_fileobj=b"a")
    api.move_repo(repo, f"{repo}-moved")
    assert api.model_info(repo).id == f"{repo}-moved"
    info = api.model_info(f"{repo}-moved")
    assert (info.sha, info.private) == (commit.oid, True)


def test_moving_to_an_existing_name_is_refused_and_changes_nothing(api: HfApi, repo: str) -> None:
    api.create_repo(f"{repo}-taken")
    before = api.model_info(f"{repo}-taken").sha
    with pytest.raises(HfHubHTTPError, match=f"A model repository called {repo}-taken already exists"):
        api.move_repo(repo, f"{repo}-taken")
    assert api.repo_exists(repo)
    assert api.model_info(f"{repo}-taken").sha == before


def test_visibility_and_gating_can_be_changed(api: HfApi, repo: str) -> None:
    api.update_repo_settings(repo, private=True, gated="manual")
    info = api.model_info(repo)
    assert (info.private, info.gated) == (True, "manual")
    api.update_repo_settings(repo, private=False, gated=False)
    info = api.model_info(repo)
    assert (info.private, info.gated) == (False, False)


def test_a_space_shows_its_sdk(api: HfApi) -> None:
    api.create_repo("acme/demo", repo_type="space", space_sdk="docker")
    info = api.space_info("acme/demo")
    assert info.sdk == "docker"
    assert info.card_data is not None
    assert info.card_data["sdk"] == "docker"


class TestAccess:
    """The rights of an owner, a stranger, a member and a reader."""

    @pytest.fixture
    def private(self, api: HfApi, repo: str) -> str:
        api.upload_file(repo_id=repo, path_in_repo="a.txt", path_or_fileobj=b"a")
        api.update_repo_settings(repo, private=True)
        return repo

    def client(self, hub: EmbeddedHub, token: str | bool) -> HfApi:
        return HfApi(endpoint=hub.endpoint, token=token)

    def outsider(self, hub: EmbeddedHub, who: str) -> HfApi:
        if who == "anonymous":
            return self.client(hub, False)
        return self.client(hub, hub.add_user("eve") if who == "stranger" else "hf_nobody")

    @pytest.mark.parametrize("who", ["anonymous", "stranger", "unknown token"])
    def test_a_private_repository_is_not_found(self, hub: EmbeddedHub, private: str, who: str) -> None:
        client = self.outsider(hub, who)
        for look in (client.model_info, client.list_repo_files, client.list_repo_refs, client.auth_check):
            with pytest.raises(RepositoryNotFoundError):
                look(private)
        with pytest.raises(RepositoryNotFoundError):
            client.upload_file(repo_id=private, path_in_repo="x", path_or_fileobj=b"x")
        assert private not in [info.id for info in self.client(hub, False).list_models(author="acme")]

    def test_members_of_the_namespace_read_and_write(self, hub: EmbeddedHub, private: str) -> None:
        client = self.client(hub, hub.add_user("ann", orgs=("acme",)))
        client.upload_file(repo_id=private, path_in_repo="x", path_or_fileobj=b"x")
        client.auth_check(private)
        assert private in [info.id for info in client.list_models(author="acme")]

    def test_a_read_token_reads_and_does_not_write(self, hub: EmbeddedHub, private: str) -> None:
        client = self.client(hub, hub.add_user("bob", orgs=("acme",), role="read"))
        assert "a.txt" in client.list_repo_files(private)
        with pytest.raises(HfHubHTTPError, match="write token") as caught:
            client.upload_file(repo_id=private, path_in_repo="x", path_or_fileobj=b"x")
        assert caught.value.response.status_code == 403

    @pytest.mark.parametrize(("who", "status"), [("anonymous", 401), ("stranger", 403), ("unknown token", 401)])
    def test_a_public_repository_is_not_written_by_others(
        self, hub: EmbeddedHub, repo: str, who: str, status: int
    ) -> None:
        client = self.outsider(hub, who)
        for change in (client.delete_repo, client.super_squash_history):
            with pytest.raises(HfHubHTTPError) as caught:
                change(repo)
            assert caught.value.response.status_code == status
        assert self.client(hub, hub.token).repo_exists(repo)

    def test_only_members_create_repositories_in_a_namespace(self, hub: EmbeddedHub) -> None:
        with pytest.raises(HfHubHTTPError, match="rights to write"):
            self.client(hub, hub.add_user("eve")).create_repo("acme/not-hers")


def test_whoami_names_the_user_the_organizations_and_the_role_of_the_token(hub: EmbeddedHub) -> None:
    token = hub.add_user("ann", orgs=("acme", "beta"), role="read")
    shown = HfApi(endpoint=hub.endpoint, token=token).whoami()
    assert shown["name"] == "ann"
    assert [org["name"] for org in shown["orgs"]] == ["acme", "beta"]
    assert shown["auth"]["accessToken"]["role"] == "read"
    issued = datetime.fromisoformat(shown["auth"]["accessToken"]["createdAt"])
    assert abs(datetime.now(UTC) - issued) < timedelta(hours=1)
    for entity in (shown, *shown["orgs"]):  # other clients declare these for every user and organization
        assert (entity["fullname"], entity["canPay"], entity["periodEnd"]) == (entity["name"], False, None)
        assert entity["avatarUrl"].startswith("/avatars/")


def test_an_unknown_token_is_refused(hub: EmbeddedHub) -> None:
    with pytest.raises(HfHubHTTPError, match="Invalid user token"):
        HfApi(endpoint=hub.endpoint, token="hf_nobody").whoami()


def encoded(path: str, content: bytes = b"x") -> dict[str, str]:
    return {"path": path, "content": base64.b64encode(content).decode(), "encoding": "base64"}


def test_a_repository_can_be_created_with_files_and_a_license(api: HfApi, call: Call) -> None:
    """As huggingface.js requests it."""
    files = [encoded("a/b.txt"), encoded("c.txt", b"c")]
    body = {"name": "with-files", "organization": "acme", "license": "mit", "files": files}
    assert call("POST", "/api/repos/create", body).status == 200
    assert api.list_repo_files("acme/with-files") == [".gitattributes", "README.md", "a/b.txt", "c.txt"]
    assert call("GET", "/acme/with-files/resolve/main/c.txt").body == b"c"
    card = api.model_info("acme/with-files").card_data
    assert card is not None
    assert card.license == "mit"
    assert call("GET", "/acme/with-files/resolve/main/README.md").body == b"---\nlicense: mit\n---\n"
    assert len(api.list_repo_commits("acme/with-files")) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"files": "x"},
        {"files": ["x"]},
        {"files": [encoded("../x")]},
        {"files": [encoded("a"), encoded("a/b")]},
        {"files": [{"path": "a", "content": "!", "encoding": "base64"}]},
        {"files": [encoded("README.md", b"---\nlicense: none-such\n---\n")]},
        {"files": [encoded("w", b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 1\n" % (b"0" * 64))]},
        {"license": "none-such"},
        {"license": ["mit", {}]},
    ],
)
def test_files_that_a_commit_may_not_have_are_refused_in_a_new_repository(call: Call, api: HfApi, more: object) -> None:
    body = {"name": "bad-files", "organization": "acme", **more}  # type: ignore[dict-item]
    assert call("POST", "/api/repos/create", body).status == 400
    assert not api.repo_exists("acme/bad-files")
