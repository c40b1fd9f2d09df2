"""The snippets of a published card run as they are printed, in a clean folder, and load the release they name.

After publishing, main is emptied: a snippet that is not pinned to the tag finds nothing.
"""

import ast
import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationDelete, HfApi
from markdown_it import MarkdownIt
from PIL import Image

import hublish
from hublish.cards.usage.snippets import usage_snippets
from hublish.cards.usage.subject import Subject
from hublish.hub.server import EmbeddedHub

ROOT = Path(__file__).parents[3]
# A command in the place of llama.cpp: it accepts the options that the snippet uses, and reads the file.
LLAMA = '#!/bin/sh\n[ "$1" = -m ] && [ "$3" = -p ] && [ "$(head -c 4 "$2")" = GGUF ] && echo "read $2"\n'


@dataclass(frozen=True)
class Release:
    """A release, and a word of each snippet's output."""

    prints: tuple[str, ...]
    """As many as there are snippets; empty for a snippet that prints nothing."""
    metadata: dict[str, Any] = field(default_factory=dict)
    repo_type: str = "model"
    folder: str = ""
    """The folder below its own that is released."""
    more: dict[str, Any] = field(default_factory=dict)
    """Other fields of the manifest."""


def task(name: str, **more: Any) -> dict[str, Any]:
    return {"pipeline_tag": name, "library_name": "transformers", **more}


