"""Files that a card or a configuration names: missing ones, and paths of the author's machine."""

import json
from pathlib import Path
from typing import Any

import pytest

from hublish.base.content import InMemory
from hublish.base.values import Staged
from hublish.pipeline.render_card.render_card import RenderCard
from hublish.schemas.diagnose.problems import Problem
from tests.pipeline.staging import project_in, staged

FILES = {"figures/a b.png": b"", "docs/use.md": b"", "LICENSE": b"", "app.py": b""}


def warnings_of(folder: Path, files: dict[str, Any], **fields: Any) -> tuple[Problem, ...]:
    value: Staged = staged(project_in(folder, **fields), {**FILES, **files})
    return RenderCard().run(value).warnings


def of_readme(folder: Path, body: str, metadata: str = "license: mit", **fields: Any) -> tuple[Problem, ...]:
    return warnings_of(folder, {"README.md": f"---\n{metadata}\n---\n{body}".encode()}, **fields)


WORKING = [
    "[a](docs/use.md#b) ![c](figures/a%20b.png) ![d](<figures/a b.png>) [e](docs) [f](docs/) [g](./LICENSE)",
    "<img src='figures/a b.png'> <a href=\"https://a.example\">x</a>",
    "[a](hub.yaml) ![b](figures/a&#32;b.png) [b](README.md) [c](resolve/main/docs/use.md)",
    "`[a](b.md)`\n\n```\n![a](b.png)\n```\n",
]


@pytest.mark.parametrize("body", WORKING)
def test_links_to_files_of_the_release_work(tmp_path: Path, body: str) -> None:
    assert of_readme(tmp_path, body) == ()


BROKEN = {
    "picture": ("# T\n\n![x](figures/nope.png)\n", "figures/nope.png", 6),
    "link": ("[gone](missing.md)", "missing.md", 4),
    "definition": ("[gone][1]\n\n[1]: missing.md", "missing.md", 6),
    "html": ("<p>\n<img src='missing.png'></p>", "missing.png", 5),
    "outside": ("[up](../other/README.md)", "../other/README.md", 4),
    "case": ("[l](license)", "license", 4),
    "site_without_a_scheme": ("[w](www.example.com)", "www.example.com", 4),
}


@pytest.mark.parametrize(("body", "path", "line"), BROKEN.values(), ids=BROKEN)
def test_a_link_of_a_readme_to_a_missing_file_has_its_line(tmp_path: Path, body: str, path: str, line: int) -> None:
    (warning,) = of_readme(tmp_path, body)
    assert (warning.code, warning.severity) == ("card.missing_file", "warning")
    assert f"'{path}'" in warning.message
    assert warning.location is not None
    assert (warning.location.source, warning.location.line) == ("README.md", line)


def test_a_missing_file_is_reported_once_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "left.md").write_text("x")
    near, left = of_readme(tmp_path, "[a](docs/usee.md) [b](docs/usee.md#c) [d](left.md)")
    assert near.hint == "did you mean 'docs/use.md'?"
    assert left.hint == "the release leaves it out: add `- source: left.md` to the artifacts"


def test_a_link_of_a_rendered_card_is_reported_where_it_is_written(tmp_path: Path) -> None:
    metadata = {"license": "mit"}
    variables = {"summary": "See [this](nope.md).", "usage": "[that](docs/use.md)"}
    (warning,) = warnings_of(tmp_path, {}, card={"metadata": metadata, "variables": variables})
    assert warning.path == "card.variables.summary"
    (tmp_path / "t.j2").write_text("# T\n\n[x](gone.md)\n")
    (warning,) = warnings_of(tmp_path, {}, card={"template": "t.j2", "metadata": metadata})
    assert str(warning.location) == "t.j2:3:5"


NAMED: dict[str, tuple[str, dict[str, Any], str]] = {
    "license_link": ("model", {"license": "other", "license_name": "x", "license_link": "LICENCE"}, "license_link"),
    "thumbnail": ("model", {"license": "mit", "thumbnail": "nope.png"}, "thumbnail"),
    "widget": ("model", {"license": "mit", "widget": [{"text": "x"}, {"src": "nope.png"}]}, "widget[1].src"),
    "output": ("model", {"license": "mit", "widget": [{"output": {"url": "n.png"}}]}, "widget[0].output.url"),
    "app_file": ("space", {"license": "mit", "sdk": "gradio", "app_file": "nope.py"}, "app_file"),
    "entry_of_docker": ("space", {"license": "mit", "sdk": "docker"}, "sdk"),
    "entry_of_a_page": ("space", {"license": "mit", "sdk": "static"}, "sdk"),
}


