"""Repositories as a whole: created, found, listed, changed, gated, moved and deleted."""

from huggingface_hub import DatasetCard, HfApi, ModelCard
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

from tests.clients.versions.harness import Hub, card, refused, step, weights

KINDS = ("model", "dataset", "space")


@step
def whoami_names_the_owner(hub: Hub) -> None:
    me = hub.owner.whoami()
    assert (me["name"], me["type"], me["auth"]["accessToken"]["role"]) == ("acme", "user", "write")
    assert [org["name"] for org in hub.eve.whoami()["orgs"]] == ["garden"]


@step
def whoami_refuses_an_unknown_token(hub: Hub) -> None:
    with refused(OSError):  # of another class in 0.36
        HfApi(token="hf_unknown").whoami()


@step
def create_repo_creates_every_type(hub: Hub) -> None:
    for kind, prefix in (("model", ""), ("dataset", "datasets/"), ("space", "spaces/")):
        repo = hub.unused()
        url = hub.owner.create_repo(repo, repo_type=kind, space_sdk="static" if kind == "space" else None)
        assert (str(url), url.repo_id, url.repo_type) == (f"{hub.endpoint}/{prefix}{repo}", repo, kind)
        assert hub.owner.repo_info(repo, repo_type=kind).id == repo


@step
def create_repo_refuses_an_existing_name_unless_told(hub: Hub) -> None:
    repo = hub.new("dataset")
    with refused(HfHubHTTPError, 409):
        hub.owner.create_repo(repo, repo_type="dataset")
    assert hub.owner.create_repo(repo, repo_type="dataset", exist_ok=True).repo_id == repo


@step
def create_repo_completes_a_name_without_a_namespace(hub: Hub) -> None:
    name = hub.unused().partition("/")[2]
    assert hub.owner.create_repo(name).repo_id == f"acme/{name}"


@step
def create_repo_refuses_callers_without_the_right(hub: Hub) -> None:
    with refused(HfHubHTTPError, 403):
        hub.eve.create_repo(hub.unused())
    with refused(HfHubHTTPError, 401):
        hub.anonymous.create_repo(hub.unused())


@step
def delete_repo_deletes_every_type(hub: Hub) -> None:
    for kind in KINDS:
        repo = hub.new(kind)
        hub.owner.delete_repo(repo, repo_type=kind)
        assert not hub.owner.repo_exists(repo, repo_type=kind)
        with refused(RepositoryNotFoundError, 404):
            hub.owner.delete_repo(repo, repo_type=kind)
        hub.owner.delete_repo(repo, repo_type=kind, missing_ok=True)


@step
def delete_repo_refuses_others(hub: Hub) -> None:
    with refused(HfHubHTTPError, 403):
        hub.eve.delete_repo(hub.new())


@step
def move_repo_keeps_files_and_redirects(hub: Hub) -> None:
    repo, target = hub.new("dataset", a_txt="a"), hub.unused()
    hub.owner.move_repo(repo, target, repo_type="dataset")
    assert hub.read(target, "a.txt", repo_type="dataset") == b"a"
    assert hub.owner.repo_info(repo, repo_type="dataset").id == target
    assert hub.read(repo, "a.txt", repo_type="dataset") == b"a"


@step
def repo_exists_finds_types_and_names(hub: Hub) -> None:
    repo = hub.new("space")
    assert hub.owner.repo_exists(repo, repo_type="space")
    assert not hub.owner.repo_exists(repo)
    assert not hub.owner.repo_exists("gpt2")
    assert hub.anonymous.repo_exists(repo.upper().replace("ACME", "acme"), repo_type="space")


@step
def a_private_repository_is_missing_for_others(hub: Hub) -> None:
    repo = hub.owner.create_repo(hub.unused(), private=True).repo_id
    assert hub.owner.model_info(repo).private
    for caller in (hub.eve, hub.anonymous):
        assert not caller.repo_exists(repo)
        with refused(RepositoryNotFoundError, 404):
            caller.model_info(repo)
        with refused(RepositoryNotFoundError, 404):
            caller.auth_check(repo)
    hub.owner.auth_check(repo)


@step
def update_repo_settings_changes_visibility(hub: Hub) -> None:
    repo = hub.new("dataset")
    hub.owner.update_repo_settings(repo, repo_type="dataset", private=True)
    assert not hub.anonymous.repo_exists(repo, repo_type="dataset")
    hub.owner.update_repo_settings(repo, repo_type="dataset", private=False)
    assert hub.anonymous.repo_exists(repo, repo_type="dataset")


@step
def a_gated_repository_keeps_its_files(hub: Hub) -> None:
    repo = hub.new(a_txt="a")
    hub.owner.update_repo_settings(repo, gated="manual")
    assert hub.eve.model_info(repo).gated == "manual"
    for caller, status in ((hub.eve, 403), (hub.anonymous, 401)):
        with refused(GatedRepoError, status):
            caller.hf_hub_download(repo, "a.txt", cache_dir=hub.cache())
        with refused(GatedRepoError, status):
            caller.auth_check(repo)


@step
def access_is_granted_and_cancelled(hub: Hub) -> None:
    repo = hub.new(a_txt="a")
    hub.owner.update_repo_settings(repo, gated="manual")
    hub.owner.grant_access(repo, "eve")
    assert [request.username for request in hub.owner.list_accepted_access_requests(repo)] == ["eve"]
    hub.eve.auth_check(repo)
    hub.owner.cancel_access_request(repo, "eve")
    assert [request.username for request in hub.owner.list_pending_access_requests(repo)] == ["eve"]
    hub.owner.reject_access_request(repo, "eve", rejection_reason="no")
    assert [request.username for request in hub.owner.list_rejected_access_requests(repo)] == ["eve"]
    hub.owner.accept_access_request(repo, "eve")
    assert hub.eve.hf_hub_download(repo, "a.txt", cache_dir=hub.cache())


