"""The view of a pulled release."""

from dataclasses import replace

from hublish.cli.views.pull import PullView
from tests.hublish.cli.running import Golden
from tests.hublish.cli.views.values import Make, Show


def test_a_pull_shows_every_digest_and_the_folder(make: Make, show: Show, golden: Golden) -> None:
    local = make.local("config.json", "model.safetensors")
    golden("pull", show(PullView(local, "hublish load acme/digits-mlp@v1.2.0")))


def test_files_that_earlier_pulls_left_are_named(make: Make, show: Show) -> None:
    local = make.local("a.json")
    left = replace(local, plan=replace(local.plan, leftovers=tuple(f"old/{number:02}.txt" for number in range(25))))
    shown = show(PullView(left))
    assert "Left there by earlier pulls, and not part of this release:\n  old/00.txt\n" in shown
    assert "  old/19.txt\n  and 5 more files; --json lists all\n" in shown
    assert PullView(left).document()["leftovers"] == list(left.plan.leftovers)
    assert "earlier" not in show(PullView(local))


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
        "leftovers": [],
        "signature": None,
        "warnings": [],
    }


def test_quiet_prints_the_folder(make: Make) -> None:
    assert list(PullView(make.local("a.json")).quiet()) == ["/cache/snapshot"]
