"""All facts together: whatever the files contain, the facts are plain, safe, and the same every time."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.base.content import Content, ContentChangedError, InMemory
from hublish.cards.facts.derive_facts import derive_facts
from hublish.cards.facts.fact import as_tree
from hublish.cards.facts.source_files import SourceFiles
from tests.hublish.cards.facts.releases import Files, contents, derived, weights
from tests.hublish.cards.facts.test_training_log import RUN, STATE
from tests.hublish.formats.parquet import parquet
from tests.hublish.formats.test_tensorboard_events import event, event_file

RELEASE: Files = {
    "model.safetensors": weights(a=("F32", [2]), b=("BF16", [3])),
    "config.json": {"model_type": "bert", "transformers_version": "5.0.0", "training": {"lr": 0.1}},
    "trainer_state.json": STATE,
    "params.yaml": "seed: 1\n",
    "LICENSE": "x",
    RUN: event_file(event("loss", 1, 2.0), event("loss", 2, 1.0)),
    "data/train-00000-of-00001.parquet": parquet(),
    "data/test-00000-of-00001.parquet": parquet(),
}
METADATA = {"license": "mit", "base_model": "acme/base", "datasets": ["acme/data"], "language": ["en"]}


@pytest.mark.parametrize("repo_type", ["model", "dataset"])
def test_facts_do_not_depend_on_the_order_of_the_files(repo_type: str) -> None:
    expected = derive_facts(contents(RELEASE), metadata=METADATA, repo_type=repo_type)
    assert [fact.name for fact in expected] == sorted(fact.name for fact in expected)
    for seed in range(5):
        files = contents(RELEASE)
        random.Random(seed).shuffle(files)
        assert derive_facts(files, metadata=METADATA, repo_type=repo_type) == expected


def test_every_fact_of_one_file_names_it() -> None:
    facts = derived(RELEASE, metadata=METADATA, repo_type="dataset")
    together = {name for name, fact in facts.items() if not fact.file}
    assert together == {"files.count", "files.largest", "files.size", "data.configs", "data.rows", "data.format"}
    assert {fact.file for fact in facts.values() if fact.file} <= {*RELEASE, "README.md"}


NAMES = [
    "config.json", "adapter_config.json", "model_index.json", "modules.json", "tokenizer_config.json",
    "sentence_bert_config.json", "config_sentence_transformers.json", "generation_config.json", "trainer_state.json",
    "history.json", "params.json", "train_results.json", "model.safetensors.index.json", "train.json", "metadata.json",
]  # fmt: skip
KEYS = [
    "architectures", "model_type", "max_position_embeddings", "model_max_length", "quantization_config", "text_config",
    "quant_method", "bits", "config_groups", "weights", "log_history", "best_metric", "best_model_checkpoint",
    "global_step", "step", "epoch", "loss", "eval_loss", "peft_type", "target_modules", "base_model_name_or_path",
    "revision", "weight_map", "_class_name", "path", "__version__", "training", "lr", "a.b", "license", "base_model",
    "datasets", "language", "configs", "data_files", "split", "config_name", "data_dir", "train_runtime",
]  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(["a/b", "re:.*", "**"])
)
FILES = st.dictionaries(st.sampled_from(NAMES), st.deferred(lambda: VALUES), max_size=3)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(FILES, st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4))
def test_any_values_give_facts_that_a_card_can_show(files: dict[str, Any], metadata: dict[str, Any]) -> None:
    with_weights = {"model.safetensors": RELEASE["model.safetensors"], **files}
    for repo_type in ("model", "dataset"):
        facts = derive_facts(contents(with_weights), metadata=metadata, repo_type=repo_type, repo_id="acme/this")
        # Neither NaN nor a lone surrogate: the facts become JSON and Markdown.
        json.dumps(as_tree(facts), allow_nan=False, ensure_ascii=False).encode()


class Broken:
    """A file that cannot be read any more."""

    size = 100
    identity = None
    local_path = None

    def __init__(self, error: Exception) -> None:
        self.error = error

    def open(self) -> Any:
        """Fail."""
        raise self.error

    def read(self) -> bytes:
        """Fail."""
        raise self.error

    def read_at(self, offset: int, length: int) -> bytes:
        """Fail."""
        raise self.error

    def unchanged(self) -> None:
        """Fail."""
        raise self.error


@pytest.mark.parametrize("error", [OSError("gone"), ContentChangedError("changed")])
def test_a_file_that_cannot_be_read_gives_no_facts(error: Exception) -> None:
    names = [*RELEASE, *NAMES, "a.gguf", "b.onnx", "train.csv", "metrics.csv", "emissions.csv"]
    broken: list[tuple[str, Content]] = [(name, Broken(error)) for name in names]
    for repo_type in ("model", "dataset"):
        found = {fact.name for fact in derive_facts(broken, repo_type=repo_type)}
        assert found <= {"files.count", "files.largest", "files.size", "license", "data.configs", "data.format"}


def test_the_json_that_is_kept_in_memory_is_bounded() -> None:
    state = b'{"global_step": 3, "x": "' + b"x" * (15 << 20) + b'"}'
    files: list[tuple[str, Content]] = [(f"c{index}/trainer_state.json", InMemory(state)) for index in range(20)]
    sources = SourceFiles.of(files)
    read = [sources.mapping(path, 16 << 20) for path in sources]
    assert sum(bool(value) for value in read) == 3
    assert {fact.name: fact.value for fact in derive_facts(files)}["training.steps"] == 3


def test_another_error_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        derive_facts([("config.json", Broken(ZeroDivisionError()))])


def test_no_files_give_the_facts_of_no_files() -> None:
    assert [(fact.name, fact.value) for fact in derive_facts([])] == [
        ("files.count", 0),
        ("files.largest", []),
        ("files.size", 0),
    ]
    assert derive_facts([("x", InMemory(b""))])[0].value == 1
