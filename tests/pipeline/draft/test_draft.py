"""Nothing that lies in a folder can end a value, hide in a comment or keep a draft from reading back."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hublish.base.errors import DraftError
from hublish.pipeline.draft.declaring import Declared
from hublish.pipeline.draft.draft import Drafted, draft
from hublish.pipeline.draft.fields import Field, Items, Section
from hublish.pipeline.draft.naming import named
from hublish.pipeline.draft.text import rendered
from hublish.pipeline.draft.tree import Item, Tree
from hublish.schemas.documents.manifest import RepoType
from hublish.schemas.documents.reading_manifest import read_manifest
from tests.faults.projects import rounds

TOKEN = "hf_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zC2eG4iK6n"
# What means something to YAML, to variables, to a shell, to a terminal or to a name.
ODD = st.sampled_from([*"\n\r\t:#{}[]&*!|>'\"%@`,?-~\\ .=\x00\x1b\x85\u2028\u202e\ufeff\ud800é", "{{ x }}", "- ", ": "])
TEXT = st.lists(st.one_of(ODD, st.text(max_size=4)), max_size=8).map("".join)
NAME = TEXT.map(lambda text: text.replace("/", "").replace("\0", "")).filter(lambda text: text not in ("", ".", ".."))
ENDING = st.sampled_from([".safetensors", ".json", ".pt", ".csv", ".py", ".txt", ".gguf", ".png", ""])
PATH = st.lists(NAME, min_size=1, max_size=3).flatmap(lambda parts: ENDING.map(lambda end: "/".join(parts) + end))
VALUE = st.one_of(TEXT, st.integers(), st.none(), st.lists(TEXT, max_size=2))
KINDS: list[RepoType | None] = [None, "model", "dataset", "space", "kernel"]


def drafted(files: Mapping[str, bytes], name: str = "folder", repo_type: RepoType | None = None) -> Drafted:
    def read(path: str, limit: int) -> bytes:
        return files[path][:limit]

    items = tuple(Item(path, max(1, len(data))) for path, data in sorted(files.items()))
    tree = Tree(name, items, reader=read)
    return draft(tree, named(None, None, name), repo_type, "a test", "a test")


def drafted_if_possible(files: Mapping[str, bytes], name: str, repo_type: RepoType | None) -> Drafted | None:
    try:
        return drafted(files, name, repo_type)
    except DraftError as error:
        if "holds nothing to release" in error.message:
            return None
        raise


def holds(made: Drafted, files: Mapping[str, bytes]) -> None:
    """Check a draft: it reads back, in YAML 1.1 too, and every source is a file, a folder or a glob over them."""
    text = made.text.decode("utf-8")
    assert read_manifest(made.text) == made.manifest
    assert read_manifest(yaml.dump(yaml.safe_load(text), allow_unicode=True).encode()) == made.manifest
    for artifact in made.manifest.artifacts:
        assert artifact.source in files or artifact.source.endswith("/") or "*" in artifact.source
    assert all(line.isprintable() for line in text.split("\n") if line.lstrip().startswith("#"))
    assert TOKEN not in text


@settings(max_examples=rounds(60), suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PATH, min_size=1, max_size=8, unique=True), NAME, st.sampled_from(KINDS))
@example(["{{ x }}.safetensors", "a: b #c.json"], "x\n  tag: evil", None)
@example([f"{TOKEN}.json", "model.safetensors"], TOKEN, None)
@example(["model.safetensors", "[a].json", "*.json", "b.json", "c.json"], "-", "model")
@example(["a\ud800.safetensors", "b.safetensors", "LICENSE\n"], "é", "space")
@example(["no.json", "yes/1.csv", "null/~.csv", "0x10.csv"], "on", "dataset")
def test_no_name_can_say_more_than_a_name(paths: list[str], name: str, repo_type: RepoType | None) -> None:
    files = dict.fromkeys(paths, b"\x80\x04x")
    made = drafted_if_possible(files, name, repo_type)
    if made is not None:
        holds(made, files)


CONFIGS = {
    "config.json": ("architectures", "model_type", "_name_or_path", "architecture", "pretrained_cfg", "auto_map"),
    "adapter_config.json": ("peft_type", "base_model_name_or_path", "task_type"),
    "model_index.json": ("_class_name", "unet"),
    "modules.json": (),
}


@settings(max_examples=rounds(60))
@given(
    st.sampled_from(sorted(CONFIGS)).flatmap(
        lambda name: st.tuples(st.just(name), st.fixed_dictionaries({}, optional=dict.fromkeys(CONFIGS[name], VALUE)))
    )
)
@example(("adapter_config.json", {"peft_type": "LORA\n  tag: evil", "base_model_name_or_path": "a/b"}))
@example(("adapter_config.json", {"peft_type": TOKEN, "base_model_name_or_path": f"acme/{TOKEN}"}))
@example(("config.json", {"architectures": ["X\u2028y: 1"], "model_type": "{{ x }}", "_name_or_path": "acme/b"}))
def test_no_value_of_a_configuration_can_say_more_than_a_comment(config: tuple[str, dict[str, Any]]) -> None:
    name, values = config
    files = {name: json.dumps(values).encode(), "model.safetensors": b"x"}
    holds(drafted(files), files)


@settings(max_examples=rounds(60))
@given(st.binary(max_size=200), st.sampled_from([*sorted(CONFIGS), "README.md", "LICENSE", "metrics.json", "app.py"]))
@example(b"---\nsdk: gradio\nlicense: nothing\n---\n", "README.md")
@example(b"---\n: [\n---\n", "README.md")
@example(b"[" * 200, "config.json")
@example(b'{"architectures": NaN}', "config.json")
@example(b'[{"task": {"type": "x"}, "dataset": {"type": "a", "name": "b"}, "metrics": []}]', "metrics.json")
def test_any_bytes_can_lie_in_a_file(data: bytes, name: str) -> None:
    files = {name: data, "model.safetensors": b"x"}
    holds(drafted(files), files)


def live(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """The fields with every hint uncommented."""
    return tuple(replace(field, hint=False, value=_live(field.value)) for field in fields)


def _live(value: Any) -> Any:
    if isinstance(value, Section):
        return Section(live(value.fields))
    if isinstance(value, Items):
        return Items(tuple(Section(live(section.fields)) for section in (*value.sections, *value.hints)))
    return value


@pytest.mark.parametrize(
    "files",
    [
        {"model.safetensors": b"x", "adapter_config.json": b'{"peft_type": "LORA"}'},
        {"model.joblib": b"\x80\x04", "config.json": b"{}"},
        {"train.csv": b"a,b\n", "LICENSE": b"Do as you like."},
        {"app.py": b"import gradio"},
    ],
    ids=["model", "pickle", "dataset", "space"],
)
def test_every_hint_is_right_once_it_is_uncommented(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Declared] = []

    def watched(head: tuple[str, ...], fields: tuple[Field, ...], tail: tuple[tuple[str, ...], ...]) -> str:
        seen.append(Declared(fields, head, tail))
        return rendered(head, fields, tail)

    monkeypatch.setattr("hublish.pipeline.draft.draft.rendered", watched)
    made = drafted(files)
    whole = read_manifest(rendered((), live(seen[0].fields)).encode())
    assert whole.repo.visibility == "private"
    assert whole.card is not None
    assert whole.card.variables
    assert len(whole.artifacts) >= len(made.manifest.artifacts)


@pytest.mark.parametrize("files", [{}, {"notes.txt": b"x"}, {"optimizer.pt": b"x"}, {".env": b"x"}, {"m.pkl": b"x"}])
def test_a_folder_without_anything_to_release_says_what_was_looked_for(files: dict[str, bytes]) -> None:
    with pytest.raises(DraftError, match="folder holds nothing to release") as caught:
        drafted(files)
    assert "looked for weights" in caught.value.hint
    assert all(name in caught.value.hint for name in files if name != "notes.txt")
