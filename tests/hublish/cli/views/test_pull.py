"""The view of a pulled release."""

from hublish.cli.views.pull import PullView
from tests.hublish.cli.running import Golden
from tests.hublish.cli.views.values import Make, Show


def test_a_pull_shows_every_digest_and_the_folder(make: Make, show: Show, golden: Golden) -> None:
    local = make.local("config.json", "model.safetensors")
    golden("pull", show(PullView(local, "hublish load acme/digits-mlp@v1.2.0")))


def test_a_pull_in_json_names_commit_folder_and_files(make: Make) -> None:
    document = PullView(make.local("a.json", repo_type="dataset")).document()
    assert document == {
        "repo_id": "acme/digits-mlp",
        "repo_type": "dataset",
        "revision": "v1.2.0",
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "folder": "/cache/snapshot",
        "checked": True,
        "files": [
            {
                "path_in_repo": "a.json",
                "size": 1200,
                "digest": {"algorithm": "sha256", "value": "ab" * 32},
                "path": "/cache/snapshot/a.json",
            }
        ],
        "warnings": [],
    }


def test_quiet_prints_the_folder(make: Make) -> None:
    assert list(PullView(make.local("a.json")).quiet()) == ["/cache/snapshot"]
