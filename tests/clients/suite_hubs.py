"""The two Hubs that huggingface_hub's own tests know, staging and production, as embedded Hubs."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hublish.hub.server import EmbeddedHub
from tests.clients.production import Production


@contextmanager
def served(folder: Path) -> Iterator[dict[str, str]]:
    """Serve both Hubs, and yield the constants that name them."""
    with _hub(folder / "staging") as staging, _hub(folder / "production") as production:
        _add_people(staging)
        endpoints = {"ENDPOINT_STAGING": staging.endpoint, "ENDPOINT_PRODUCTION": production.endpoint}
        yield {**endpoints, **Production(production).fill()}


def _hub(root: Path) -> EmbeddedHub:
    # The owner may do everything. No test uses that token.
    return EmbeddedHub(root, user="owner")


def _add_people(hub: EmbeddedHub) -> None:
    """Add the users and organizations of the constants, with what the tests expect of them."""
    hub.add_organization("valid_org_hub", full_name="Dummy Hub Org")
    hub.add_organization("EnterpriseOrgPrivate", private=True)
    for name, full_name, token, orgs in (
        ("__DUMMY_HUB_USER__", "Dummy User", "hf_HubCITokenXXXXXXXXXXXXXXXXXXXXX", ("valid_org_hub",)),
        ("DVUser", "", "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", ()),
        ("EnterpriseAdmin", "", "hf_enterprise_admin_token", ("EnterpriseOrgPrivate",)),
    ):
        hub.add_user(name, full_name=full_name, token=token, orgs=orgs)


def with_constants(name: str, text: str, constants: Mapping[str, str]) -> str:
    """Return the text of a file with other constants."""
    if name == "testing_constants.py":
        for constant, value in constants.items():
            text, changed = re.subn(rf"^{constant} = .*", f'{constant} = "{value}"', text, flags=re.MULTILINE)
            assert changed == 1
    return text


def environment(constants: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the variables that the client and git read, with a home of their own."""
    home = folder / "home"
    home.mkdir()
    # The tests write to git's global configuration and to its stored credentials.
    own = {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "GIT_CONFIG_GLOBAL": str(home / ".gitconfig")}
    return {"HF_ENDPOINT": constants["ENDPOINT_STAGING"], "HF_HOME": str(home), "HF_TOKEN": "", **own}
