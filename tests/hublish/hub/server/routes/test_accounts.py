import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from hublish.hub.server import EmbeddedHub


def test_whoami_names_the_user_the_organizations_and_what_the_token_may(hub: EmbeddedHub) -> None:
    token = hub.add_user("ann", orgs=("acme", "beta"), role="read")
    shown = HfApi(endpoint=hub.endpoint, token=token).whoami()
    assert shown["name"] == "ann"
    assert [org["name"] for org in shown["orgs"]] == ["acme", "beta"]
    assert shown["auth"]["accessToken"]["role"] == "read"


def test_an_unknown_token_is_told_so(hub: EmbeddedHub) -> None:
    with pytest.raises(HfHubHTTPError, match="Invalid user token"):
        HfApi(endpoint=hub.endpoint, token="hf_nobody").whoami()
