"""The types and forms of single values in front matter."""

from typing import Any

import pytest

from hublish.schemas.documents.card_metadata import metadata_problems
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.vocabulary import card_fields

MIT = {"license": "mit"}

WRONG: dict[str, tuple[RepoType, dict[str, Any], str, str]] = {
    "results_in_words": ("model", {"eval_results": "see the table"}, "eval_results", "card.evaluation"),
    "results_as_a_list": ("model", {"eval_results": [{"task": {}}]}, "eval_results", "model-index"),
    "emissions_alone": ("model", {"co2_eq_emissions": 12}, "co2_eq_emissions", "emissions: 12.5"),
    "emissions_with_a_unit": ("model", {"co2_eq_emissions": {"emissions": "12 kg"}}, "co2_eq_emissions.emissions", ""),
    "emissions_below_zero": ("model", {"co2_eq_emissions": {"emissions": -1}}, "co2_eq_emissions.emissions", ""),
    "emissions_forgotten": ("model", {"co2_eq_emissions": {"source": "x"}}, "co2_eq_emissions.emissions", ""),
    "widget_misspelled": (
        "model",
        {"widget": [{"text": "x", "exampletitle": "y"}]},
        "widget[0].exampletitle",
        "rename",
    ),
    "gated_in_a_card": ("model", {"gated": "auto"}, "gated", "repo.gated"),
    "info_of_words": ("dataset", {"dataset_info": "10 rows"}, "dataset_info", "features"),
    "widget_of_words": ("model", {"widget": ["hello"]}, "widget[0]", ""),
    "widget_source": ("model", {"widget": [{"src": ["a.png"]}]}, "widget[0].src", ""),
    "tags_in_words": ("model", {"tags": "vision, digits"}, "tags", "tags: [vision, digits]"),
    "tags_as_a_mapping": ("dataset", {"tags": {"a": 1}}, "tags", ""),
    "tags_with_null": ("dataset", {"tags": ["a", None]}, "tags[1]", ""),
    "language_by_name": ("model", {"language": "English"}, "language", "write `en`"),
    "language_in_capitals": ("model", {"language": ["EN"]}, "language[0]", "write `en`"),
    "language_with_a_region": ("dataset", {"language": ["pt-BR"]}, "language[0]", "write `pt`"),
    "language_of_no_country": ("kernel", {"language": "Klingon words"}, "language", "such as `en`"),
    "license_link_forgotten": ("model", {"license": "other", "license_name": "own"}, "license_link", "LICENSE"),
    "new_version_as_a_url": ("model", {"new_version": "https://hf.co/a/b"}, "new_version", "a/b"),
    "gate_unknown": ("model", {"extra_gated_fields": {"Age": "number"}}, "extra_gated_fields.Age", "write one"),
    "gate_without_options": (
        "model",
        {"extra_gated_fields": {"Use": {"type": "select"}}},
        "extra_gated_fields.Use",
        "",
    ),
    "gate_as_a_list": ("dataset", {"extra_gated_fields": ["Age"]}, "extra_gated_fields", ""),
    "viewer_in_words": ("dataset", {"viewer": "off"}, "viewer", "true"),
    "configs_as_a_mapping": ("dataset", {"configs": {"config_name": "x"}}, "configs", "- key: value"),
    "library_like_another": ("model", {"library_name": "pytorch"}, "library_name", "choose one"),
    "emoji_by_name": ("space", {"emoji": ":rocket:"}, "emoji", "one emoji"),
    "emoji_in_words": ("space", {"emoji": "rocket"}, "emoji", ""),
    "emoji_twice": ("space", {"emoji": "🚀🔥"}, "emoji", ""),
    "pinned_in_words": ("space", {"pinned": "yes"}, "pinned", "without quotes"),
    "port_in_quotes": ("space", {"app_port": "7860"}, "app_port", "without quotes"),
    "port_too_large": ("space", {"app_port": 70_000}, "app_port", "65535"),
    "base_path": ("space", {"base_path": "docs"}, "base_path", "write `/docs`"),
    "header": ("space", {"header": "none"}, "header", ""),
    "headers": ("space", {"custom_headers": {"x-frame-options": "deny"}}, "custom_headers.x-frame-options", ""),
    "scope": ("space", {"hf_oauth": True, "hf_oauth_scopes": ["read-repo"]}, "hf_oauth_scopes[0]", "'read-repos'?"),
    "scopes_alone": ("space", {"hf_oauth_scopes": ["email"]}, "hf_oauth_scopes", "hf_oauth: true"),
    "hardware": ("space", {"suggested_hardware": "a10-small"}, "suggested_hardware", "'a10g-small'?"),
    "python_in_words": ("space", {"python_version": "python3.10"}, "python_version", '"3.12"'),
    "title_as_a_list": ("space", {"title": ["D"]}, "title", ""),
}


@pytest.mark.parametrize(("repo_type", "metadata", "path", "hint"), WRONG.values(), ids=WRONG)
def test_a_value_of_another_form_is_a_warning(
    repo_type: RepoType, metadata: dict[str, Any], path: str, hint: str
) -> None:
    (only,) = metadata_problems({**MIT, **metadata}, repo_type)
    assert (only.severity, only.path) == ("warning", f"card.metadata.{path}")
    assert hint in only.hint or hint in only.message
    assert "torchgeo" not in only.hint


