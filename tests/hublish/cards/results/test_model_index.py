"""The results of a model-index, read and written without a loss, and as the real client understands them."""

from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData
from huggingface_hub.repocard_data import model_index_to_eval_results
from hypothesis import given, settings
from hypothesis import strategies as st

from hublish.cards.results.model_index import index_entry, model_index, read_index
from hublish.cards.results.result import Result, Score
from hublish.formats.front_matter import with_front_matter
from hublish.schemas.documents.card_metadata import metadata_problems
from hublish.schemas.documents.manifest_yaml import dump_yaml
from hublish.schemas.yaml.reader import read_yaml

# The characters that YAML can store, without the invisible ones, which the reader refuses.
TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Cn", "Co")), min_size=1, max_size=30)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**60), 2**60)
METRICS = st.fixed_dictionaries(
    {"type": TEXTS, "value": NUMBERS | TEXTS},
    optional={"name": TEXTS, "config": TEXTS, "args": st.dictionaries(TEXTS, NUMBERS)},
)
ENTRIES = st.fixed_dictionaries(
    {
        "task": st.fixed_dictionaries({"type": TEXTS}, optional={"name": TEXTS}),
        "dataset": st.fixed_dictionaries(
            {"type": TEXTS, "name": TEXTS}, optional={"config": TEXTS, "split": TEXTS, "revision": TEXTS}
        ),
        "metrics": st.lists(METRICS, min_size=1, max_size=3),
    },
    optional={"source": st.fixed_dictionaries({"url": TEXTS}, optional={"name": TEXTS})},
)


@settings(max_examples=60)
@given(st.lists(ENTRIES, min_size=1, max_size=3))
def test_reading_and_writing_loses_nothing(entries: list[dict[str, Any]]) -> None:
    index = [{"name": "digits", "results": entries}]
    read = read_index({"model-index": read_yaml(dump_yaml({"x": index}).encode(), "x").data["x"]}, "README.md")
    assert read is not None
    assert model_index("digits", read) == index
    assert not metadata_problems({"license": "mit", "model-index": index}, "model")
    name, results = model_index_to_eval_results(index)
    assert (name, len(results)) == ("digits", sum(len(entry["metrics"]) for entry in entries))


def test_the_client_reads_the_results_that_are_written() -> None:
    score = Score("macro avg.f1-score", 0.7619, "f1", "f1", "F1 (macro)", {"average": "macro"})
    dataset = {"type": "acme/iris", "name": "Iris", "config": "default", "split": "test", "revision": "0" * 40}
    source = {"name": "Logs", "url": "https://example.org", "org": "acme"}
    result = Result("m.json", (score,), task={"type": "tabular-classification"}, dataset=dataset, source=source)
    card = ModelCard(with_front_matter({"model-index": model_index("iris", [result])}, "# Iris"))
    assert isinstance(card.data, ModelCardData)
    (read,) = card.data.eval_results or [EvalResult("", "", "", "", None)]
    assert (read.task_type, read.dataset_type, read.dataset_config, read.dataset_split) == (
        *("tabular-classification", "acme/iris", "default", "test"),
    )
    assert (read.metric_type, read.metric_name, read.metric_value, read.metric_args) == (
        *("f1", "F1 (macro)", 0.7619, {"average": "macro"}),
    )
    assert (read.source_name, read.source_url) == ("Logs", "https://example.org")
    assert "org" not in index_entry(result)["source"]


def test_all_models_of_an_index_are_read_with_their_places() -> None:
    entry = {"task": {"type": "x"}, "dataset": {"type": "y", "name": "y"}, "metrics": [{"type": "f1", "value": 1}]}
    found = read_index([{"name": "a", "results": [entry]}, {"name": "b", "results": [entry, entry]}], "x")
    assert found is not None
    assert [result.key for result in found] == ["[0].results[0]", "[1].results[0]", "[1].results[1]"]
    assert found[2].scores[0].key == "[1].results[1].metrics[0]"
