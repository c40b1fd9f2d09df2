"""No name or content of a file can end a value, hide in a comment, or change how a draft is read back."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hublish.base.errors import DraftError
from hublish.pipeline.draft.commented_yaml import Field, Items, Section, dump_commented
from hublish.pipeline.draft.draft import Drafted, detect_repo_type, draft
from hublish.pipeline.draft.listing import Item, Listing
from hublish.pipeline.draft.repo_name import repo_name
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.manifest_yaml import read_manifest
from tests.faults.projects import rounds
from tests.pipeline.draft.listings import TEXT, TOKEN, listing_of

NAME = TEXT.map(lambda text: text.replace("/", "").replace("\0", "")).filter(lambda text: text not in ("", ".", ".."))
ENDING = st.sampled_from([".safetensors", ".json", ".pt", ".csv", ".py", ".txt", ".gguf", ".png", ""])
PATH = st.lists(NAME, min_size=1, max_size=3).flatmap(lambda parts: ENDING.map(lambda end: "/".join(parts) + end))
VALUE = st.one_of(TEXT, st.integers(), st.none(), st.lists(TEXT, max_size=2))
KINDS: list[RepoType | None] = [None, "model", "dataset", "space", "kernel"]


def drafted(files: Mapping[str, bytes], name: str = "folder", repo_type: RepoType | None = None) -> Drafted:
    def read(path: str, limit: int) -> bytes:
        return files[path][:limit]

    items = tuple(Item(path, max(1, len(data))) for path, data in sorted(files.items()))
    listing = Listing(name, items, reader=read)
    kind = Field("repo_type", repo_type, "as requested") if repo_type else None
    return draft(listing, repo_name(None, None, name), kind, "a test")


def drafted_if_possible(files: Mapping[str, bytes], name: str, repo_type: RepoType | None) -> Drafted | None:
    try:
        return drafted(files, name, repo_type)
    except DraftError as error:
        if "holds nothing to release" in error.message:
            return None
        raise


def check(made: Drafted, files: Mapping[str, bytes]) -> None:
    """Check that a draft reads back, in YAML 1.1 too, and that every source is a file, a folder or a glob."""
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
def test_a_file_name_is_only_ever_a_name(paths: list[str], name: str, repo_type: RepoType | None) -> None:
    files = dict.fromkeys(paths, b"\x80\x04x")
    made = drafted_if_possible(files, name, repo_type)
    if made is not None:
        check(made, files)


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
def test_a_value_of_a_configuration_is_only_ever_a_value(config: tuple[str, dict[str, Any]]) -> None:
    name, values = config
    files = {name: json.dumps(values).encode(), "model.safetensors": b"x"}
    check(drafted(files), files)


@settings(max_examples=rounds(60))
@given(st.binary(max_size=200), st.sampled_from([*sorted(CONFIGS), "README.md", "LICENSE", "metrics.json", "app.py"]))
@example(b"---\nsdk: gradio\nlicense: nothing\n---\n", "README.md")
@example(b"---\n: [\n---\n", "README.md")
@example(b"[" * 200, "config.json")
@example(b'{"architectures": NaN}', "config.json")
@example(b'[{"task": {"type": "x"}, "dataset": {"type": "a", "name": "b"}, "metrics": []}]', "metrics.json")
def test_a_file_may_contain_any_bytes(data: bytes, name: str) -> None:
    files = {name: data, "model.safetensors": b"x"}
    check(drafted(files), files)


def uncommented(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Return the fields with every hint uncommented."""
    return tuple(replace(field, hint=False, value=_uncommented_value(field.value)) for field in fields)


def _uncommented_value(value: Any) -> Any:
    if isinstance(value, Section):
        return Section(uncommented(value.fields))
    if isinstance(value, Items):
        return Items(tuple(Section(uncommented(section.fields)) for section in (*value.sections, *value.hints)))
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
def test_every_hint_is_valid_once_uncommented(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Field, ...]] = []

    def watched(head: tuple[str, ...], fields: tuple[Field, ...], tail: tuple[tuple[str, ...], ...]) -> str:
        seen.append(fields)
        return dump_commented(head, fields, tail)

    monkeypatch.setattr("hublish.pipeline.draft.draft.dump_commented", watched)
    made = drafted(files)
    whole = read_manifest(dump_commented((), uncommented(seen[0])).encode())
    assert whole.repo.visibility == "private"
    assert whole.card is not None
    assert whole.card.variables
    assert len(whole.artifacts) >= len(made.manifest.artifacts)