@pytest.mark.parametrize(("repo_type", "metadata", "place"), NAMED.values(), ids=NAMED)
def test_a_file_that_metadata_names_is_missing(
    tmp_path: Path, repo_type: str, metadata: dict[str, Any], place: str
) -> None:
    repo = {"repo_type": repo_type}
    (warning,) = warnings_of(tmp_path, {}, repo=repo, card={"template": "model", "metadata": metadata})
    assert (warning.path, warning.severity) == (f"card.metadata.{place}", "warning")
    (same,) = of_readme(tmp_path, "", json.dumps(metadata), repo=repo)
    assert (same.message, same.path) == (warning.message, place)
    assert same.location is not None
    assert same.location.line == 2


@pytest.mark.parametrize(
    ("repo_type", "metadata"),
    [
        ("model", {"license": "other", "license_name": "x", "license_link": "LICENSE"}),
        ("model", {"license": "other", "license_name": "x", "license_link": "https://a.example/l"}),
        ("model", {"license": "mit", "widget": [{"src": "https://a.example/x.png"}, {"src": "figures/a b.png"}]}),
        ("space", {"license": "mit", "sdk": "gradio"}),
        ("space", {"license": "mit", "sdk": "static", "app_file": "dist/x.html", "app_build_command": "npm run build"}),
    ],
)
def test_files_that_readers_find_are_accepted(tmp_path: Path, repo_type: str, metadata: dict[str, Any]) -> None:
    assert (
        warnings_of(tmp_path, {}, repo={"repo_type": repo_type}, card={"template": "model", "metadata": metadata}) == ()
    )


def test_names_that_a_conversion_decides_are_not_missing(tmp_path: Path) -> None:
    body = "[w](model-00001-of-00002.safetensors) [i](model.safetensors.index.json)"
    artifacts = [{"source": "*", "serializer": "safetensors"}]
    assert of_readme(tmp_path, body, artifacts=artifacts) == ()
    assert len(of_readme(tmp_path, body)) == 2


LOCAL = {
    "absolute": ("adapter_config.json", "base_model_name_or_path", "/content/drive/My Drive/phi"),
    "home": ("adapter_config.json", "base_model_name_or_path", "~/models/phi"),
    "relative": ("adapter_config.json", "base_model_name_or_path", "../phi"),
    "of_windows": ("adapter_config.json", "base_model_name_or_path", "C:\\models\\phi"),
    "a_folder": ("adapter_config.json", "base_model_name_or_path", "docs"),
    "no_id": ("adapter_config.json", "base_model_name_or_path", "a/b/c"),
    "in_a_folder": ("lora/adapter_config.json", "base_model_name_or_path", "./phi"),
    "config": ("config.json", "_name_or_path", "./results/checkpoint-500"),
    "tokenizer": ("tokenizer_config.json", "name_or_path", "/root/.cache/x"),
    "tokenizer_file": ("tokenizer_config.json", "tokenizer_file", "/root/.cache/x/tokenizer.json"),
}


@pytest.mark.parametrize(("name", "key", "value"), LOCAL.values(), ids=LOCAL)
def test_a_path_of_the_authors_machine_is_a_warning_with_its_line(
    tmp_path: Path, name: str, key: str, value: str
) -> None:
    (tmp_path / "docs").mkdir()
    config = json.dumps({"a": 1, key: value}, indent=1).encode()
    card = {"metadata": {"license": "mit"}}
    (warning,) = warnings_of(tmp_path, {name: config}, card=card)
    assert (warning.code, warning.severity) == ("config.local_path", "warning")
    assert warning.message.startswith(key)
    assert warning.location is not None
    assert (warning.location.source, warning.location.line) == (name, 3)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("adapter_config.json", b'{"base_model_name_or_path": "acme/base", "revision": null}'),
        ("adapter_config.json", b'{"base_model_name_or_path": null}'),
        ("adapter_config.json", b"{not json"),
        ("config.json", b'{"_name_or_path": "gpt2", "model": 1}'),
        ("config.json", b'{"_name_or_path": "", "architectures": ["/x"]}'),
        ("config.json", b"[1]"),
        ("config.json", b"\xff"),
        ("other.json", b'{"_name_or_path": "/x"}'),
    ],
)
def test_ids_and_other_files_are_accepted(tmp_path: Path, name: str, content: bytes) -> None:
    assert warnings_of(tmp_path, {name: content}, card={"metadata": {"license": "mit"}}) == ()


def test_a_configuration_in_memory_is_read_too(tmp_path: Path) -> None:
    content = InMemory(b'{"base_model_name_or_path": "/x"}')
    (warning,) = warnings_of(tmp_path, {"adapter_config.json": content}, card={"metadata": {"license": "mit"}})
    assert warning.code == "config.local_path"