@pytest.mark.parametrize("emoji", ["🚀", "✏️", "🔢", "1️⃣", "🇫🇷", "👩‍💻", "👍🏽", "❤️‍🔥", "♾️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "\U0001fae9"])
def test_one_emoji_is_accepted(emoji: str) -> None:
    assert metadata_problems({**MIT, "emoji": emoji}, "space") == ()


GOOD: list[tuple[RepoType, dict[str, Any]]] = [
    ("model", {"language": ["en", "fil", "code", "multilingual", "no"], "tags": [], "widget": [{"text": "x"}]}),
    ("model", {"co2_eq_emissions": {"emissions": 0.5}, "thumbnail": "https://a.example/x.png", "inference": False}),
    ("model", {"extra_gated_fields": {"Use": {"type": "select", "options": ["a"]}, "Name": "text"}}),
    ("dataset", {"dataset_info": {"splits": [{"name": "train", "num_examples": 10}]}, "viewer": False}),
    ("dataset", {"configs": [{"config_name": "default", "data_files": "*.csv", "sep": ";"}]}),
    ("space", {"python_version": "3.10", "sdk_version": "5.9.1", "app_port": 7860, "pinned": False, "base_path": "/"}),
    ("space", {"hf_oauth": True, "hf_oauth_scopes": ["email", "read-repos"], "preload_from_hub": ["a/b model.bin"]}),
]


@pytest.mark.parametrize(("repo_type", "metadata"), GOOD)
def test_documented_forms_are_accepted(repo_type: RepoType, metadata: dict[str, Any]) -> None:
    assert metadata_problems({**MIT, **metadata}, repo_type) == ()


def test_every_example_of_the_vocabulary_has_its_form() -> None:
    # Some keys have a meaning only beside another.
    oauth, other = {"hf_oauth": True}, {"license": "other", "license_link": "LICENSE"}
    beside: dict[str, dict[str, Any]] = {
        **dict.fromkeys(("hf_oauth_scopes", "hf_oauth_expiration_minutes", "hf_oauth_authorized_org"), oauth),
        "license_name": other,
        "base_model_relation": {"base_model": "acme/digits-base"},
    }
    for key, field in card_fields().items():
        metadata = {**MIT, **beside.get(key, {}), key: field.example}
        for repo_type in field.repo_types:
            assert metadata_problems(metadata, repo_type) == (), key  # type: ignore[arg-type]  # JSON has plain strings


# The number, the text of the file, and the severity where hublish writes it again and where the file stays as it is.
NUMBERS: dict[str, tuple[RepoType, dict[str, Any], str, str, tuple[str, str]]] = {
    "python": ("space", {"python_version": 3.1}, "python_version", "3.10", ("error", "warning")),
    "python_unchanged": ("space", {"python_version": 3.9}, "python_version", "3.9", ("error", "warning")),
    "sdk": ("space", {"sdk_version": 4.1}, "sdk_version", "4.10", ("error", "warning")),
    "sdk_whole": ("space", {"sdk_version": 5}, "sdk_version", "5", ("error", "warning")),
    "own_key": ("model", {"transformers_version": 4.5}, "transformers_version", "4.50", ("error", "warning")),
    "other_key": ("model", {"cuda": 12.1}, "cuda", "12.10", ("error", "warning")),
    "nested": ("model", {"x": {"model_version": 1.1}}, "x.model_version", "1.10", ("error", "warning")),
    "tag": ("model", {"tags": [3.1]}, "tags[0]", "3.10", ("error", "warning")),
    "year": ("space", {"title": 2024}, "title", "2024", ("warning", "warning")),
    "exponent": ("model", {"tags": [1000.0]}, "tags[0]", "1e3", ("error", "warning")),
    "config": (
        "dataset",
        {"configs": [{"config_name": 2024, "data_files": "*.csv"}]},
        "configs[0].config_name",
        "2024",
        ("warning", "warning"),
    ),
}


@pytest.mark.parametrize(("repo_type", "metadata", "place", "text", "severities"), NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize("kept", [False, True])
def test_a_number_in_place_of_text_is_quoted_as_it_is_written(
    repo_type: RepoType, metadata: dict[str, Any], place: str, text: str, severities: tuple[str, str], kept: bool
) -> None:
    (only,) = metadata_problems({**MIT, **metadata}, repo_type, written={place: text}.get, kept=kept)
    assert (only.path, only.severity, only.hint) == (
        f"card.metadata.{place}",
        severities[kept],
        f'quote it: "{text}"',
    )


@pytest.mark.parametrize(
    "metadata",
    [
        {"co2_eq_emissions": {"emissions": 12.5}},
        {"widget": [{"text": "x", "parameters": {"temperature": 0.9}}]},
        {"threshold": 0.5, "epochs": 20},
    ],
)
def test_measurements_are_no_versions(metadata: dict[str, Any]) -> None:
    assert (
        metadata_problems({**MIT, **metadata}, "model", written=lambda _: "0.50" if "epochs" not in metadata else None)
        == ()
    )