@step
def model_info_has_the_cards_metadata(hub: Hub) -> None:
    repo = hub.new(README_md=card(license="mit", tags=["x"], pipeline_tag="fill-mask", library_name="transformers"))
    info = hub.owner.model_info(repo)
    assert (info.author, info.pipeline_tag, info.library_name) == ("acme", "fill-mask", "transformers")
    assert info.card_data is not None
    assert info.card_data["license"] == "mit"
    assert {"x", "license:mit", "transformers"} <= set(info.tags or [])
    assert [file.rfilename for file in info.siblings or []] == [".gitattributes", "README.md"]
    assert info.created_at is not None
    assert info.last_modified is not None
    assert info.created_at <= info.last_modified


@step
def info_has_sizes_expanded_properties_and_revisions(hub: Hub) -> None:
    repo = hub.new("dataset", a_txt="abc", w_bin=b"\0" * 10)
    files = {file.rfilename: file for file in hub.owner.dataset_info(repo, files_metadata=True).siblings or []}
    assert (files["a.txt"].size, files["w.bin"].size) == (3, 10)
    assert files["w.bin"].lfs is not None
    assert files["w.bin"].lfs["size"] == 10
    assert hub.owner.dataset_info(repo, expand=["author", "downloads"]).downloads == 0
    first = hub.owner.list_repo_commits(repo, repo_type="dataset")[-1].commit_id
    assert hub.owner.dataset_info(repo, revision=first).sha == first


@step
def lists_filter_and_search(hub: Hub) -> None:
    repo = hub.new(README_md=card(tags=["rare"], license="mit", pipeline_tag="fill-mask"))
    name = repo.partition("/")[2]
    for options in (
        {"search": name},
        {"search": name, "filter": "rare"},
        {"search": name, "pipeline_tag": "fill-mask"},
    ):
        assert [found.id for found in hub.anonymous.list_models(author="acme", **options)] == [repo]  # type: ignore[arg-type]
    assert not list(hub.owner.list_models(search=name, filter=["rare", "absent"]))
    assert not list(hub.owner.list_models(search=name, gated=True))
    (full,) = hub.owner.list_models(search=name, full=True, cardData=True)
    assert full.siblings
    assert full.card_data is not None
    assert len(list(hub.owner.list_models(author="acme", limit=1))) == 1


@step
def lists_of_datasets_and_spaces_filter_and_sort(hub: Hub) -> None:
    data = hub.new("dataset", README_md=card(task_categories=["question-answering"]))
    space = hub.new("space")
    for sort in ("created_at", "last_modified", "likes", "trending_score"):
        found = hub.anonymous.list_datasets(search=data, sort=sort, task_categories="question-answering")
        assert [dataset.id for dataset in found] == [data]
        assert [each.id for each in hub.anonymous.list_spaces(search=space, sort=sort)] == [space]


@step
def tags_are_listed_by_type(hub: Hub) -> None:
    hub.new(README_md=card(license="mit", pipeline_tag="fill-mask"))
    hub.new("dataset", README_md=card(license="mit"))
    models, datasets = hub.owner.get_model_tags(), hub.owner.get_dataset_tags()
    assert "fill-mask" in [tag["id"] for tag in models["pipeline_tag"]]
    for found in (models, datasets):
        assert {"id": "license:mit", "label": "mit", "type": "license"} in found["license"]


@step
def a_card_is_loaded(hub: Hub) -> None:
    # The versions before 2 push cards, and validate them, with huggingface.co alone.
    for kind, read in (("model", ModelCard), ("dataset", DatasetCard)):
        loaded = read.load(hub.new(kind, README_md=card(license="mit", tags=["x"])), repo_type=kind)
        assert (loaded.data.license, loaded.data.tags, loaded.text.strip()) == ("mit", ["x"], "# Title")


@step
def safetensors_metadata_is_read(hub: Hub) -> None:
    repo = hub.new(model_safetensors=weights(7))
    metadata = hub.owner.get_safetensors_metadata(repo)
    assert (metadata.sharded, dict(metadata.parameter_count)) == (False, {"F32": 7})
    file = hub.owner.parse_safetensors_file_metadata(repo, "model.safetensors")
    assert file.tensors["w"].shape == [7]
    assert hub.owner.model_info(repo, expand=["safetensors"]).safetensors is not None


@step
def collections_are_created_filled_and_deleted(hub: Hub) -> None:
    repo = hub.new("dataset")
    title = repo.partition("/")[2]
    slug = hub.owner.create_collection(title, description="First", namespace="acme").slug
    assert slug.startswith(f"acme/{title}".replace(".", ""))
    filled = hub.owner.add_collection_item(slug, repo, "dataset", note="Read me")
    assert [(item.item_id, item.item_type, item.note) for item in filled.items] == [(repo, "dataset", "Read me")]
    former, slug = slug, hub.owner.update_collection_metadata(slug, title=f"{title} two").slug
    assert slug.startswith(f"acme/{title}-two".replace(".", ""))
    assert [hub.anonymous.get_collection(name).title for name in (slug, former)] == [f"{title} two"] * 2
    assert slug in [found.slug for found in hub.anonymous.list_collections(owner="acme", item=f"datasets/{repo}")]
    hub.owner.update_collection_item(slug, filled.items[0].item_object_id, note="Changed")
    assert hub.owner.get_collection(slug).items[0].note == "Changed"
    hub.owner.delete_collection_item(slug, filled.items[0].item_object_id)
    assert not hub.owner.get_collection(slug).items
    hub.owner.delete_collection(slug)
    hub.owner.delete_collection(slug, missing_ok=True)
