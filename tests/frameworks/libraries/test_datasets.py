"""datasets pushes to the Hub and loads from it."""

import pytest
from huggingface_hub import HfApi

from tests.frameworks.libraries.on_hub import Repo, published, pull_requests
from tests.frameworks.libraries.steps import Found

SCRIPT = "with_datasets"
PUSHED = ("Upload dataset",)


def _shards(name: str, count: int = 1) -> str:
    return " ".join(f"{name}-{number:05d}-of-{count:05d}.parquet" for number in range(count))


LIBRARIES = "library:datasets library:pandas library:mlcroissant library:polars"
TAGS = f"size_categories:n<1K format:parquet modality:text {LIBRARIES}"
PUBLISHED = {
    "acme/one-split": Repo(files=_shards("data/train"), commits=("First rows",), private=True, tags=TAGS),
    "acme/splits": Repo(
        files=f"{_shards('data/test')} {_shards('data/train')} {_shards('data/validation')}",
        commits=("All splits",),
        tags=TAGS,
    ),
    "acme/configs": Repo(
        files=f"{_shards('en/test')} {_shards('en/train')} {_shards('german/rows/train')}",
        commits=PUSHED * 2,
        tags=TAGS,
    ),
    "acme/appended": Repo(files=f"{_shards('data/test')} {_shards('data/train')}", commits=PUSHED * 3, tags=TAGS),
    "acme/shards": Repo(
        files=_shards("data/train", 51),
        commits=(
            "Upload dataset (part 00000-of-00002)",
            "Upload dataset (part 00001-of-00002)",
            "Upload dataset",
        ),
        tags=TAGS.replace("pandas", "dask"),
    ),
    "acme/sized": Repo(files=_shards("data/train", 4), commits=PUSHED, tags=TAGS.replace("pandas", "dask")),
    "acme/rows": Repo(files=_shards("data/train"), commits=PUSHED * 2, tags=TAGS),
    "acme/deleted": Repo(files=f"{_shards('de/train')} {_shards('en/train')}", commits=PUSHED * 2, tags=TAGS),
    "acme/streamed": Repo(files=_shards("data/train"), commits=PUSHED, tags=TAGS),
    "acme/images": Repo(
        files=_shards("data/train"),
        commits=PUSHED,
        tags=f"size_categories:n<1K format:parquet modality:image modality:tabular {LIBRARIES}",
    ),
    "acme/picture-files": Repo(
        files="train/0.png train/1.png train/2.png train/metadata.csv",
        commits=("Add files",),
        tags="format:imagefolder modality:image library:datasets library:mlcroissant",
    ),
}


@pytest.mark.parametrize(
    "step",
    [
        *("one_split", "splits", "configs", "appended", "shards", "revisions", "deleted", "streamed", "images"),
        *("files", "addresses"),
    ],
)
def test_what_is_loaded_is_what_was_pushed(step: str, found: Found) -> None:
    assert found[step]["pushed"]
    assert found[step]["loaded"] == found[step]["pushed"]


@pytest.mark.parametrize("repo_id", PUBLISHED)
def test_the_hub_has_the_repo(repo_id: str, found: Found, api: HfApi) -> None:
    assert published(api, repo_id, "dataset") == PUBLISHED[repo_id]


def test_a_commit_is_described(found: Found, api: HfApi) -> None:
    step = found["one_split"]
    (newest, _) = api.list_repo_commits("acme/one-split", repo_type="dataset")
    assert step["commit"] == [newest.commit_id, newest.title]
    assert newest.message.strip() == "Six of them."
    assert (step["features"], step["sliced"]) == (True, 3)


def test_splits_are_found_without_their_rows(found: Found) -> None:
    step = found["splits"]
    assert step["names"] == ["train", "validation", "test"]
    assert step["sizes"] == {"train": 6, "validation": 3, "test": 2}
    assert step["both"] == 8


def test_configurations_are_found_without_their_rows(found: Found) -> None:
    step = found["configs"]
    assert step["names"] == ["de", "en"]
    assert step["splits"] == ["train", "test"]
    assert step["infos"] == ["label", "text"]
    assert step["default"]


def test_the_files_of_a_replaced_split_are_removed(found: Found, api: HfApi) -> None:
    first = api.list_repo_commits("acme/appended", repo_type="dataset")[-2].commit_id
    files = api.list_repo_files("acme/appended", repo_type="dataset", revision=first)
    assert len([name for name in files if name.startswith("data/train-")]) == 3


def test_every_revision_has_other_rows(found: Found, api: HfApi) -> None:
    step = found["revisions"]
    assert len({str(rows) for rows in step["loaded"].values()}) == 5
    assert step["by_commit"]
    assert step["opened"] == ["refs/pr/1", 1, f"{api.endpoint}/datasets/acme/rows/discussions/1"]
    assert pull_requests(api, "acme/rows", "dataset") == [(1, "open", "Better rows")]
    commits = api.list_repo_commits("acme/rows", repo_type="dataset", revision="refs/pr/1")
    assert [commit.title for commit in commits][:2] == ["Late rows", "Better rows"]


def test_a_configuration_is_deleted_by_a_pull_request(found: Found, api: HfApi) -> None:
    assert found["deleted"]["main"] == ["de", "en"]
    assert pull_requests(api, "acme/deleted", "dataset") == [(1, "open", "Delete 'de' config")]
    files = api.list_repo_files("acme/deleted", repo_type="dataset", revision="refs/pr/1")
    assert not [name for name in files if name.startswith("de/")]
    api.merge_pull_request("acme/deleted", 1, repo_type="dataset")
    assert api.list_repo_files("acme/deleted", repo_type="dataset") == files


def test_what_does_not_exist_is_named(found: Found) -> None:
    step = found["missing"]
    assert "'acme/nowhere' doesn't exist on the Hub or cannot be accessed" in step["repo"]
    assert "Revision 'v9' doesn't exist for dataset 'acme/splits' on the Hub" in step["revision"]
    assert "BuilderConfig 'fr' not found. Available: ['de', 'en']" in step["config"]
    assert 'Unknown split "dev"' in step["split"]


def test_another_user_is_refused_with_the_reason_and_opens_a_pull_request(found: Found, api: HfApi) -> None:
    step = found["strangers"]
    assert step["gated"].startswith("DatasetNotFoundError: Dataset 'acme/gated' is a gated dataset on the Hub. Visit")
    assert step["anonymous"].endswith("is a gated dataset on the Hub. You must be authenticated to access it.")
    assert "'acme/addresses' doesn't exist on the Hub or cannot be accessed" in step["private"]
    assert "403 Forbidden" in step["push"]
    assert step["opened"] == "refs/pr/1"
    assert step["proposed"] == [{"text": "sentence 6 ä", "label": 0}]
    assert pull_requests(api, "acme/streamed", "dataset") == [(1, "open", "Upload dataset")]
    assert api.get_discussion_details("acme/streamed", 1, repo_type="dataset").author == "eve"
