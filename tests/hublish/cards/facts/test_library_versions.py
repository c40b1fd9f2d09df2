"""Versions of libraries, from the configuration files that they write."""

from typing import Any

import pytest

from tests.hublish.cards.facts.releases import Files, derived

CASES: dict[str, tuple[Files, dict[str, Any]]] = {
    "transformers": ({"config.json": {"transformers_version": "4.57.0"}}, {"transformers": "4.57.0"}),
    "diffusers": ({"model_index.json": {"_diffusers_version": "0.35.0.dev0"}}, {"diffusers": "0.35.0.dev0"}),
    "sentence-transformers": (
        {"config_sentence_transformers.json": {"__version__": {"sentence_transformers": "5.1.0", "pytorch": "2.8.0"}}},
        {"sentence-transformers": "5.1.0", "torch": "2.8.0"},
    ),
    "keras": ({"metadata.json": {"keras_version": "3.12.0"}}, {"keras": "3.12.0"}),
    "spacy": ({"meta.json": {"spacy_version": ">=3.5.0"}}, {"spacy": ">=3.5.0"}),
    "the first file counts": (
        {"config.json": {"transformers_version": "2"}, "generation_config.json": {"transformers_version": "1"}},
        {"transformers": "2"},
    ),
    "other keys": ({"config.json": {"format_version": "1.0", "model_version": "2", "version": "3"}}, {}),
    "not versions": (
        {"config.json": {"transformers_version": 4, "peft_version": "<b>", "keras_version": "9" * 99}},
        {},
    ),
    "not a mapping": ({"config_sentence_transformers.json": {"__version__": "5.1"}, "config.json": [1]}, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_reads_the_versions(case: str) -> None:
    files, expected = CASES[case]
    facts = derived(files)
    found = {name.removeprefix("versions."): fact.value for name, fact in facts.items() if name.startswith("versions.")}
    assert found == expected


def test_names_the_file_and_the_key() -> None:
    fact = derived({"config_sentence_transformers.json": {"__version__": {"pytorch": "2.8.0"}}})["versions.torch"]
    assert (fact.file, fact.key) == ("config_sentence_transformers.json", "__version__.pytorch")