@pytest.mark.parametrize("files", [{}, {"notes.txt": b"x"}, {"optimizer.pt": b"x"}, {".env": b"x"}, {"m.pkl": b"x"}])
def test_a_folder_with_nothing_to_release_is_refused(
    files: dict[str, bytes],
) -> None:
    with pytest.raises(DraftError, match="folder holds nothing to release") as caught:
        drafted(files)
    assert "searched for weights" in caught.value.hint
    assert all(name in caught.value.hint for name in files if name != "notes.txt")


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"model.safetensors": b""}, "model"),
        ({"a.csv": b""}, "dataset"),
        ({"train.json": b""}, "dataset"),
        ({"a/1.png": b"", "a/2.png": b""}, "dataset"),
        ({"app.py": b"import gradio as gr"}, "space"),
        ({"main.py": b"from streamlit import x"}, "space"),
        ({"Dockerfile": b""}, "space"),
        ({"index.html": b""}, "space"),
        ({"app.py": b"import gradio", "data.csv": b""}, "space"),
        ({"app.py": b"import gradio", "model.safetensors": b""}, "model"),
        ({"Dockerfile": b"", "a.csv": b""}, "dataset"),
        ({"data/x.npz": b"", "notes.txt": b""}, None),
        ({"1.png": b""}, None),
        ({"app.py": b"import flask"}, None),
    ],
)
def test_the_files_of_a_folder_determine_the_repo_type(files: dict[str, bytes], kind: str | None) -> None:
    found = detect_repo_type(listing_of(files), tuple(files))
    assert (found.value if found else None) == kind


@pytest.mark.parametrize(
    ("keys", "kind"), [("sdk", "space"), ("configs", "dataset"), ("pipeline_tag", "model"), ("license", None)]
)
def test_the_metadata_of_a_card_determines_it_too(keys: str, kind: str | None) -> None:
    found = detect_repo_type(listing_of({"README.md": f"---\n{keys}: x\n---\n".encode()}), ("README.md",))
    assert (found.value if found else None) == kind


EXCLUDED = (
    "zz.pkl",
    "zz.joblib",
    "zz.ipynb",
    ".zz",
    "zz.log",
    "zz/checkpoint-1/optimizer.pt",
    "tests/test_zz.py",
    "zz.sh",
)


@pytest.mark.parametrize(
    ("files", "repo_type"),
    [
        (("model.safetensors", "config.json", "zz.npz", "zz.bin", "zz/model.safetensors", "data/zz.csv"), None),
        (("config.json",), "model"),
        (("config.json", "zz.pickle", "zz.JOBLIB"), "model"),
        (("model.pt", "epoch_zz_1.pt"), None),
        (("model.keras", "zz/other.keras"), None),
        (("train.csv", "zz.py", "zz/notes.md"), "dataset"),
        (("1/a.png", "1/b.png", "zz.py"), "dataset"),
        (("app.py", "helper.py"), "space"),
        (("Dockerfile",), "space"),
        (("build/torch/metadata.json",), "kernel"),
    ],
)
def test_a_draft_names_no_excluded_file(files: tuple[str, ...], repo_type: RepoType | None) -> None:
    contents = dict.fromkeys((*files, *EXCLUDED), b"\x80\x04x")
    contents |= {"app.py": b"import gradio"} if "app.py" in files else {}
    made = drafted(contents, repo_type=repo_type)
    sources = [artifact.source for artifact in made.manifest.artifacts]
    assert made.left_out
    # The files of a Space and of a kernel are released, whatever their names; so are notebooks and scripts among them.
    assert ("zz" in made.text.decode()) == any("zz" in source for source in sources)
    assert not {one.path for one in made.left_out} & set(sources)


def test_the_app_of_a_space_is_not_called_a_test() -> None:
    made = drafted({"test_app.py": b"import gradio", "test_words.py": b""})
    assert [one.path for one in made.left_out] == ["test_words.py"]
    assert [artifact.source for artifact in made.manifest.artifacts] == ["test_app.py"]


def test_data_beside_a_pickle_is_a_dataset_where_no_part_of_a_model_can_be_released() -> None:
    made = drafted({"train.csv": b"a,b\n", "cache.pkl": b"\x80\x04"})
    assert made.manifest.repo.repo_type == "dataset"
    assert [one.path for one in made.left_out] == ["cache.pkl"]
    with pytest.raises(DraftError, match="nothing to release"):
        drafted({"train.csv": b"a,b\n", "cache.pkl": b"\x80\x04"}, repo_type="model")
    assert (
        drafted({"train.csv": b"", "model.pkl": b"\x80\x04", "config.json": b"{}"}).manifest.repo.repo_type == "model"
    )
