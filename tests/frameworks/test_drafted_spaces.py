"""A drafted Space has the metadata that gradio writes itself, passes the Hub's validation, and its app runs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

import hublish
from hublish.hub.server import EmbeddedHub
from tests.frameworks.reading import read
from tests.pipeline.draft.shapes.making import write

REQUIREMENTS = Path(__file__).with_name("requirements-no-deps.txt").read_text()
GRADIO = next(line for line in REQUIREMENTS.splitlines() if line.startswith("gradio=="))
VERSION = GRADIO.partition("==")[2]
APP = """
import gradio as gr
from words import greeting

def greet(name):
    return greeting(name)

gr.Interface(greet, "text", "text").launch()
"""
WORDS = "def greeting(name):\n    return f'Hello {name}'\n"
CARD = f"---\ntitle: Hello\nemoji: \U0001f44b\nsdk: gradio\nsdk_version: {VERSION}\napp_file: app.py\n---\n"
SPACES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "app": ("gradio", {"app.py": APP, "words.py": WORDS, "requirements.txt": f"{GRADIO}\n"}),
    "another_name": (
        "gradio",
        {"demo.py": APP, "words.py": WORDS, "requirements.txt": f"numpy\ngradio[oauth]=={VERSION}\n"},
    ),
    "with_a_card": ("gradio", {"app.py": APP, "words.py": WORDS, "README.md": CARD}),
    "docker": ("docker", {"Dockerfile": "FROM python\nEXPOSE 8000\n", "main.py": "print()\n"}),
    "static": ("static", {"index.html": "<!doctype html><title>Hello</title>", "style.css": "p {}\n"}),
}


@pytest.fixture(scope="module")
def spaces(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Publish the draft of every folder, and read it."""
    folder = tmp_path_factory.mktemp("spaces")
    repos = {title: f"acme/{title}" for title in SPACES}
    with EmbeddedHub(folder / "hub") as hub:
        for title, (sdk, files) in SPACES.items():
            for path, text in files.items():
                write(folder / title / path, text)
            hublish.init(folder / title, repo_id=repos[title])
            hublish.publish(folder / title / "hub.yaml", endpoint=hub.endpoint, token=hub.token)
            assert HfApi(hub.endpoint, token=hub.token).space_info(repos[title]).sdk == sdk
        return read("space", repos, hub, folder)


@pytest.mark.parametrize("title", SPACES)
def test_a_drafted_space_has_valid_metadata(title: str, spaces: dict[str, Any]) -> None:
    assert not isinstance(spaces[title], str), spaces[title]
    assert spaces[title]["metadata"]["sdk"] == SPACES[title][0]
    assert spaces[title]["metadata"]["title"]


@pytest.mark.parametrize("title", [title for title, (sdk, _) in SPACES.items() if sdk == "gradio"])
def test_gradio_would_write_the_same_values_and_the_app_runs(title: str, spaces: dict[str, Any]) -> None:
    found = spaces[title]
    assert found["by_gradio"]["sdk_version"] == VERSION
    assert {key: found["metadata"][key] for key in found["by_gradio"]} == found["by_gradio"]
    assert found["answer"] == "Hello Ada"


def test_the_port_of_a_container_is_in_its_metadata(spaces: dict[str, Any]) -> None:
    assert spaces["docker"]["metadata"]["app_port"] == 8000