RELEASES = {
    "text_classification": Release(("'score'", ""), task("text-classification")),
    "token_classification": Release(("'entity'", ""), task("token-classification")),
    "fill_mask": Release(("'token_str'", ""), task("fill-mask")),
    "feature_extraction": Release(("[[[", ""), task("feature-extraction")),
    "question_answering": Release(("",), task("question-answering")),
    "text_generation": Release(("'generated_text'", ""), task("text-generation")),
    "image_classification": Release(("'score'", ""), task("image-classification")),
    "sentence_transformers": Release(
        ("tensor(",), {"library_name": "sentence-transformers", "pipeline_tag": "sentence-similarity"}, folder="saved"
    ),
    "cross_encoder": Release(("[",), {"library_name": "sentence-transformers", "pipeline_tag": "text-ranking"}),
    "diffusers": Release(("",), {"library_name": "diffusers", "pipeline_tag": "unconditional-image-generation"}),
    "diffusers_network": Release(("",), {"library_name": "diffusers"}, folder="saved"),
    "timm": Release(("",), {"library_name": "timm", "pipeline_tag": "image-classification"}),
    "peft": Release(
        ("",),
        {"library_name": "peft", "base_model": "acme/text-classification", "pipeline_tag": "text-classification"},
    ),
    "sklearn": Release(("",), {"library_name": "sklearn"}),
    "keras": Release(("Total params",), {"library_name": "keras"}),
    "onnx": Release(("'tensor(float)'",), {"library_name": "onnx"}),
    "onnx_data": Release(("'tensor(float)'",)),
    "gguf": Release(("read tiny-Q4_K_M.gguf",), {"library_name": "gguf"}),
    "datasets": Release(("num_rows: 2",), repo_type="dataset"),
    "torch_class": Release(("", "weight (2, 4) float32"), more={"load": {"target": "tiny_class:Tiny"}}),
    "arrays": Release(("a (3,) float64",)),
}


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of all releases."""
    folder = tmp_path_factory.mktemp("saved")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "KERAS_BACKEND": "torch"}
    command = [sys.executable, "-m", "tests.frameworks.usage.saving", str(folder)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert ran.returncode == 0, ran.stderr
    return folder


@pytest.fixture(scope="session")
def usage_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    """A Hub with the picture that snippets of image models use, and with the base model of the adapter."""
    with EmbeddedHub(tmp_path_factory.mktemp("hub")) as hub:
        api = HfApi(endpoint=hub.endpoint, token=hub.add_user("huggingface", token="hf_pictures"))
        api.create_repo("huggingface/documentation-images", repo_type="dataset")
        picture = tmp_path_factory.mktemp("picture") / "cat.jpeg"
        Image.new("RGB", (40, 40), "red").save(picture)
        api.upload_file(
            path_or_fileobj=picture,
            path_in_repo="pipeline-cat-chonk.jpeg",
            repo_id="huggingface/documentation-images",
            repo_type="dataset",
        )
        yield hub


def published(hub: EmbeddedHub, folder: Path, name: str, release: Release) -> str:
    """Publish a release with a tag, empty main, and return the card."""
    repo_id, api = f"acme/{name.replace('_', '-')}", HfApi(endpoint=hub.endpoint, token=hub.token)
    manifest = folder.with_suffix(".yaml")
    fields = {
        "repo": {"repo_id": repo_id, "repo_type": release.repo_type, "tag": "v1"},
        "artifacts": [{"source": f"{folder.name}/{release.folder}".rstrip("/") + "/"}],
        "card": {"template": release.repo_type, "metadata": {"license": "mit", **release.metadata}},
        **release.more,
    }
    manifest.write_text(json.dumps(fields), encoding="utf-8")
    hublish.publish(manifest, endpoint=hub.endpoint, token=hub.token, lock=folder.with_suffix(".lock"))
    if name != "text_classification":  # the base model of the adapter is read from main
        paths = [
            path
            for path in api.list_repo_files(repo_id, repo_type=release.repo_type)
            if path not in (".gitattributes", "README.md")
        ]
        gone = [CommitOperationDelete(path) for path in paths]
        api.create_commit(repo_id, gone, commit_message="Empty", repo_type=release.repo_type)
    card = api.hf_hub_download(repo_id, "README.md", repo_type=release.repo_type, revision="v1")
    return Path(card).read_text(encoding="utf-8")


def snippets_in(card: str) -> list[tuple[str, str]]:
    """Return language and text of the code below `How to use`, without commands that install or pull."""
    usage = card.partition("## How to use\n")[2].partition("\n## ")[0]
    fences = [(token.info, token.content) for token in MarkdownIt().parse(usage) if token.type == "fence"]
    return [(language, code) for language, code in fences if not code.startswith(("pip ", "brew ", "hublish "))]


def run_snippet(language: str, code: str, folder: Path, hub: EmbeddedHub) -> str:
    """Run code as a reader does who has copied it, and return its output."""
    (folder / "bin").mkdir(exist_ok=True)
    llama = folder / "bin" / "llama-cli"
    llama.write_text(LLAMA)
    llama.chmod(0o755)
    here = f"{folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {
        "HF_ENDPOINT": hub.endpoint,
        "HF_TOKEN": hub.token,
        "HF_HOME": str(folder / "hf"),
        "HOME": str(folder),
        "PATH": here,
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "KERAS_BACKEND": "torch",
    }
    command = [sys.executable, "-c", code] if language == "python" else ["bash", "-euc", code]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    assert ran.returncode == 0, f"{code}\n\n{ran.stderr}"
    return ran.stdout


@pytest.mark.parametrize("name", RELEASES)
def test_a_snippet_runs_as_it_is_printed(
    name: str, saved: Path, usage_hub: EmbeddedHub, own_home: Path, tmp_path: Path
) -> None:
    release = RELEASES[name]
    snippets = snippets_in(published(usage_hub, saved / name, name, release))
    assert len(snippets) == len(release.prints), snippets
    for (language, code), text in zip(snippets, release.prints, strict=True):
        assert text in run_snippet(language, code, tmp_path, usage_hub)


def test_the_snippet_of_a_space_fits_the_client() -> None:
    """The embedded Hub runs no apps, so that the client is given the code without a Space to call."""
    client = import_module("gradio_client").Client
    (snippet,) = usage_snippets(Subject("acme/app", "space", metadata={"sdk": "gradio"}))
    calls = [node for node in ast.walk(ast.parse(snippet.code)) if isinstance(node, ast.Call)]
    assert [ast.unparse(call.func) for call in calls] == ["Client", "client.view_api"]
    inspect.signature(client).bind("acme/app")
    assert callable(client.view_api)
