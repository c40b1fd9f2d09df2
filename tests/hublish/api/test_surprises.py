"""Surprises of real plans: an ordinary second release has none."""

from tests.hublish.api.second_release import Releases


def test_an_ordinary_second_release_has_no_surprise(releases: Releases) -> None:
    assert releases.found == set()


def test_an_edit_on_the_hub_that_would_be_lost_is_found(releases: Releases) -> None:
    releases.edit("config.json", '{"hidden_size": 77}\n')
    releases.data["repo"]["visibility"] = "public"
    # Compared with the policy of the hub.yaml on the Hub.
    releases.data["policy"] = {"max_file_size": "60GB"}
    assert releases.found == {"edited", "moved_head", "visibility", "policy"}
