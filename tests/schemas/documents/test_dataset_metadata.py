"""The description of the data in a dataset's card: documented forms are accepted, whatever a file contains is read."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.schemas.documents.card_metadata import metadata_problems
from hublish.schemas.documents.dataset_metadata import size_category
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.vocabulary import card_fields

MIT = {"license": "mit"}
ANSWERS = {"name": "answers", "sequence": [{"name": "text", "dtype": "string"}, {"name": "start", "dtype": "int32"}]}
LABEL = {"name": "label", "dtype": {"class_label": {"names": {"0": "cat", "1": "dog"}}}}
SQUAD = {
    "config_name": "plain_text",
    "features": [{"name": "id", "dtype": "string"}, ANSWERS],
    "splits": [{"name": "train", "num_bytes": 79346108, "num_examples": 87599}],
    "download_size": 16278203,
    "dataset_size": 89819092,
}


@pytest.mark.parametrize(
    "metadata",
    [
        {"dataset_info": SQUAD, "configs": [{"config_name": "plain_text", "data_files": "*"}]},
        {"dataset_info": [SQUAD, {**SQUAD, "config_name": "other"}]},
        {"dataset_info": {"features": [LABEL, {"name": "image", "dtype": "image"}]}},
        {"dataset_info": {"features": [{**LABEL, "dtype": {"class_label": {"names": ["cat", "dog"]}}}]}},
        {"dataset_info": {"features": [{"name": "t", "dtype": {"translation": {"languages": ["en", "fr"]}}}]}},
        {"dataset_info": {"features": [{"name": "x", "dtype": {"array2_d": {"shape": [2, 2], "dtype": "float32"}}}]}},
        {"dataset_info": {"features": [{"name": "a", "list": "string"}, {"name": "b", "sequence": "int64"}]}},
        {"dataset_info": {"features": [{"name": "a", "list": [{"name": "role", "dtype": "string"}]}]}},
        {"dataset_info": {"features": [{"name": "a", "list": {"struct": [{"name": "x", "dtype": "bool"}]}}]}},
        {"dataset_info": {"features": [{"name": "a", "struct": [{"name": "b", "large_list": "float16"}]}]}},
        {"dataset_info": {"features": [{"name": "t", "dtype": "timestamp[ns, tz=UTC]"}]}},
        {"dataset_info": {"features": [{"name": "t", "dtype": kind} for kind in ("date32", "decimal128(10, 2)")][:1]}},
        {
            "dataset_info": {
                "features": [{"name": "d", "dtype": "duration[ms]"}, {"name": 2024, "dtype": "large_string"}]
            }
        },
        {
            "configs": [
                {"config_name": "a", "data_dir": "a", "default": True, "sep": "\t", "delimiter": ";", "names": ["x"]}
            ]
        },
        {"size_categories": ["1K<n<10K"], "dataset_info": {"splits": [{"name": "train", "num_examples": 1000}]}},
        {
            "size_categories": ["1K<n<10K", "n<1K"],
            "dataset_info": {"splits": [{"name": "train", "num_examples": 10**6}]},
        },
        {"size_categories": "n<1K", "dataset_info": {"splits": [{"name": "a", "num_examples": 10**6}, {"name": "b"}]}},
        {"task_ids": ["named-entity-recognition", "extractive-qa"], "task_categories": ["token-classification"]},
        {"source_datasets": ["original", "extended|squad", "acme/signs", "extended|other-wiki"]},
        {"annotations_creators": ["found", "no-annotation", "other"], "multilinguality": "other-programming-languages"},
        {"language_details": ["en-US", "zh-Hant-TW", "sl-IT-nedis"], "language": ["en", "zh", "sl"]},
        {"extra_gated_fields": [{"Name": "text"}, {"I agree": "checkbox"}]},
        {"extra_gated_fields": {"Use": {"type": "select", "options": ["a", {"label": "b", "value": "c"}]}}},
    ],
)
def test_documented_values_are_accepted(metadata: dict[str, Any]) -> None:
    assert metadata_problems({**MIT, **metadata}, "dataset") == ()


@pytest.mark.parametrize(
    ("rows", "category"),
    [
        (0, "n<1K"),
        (999, "n<1K"),
        (1000, "1K<n<10K"),
        (10**6 - 1, "100K<n<1M"),
        (10**6, "1M<n<10M"),
        (10**12 - 1, "100B<n<1T"),
        (10**12, "n>1T"),
        (10**20, "n>1T"),
    ],
)
def test_a_number_of_rows_has_its_category(rows: int, category: str) -> None:
    assert size_category(rows) == category
    assert category in card_fields()["size_categories"].values


leaves = st.none() | st.booleans() | st.integers(-5, 10**12) | st.floats() | st.text(max_size=12)
known = st.sampled_from(
    [
        *("name", "dtype", "list", "sequence", "struct", "class_label", "names", "splits", "features", "num_examples"),
        *(
            "config_name",
            "data_files",
            "data_dir",
            "default",
            "type",
            "options",
            "results",
            "task",
            "dataset",
            "metrics",
        ),
        *("value", "emissions", "src", "output", "cross-origin-opener-policy"),
    ]
)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(known | st.text(max_size=4), inner, max_size=4)
)


@given(st.sampled_from(get_args(RepoType)), st.dictionaries(st.sampled_from(sorted(card_fields())), values, max_size=5))
def test_any_value_of_any_key_is_read(repo_type: RepoType, metadata: dict[str, Any]) -> None:
    for problem in metadata_problems(metadata, repo_type, repo_id="me/x", gated=False):
        assert problem.path.startswith("card.metadata.")
        assert problem.message
        assert problem.hint


KEYED = {
    "dataset_info": {"splits": 5, "features": 5, "config_name": []},
    "configs": [{"config_name": [], "default": [], 3: 4}, 5],
    "size_categories": [[]],
    "task_ids": [{}],
    "custom_headers": {3: [], "cross-origin-opener-policy": []},
    "preload_from_hub": [[], "", " "],
    "hf_oauth_authorized_org": [{}],
    "extra_gated_fields": [{3: []}, 4],
    "co2_eq_emissions": {3: 4, "source": []},
    "model-index": [{"results": [{"task": [], "metrics": [[]]}, 3]}, 4],
    "widget": [{3: 4}, []],
    "base_model": {"a": 1},
    "tags": {"a": 1},
}


@pytest.mark.parametrize("repo_type", get_args(RepoType))
def test_values_of_other_types_are_read_all_at_once(repo_type: RepoType) -> None:
    metadata_problems(KEYED, repo_type, repo_id="me/x", gated=False)
