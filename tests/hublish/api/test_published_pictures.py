"""Every address in a published card leads to a picture of the release, and a second run changes nothing."""

import shutil
from pathlib import Path
from urllib.request import Request, urlopen

from huggingface_hub import HfApi

import hublish
from hublish.api.session import Session
from hublish.formats.markdown_links import markdown_links

EXAMPLE = Path(__file__).parents[3] / "examples" / "digits"
REPO = "acme/digits-mlp"


def test_a_card_shows_the_pictures_of_its_release(tmp_path: Path) -> None:
    folder = tmp_path / "digits"
    shutil.copytree(EXAMPLE, folder)
    with Session(endpoint="embedded", folder=folder) as session:
        first = hublish.publish(folder / "hub.yaml", endpoint="embedded", digest_cache=False)
        endpoint, token = session.hub.endpoint, session.hub.token

        def read(address: str) -> bytes:
            with urlopen(Request(f"{endpoint}{address}", headers={"Authorization": f"Bearer {token}"})) as answer:
                data: bytes = answer.read()
                return data

        card = read(f"/{REPO}/resolve/main/README.md").decode()
        dark, light = [link.target for link in markdown_links(card) if "figures/" in link.target]
        assert (dark, light) == (f"/{REPO}/resolve/v1.0.0/figures/training-dark.svg", "figures/training.svg")
        assert read(dark).startswith(b"<svg ")
        assert b"<title>Training</title>" in read(f"/{REPO}/resolve/main/{light}")
        second = hublish.publish(folder / "hub.yaml", endpoint="embedded", digest_cache=False)
        assert second.commit == first.commit
        assert HfApi(endpoint, token=token).repo_info(REPO).sha == first.commit
