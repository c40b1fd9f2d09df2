"""Faults in the metadata of cards, as authors write them, each with the right finding, its place and its fix.

`#!` marks the line that the finding must name. A place without a mark is a key that is missing.
"""

from collections.abc import Iterator
from typing import NamedTuple

from hublish.schemas.documents.hub_names import RepoType

REFUSED, ADVICE = "card.refused", "card.advice"
MARK = "  #!"


class Fault(NamedTuple):
    """The lines of the metadata, and the finding about them."""

    repo_type: RepoType
    metadata: str
    code: str
    place: str
    fix: str
    """A part of the hint."""


def _index(result: str, *, name: str = "digits") -> str:
    lines = "\n".join(f"    {line}" for line in result.splitlines())
    return f"model-index:\n- name: {name}\n  results:\n  -\n{lines}"


_TASK = "task: {type: image-classification}\n"
_DATA = "dataset: {type: digits, name: Digits}\n"
_METRIC = "metrics: [{type: accuracy, value: 0.9}]"
_RESULT = "model-index[0].results[0]"

# Those for which the Hub rejects the commit.
ERRORS: dict[str, Fault] = {
    "license_of_spdx": Fault("model", "license: Apache-2.0  #!", REFUSED, "license", "'apache-2.0'"),
    "license_in_words": Fault("model", "license: MIT License  #!", REFUSED, "license", "'mit'"),
    "license_without_version": Fault("model", "license: gpl3  #!", REFUSED, "license", "'gpl-3.0'"),
    "license_or_later": Fault("dataset", "license: GPL-3.0-or-later  #!", REFUSED, "license", "'gpl-3.0'"),
    "license_invented": Fault("model", "license: free-for-all  #!", REFUSED, "license", "license_name"),
    "license_in_a_list": Fault("model", "license:\n- mit\n- nope-1.0  #!", REFUSED, "license[1]", "license: other"),
    "license_a_mapping": Fault("model", "license: {id: mit}  #!", REFUSED, "license", "license: other"),
    "datasets_a_path": Fault("model", "datasets:\n- /var/hf/images/  #!", REFUSED, "datasets[0]", "local path"),
    "datasets_null": Fault("model", "datasets:\n- null  #!", REFUSED, "datasets[0]", "remove it"),
    "datasets_a_url": Fault(
        "model", "datasets: https://huggingface.co/datasets/acme/signs  #!", REFUSED, "datasets", "acme/signs"
    ),
    "datasets_of_a_space": Fault("space", "sdk: static\ndatasets: ['a b']  #!", REFUSED, "datasets[0]", ""),
    "models_of_a_space": Fault("space", "sdk: static\nmodels: [./best]  #!", REFUSED, "models[0]", "local path"),
    "base_model_a_path": Fault("model", "base_model: ./runs/best  #!", REFUSED, "base_model", "local path"),
    "base_model_on_windows": Fault(
        "model", 'base_model: "C:\\\\runs\\\\best"  #!', REFUSED, "base_model", "local path"
    ),
    "base_model_with_a_branch": Fault("model", "base_model: acme/base@main  #!", REFUSED, "base_model", ""),
    "base_model_deep": Fault("model", "base_model: models/acme/base  #!", REFUSED, "base_model", ""),
    "base_model_in_a_list": Fault("model", "base_model:\n- acme/a\n- ''  #!", REFUSED, "base_model[1]", "remove it"),
    "widget_in_words": Fault("model", "widget: Hello  #!", REFUSED, "widget", "- text: Hello"),
    "widget_a_mapping": Fault("model", "widget: {text: Hello}  #!", REFUSED, "widget", "- key: value"),
    "index_a_mapping": Fault("model", "model-index: {name: digits}  #!", REFUSED, "model-index", "`- `"),
    "index_of_words": Fault("model", "model-index: [digits]  #!", REFUSED, "model-index[0]", "key: value"),
    "index_without_a_name": Fault(
        "model", "model-index:\n- results: []  #!", REFUSED, "model-index[0].name", "`name: "
    ),
    "index_without_results": Fault(
        "model", "model-index:\n- name: digits  #!", REFUSED, "model-index[0].results", "results:"
    ),
    "result_without_a_task": Fault("model", _index(f"{_DATA}{_METRIC}"), REFUSED, f"{_RESULT}.task", "type: ..."),
    "task_without_a_type": Fault(
        "model", _index(f"task: {{name: Digits}}  #!\n{_DATA}{_METRIC}"), REFUSED, f"{_RESULT}.task.type", "`type: "
    ),
    "result_without_a_dataset": Fault("model", _index(f"{_TASK}{_METRIC}"), REFUSED, f"{_RESULT}.dataset", "type: ..."),
    "dataset_without_a_name": Fault(
        "model", _index(f"{_TASK}dataset: {{type: d}}  #!\n{_METRIC}"), REFUSED, f"{_RESULT}.dataset.name", "`name: "
    ),
    "dataset_without_a_type": Fault(
        "model", _index(f"{_TASK}dataset: {{name: d}}  #!\n{_METRIC}"), REFUSED, f"{_RESULT}.dataset.type", "`type: "
    ),
    "config_a_list": Fault(
        "model",
        _index(f"{_TASK}dataset: {{type: d, name: D, config: [a]}}  #!\n{_METRIC}"),
        REFUSED,
        f"{_RESULT}.dataset.config",
        "quote it",
    ),
    "result_without_metrics": Fault("model", _index(f"{_TASK}{_DATA}"), REFUSED, f"{_RESULT}.metrics", "`metrics:`"),
    "metrics_in_words": Fault(
        "model", _index(f"{_TASK}{_DATA}metrics: accuracy  #!"), REFUSED, f"{_RESULT}.metrics", "`- `"
    ),
    "metric_without_a_value": Fault(
        "model",
        _index(f"{_TASK}{_DATA}metrics: [{{type: accuracy}}]  #!"),
        REFUSED,
        f"{_RESULT}.metrics[0].value",
        "value: ...",
    ),
    "metric_without_a_type": Fault(
        "model", _index(f"{_TASK}{_DATA}metrics: [{{value: 1}}]  #!"), REFUSED, f"{_RESULT}.metrics[0].type", "`type: "
    ),
    "source_without_a_url": Fault(
        "model", _index(f"{_TASK}{_DATA}{_METRIC}\nsource: {{name: x}}  #!"), REFUSED, f"{_RESULT}.source.url", "`url: "
    ),
    "color": Fault("space", "sdk: static\ncolorFrom: black  #!", REFUSED, "colorFrom", "one of them"),
    "color_in_capitals": Fault("space", "sdk: static\ncolorTo: Blue  #!", REFUSED, "colorTo", "'blue'"),
    "description_too_long": Fault(
        "space", f"sdk: static\nshort_description: {'x' * 61}  #!", REFUSED, "short_description", "shorten it"
    ),
    "python_a_number": Fault("space", "sdk: gradio\npython_version: 3.10  #!", REFUSED, "python_version", '"3.10"'),
    "sdk_version_a_number": Fault("space", "sdk: gradio\nsdk_version: 5.0  #!", REFUSED, "sdk_version", '"5.0"'),
}

# Those that the Hub accepts, and then shows nothing, or something else; `check --strict` refuses them.
WARNINGS: dict[str, Fault] = {
    "license_missing": Fault("model", "tags: [a]", ADVICE, "license", "may not use"),
    "other_without_a_name": Fault("model", "license: other", ADVICE, "license_name", "license_link"),
    "other_without_a_link": Fault("model", "license: other\nlicense_name: own", ADVICE, "license_link", "LICENSE"),
    "license_name_beside_an_id": Fault(
        "model", "license: mit\nlicense_name: own  #!", ADVICE, "license_name", "license: other"
    ),
    "license_link_to_nothing": Fault(
        "model",
        "license: other\nlicense_name: own\nlicense_link: LICENSE.txt  #!",
        "card.missing_file",
        "license_link",
        "artifacts",
    ),
    "thumbnail_missing": Fault("model", "thumbnail: a.png  #!", "card.missing_file", "thumbnail", "artifacts"),
    "language_by_name": Fault("model", "language: German  #!", ADVICE, "language", "write `de`"),
    "language_of_a_country": Fault("model", "language: [en, jp]  #!", ADVICE, "language[1]", "write `ja`"),
    "language_in_capitals": Fault("dataset", "language: EN  #!", ADVICE, "language", "write `en`"),
    "language_with_a_region": Fault("dataset", "language: zh-CN  #!", ADVICE, "language", "language_details"),
    "language_unknown": Fault("model", "language: qqq  #!", ADVICE, "language", "such as `en`"),
    "task_misspelled": Fault("model", "pipeline_tag: image-clasification  #!", ADVICE, "pipeline_tag", "'image-class"),
    "task_with_underscores": Fault("model", "pipeline_tag: text_generation  #!", ADVICE, "pipeline_tag", "'text-gen"),
    "task_unknown": Fault("model", "pipeline_tag: mind-reading  #!", ADVICE, "pipeline_tag", "choose one"),
    "library_misspelled": Fault("model", "library_name: Transformer  #!", ADVICE, "library_name", "'transformers'"),
    "library_uncounted": Fault(
        "model", "library_name: transformers  #!", "card.downloads", "library_name", "`config.json`"
    ),
    "metric_misspelled": Fault("model", "metrics: [acuracy]  #!", ADVICE, "metrics[0]", "'accuracy'"),
    "metric_of_a_result": Fault(
        "model",
        _index(f"{_TASK}{_DATA}metrics: [{{type: acuracy, value: 1}}]  #!"),
        ADVICE,
        f"{_RESULT}.metrics[0].type",
        "'accuracy'",
    ),
    "task_of_a_result": Fault(
        "model",
        _index(f"task: {{type: image_classification}}  #!\n{_DATA}{_METRIC}"),
        ADVICE,
        f"{_RESULT}.task.type",
        "'image-classification'",
    ),
    "key_misspelled": Fault("model", "pipline_tag: fill-mask  #!", ADVICE, "pipline_tag", "'pipeline_tag'"),
    "key_of_another_tool": Fault("model", "licence: mit  #!", ADVICE, "licence", "'license'"),
    "tags_in_words": Fault("model", "tags: vision, digits  #!", ADVICE, "tags", "[vision, digits]"),
    "tag_for_adults": Fault("model", "tags: [not-for-all-audience]  #!", ADVICE, "tags[0]", "not-for-all-audiences"),
    "relation_unknown": Fault(
        "model", "base_model: acme/b\nbase_model_relation: lora  #!", ADVICE, "base_model_relation", "one of them"
    ),
    "relation_alone": Fault("model", "base_model_relation: adapter  #!", ADVICE, "base_model_relation", "base_model:"),
    "merge_of_one": Fault(
        "model", "base_model: acme/b\nbase_model_relation: merge  #!", ADVICE, "base_model_relation", "every model"
    ),
    "base_of_itself": Fault("model", "base_model: me/x  #!", ADVICE, "base_model", "derived from"),
    "new_version_itself": Fault("model", "new_version: me/x  #!", ADVICE, "new_version", "old version"),
    "new_version_a_url": Fault("model", "new_version: https://hf.co/a/b  #!", ADVICE, "new_version", "a/b"),
    "bucket_a_url": Fault("model", "buckets: ['hf://buckets/a/b']  #!", ADVICE, "buckets[0]", ""),
    "widget_without_an_input": Fault("model", "widget:\n- example_title: A  #!", ADVICE, "widget[0]", "`text: "),
    "widget_source_missing": Fault(
        "model", "widget:\n- src: seven.png  #!", "card.missing_file", "widget[0].src", "artifacts"
    ),
    "emissions_alone": Fault("model", "co2_eq_emissions: 12  #!", ADVICE, "co2_eq_emissions", "emissions: 12.5"),
    "emissions_with_a_unit": Fault(
        "model", "co2_eq_emissions:\n  emissions: 12 kg  #!", ADVICE, "co2_eq_emissions.emissions", "such as 12.5"
    ),
    "emissions_hardware": Fault(
        "model",
        "co2_eq_emissions:\n  emissions: 1\n  hardware_used: [A100]  #!",
        ADVICE,
        "co2_eq_emissions.hardware_used",
        "a string",
    ),
    "gates_of_an_open_repo": Fault(
        "model", "extra_gated_prompt: Agree?  #!", ADVICE, "extra_gated_prompt", "`repo.gated`"
    ),
    "results_in_words": Fault("model", "eval_results: see below  #!", ADVICE, "eval_results", "card.evaluation"),
    "size_unknown": Fault("dataset", "size_categories: 1000  #!", ADVICE, "size_categories", "one of them"),
    "size_contradicted": Fault(
        "dataset",
        "size_categories: n<1K  #!\ndataset_info:\n  splits: [{name: train, num_examples: 5000}]",
        ADVICE,
        "size_categories",
        "`1K<n<10K`",
    ),
    "category_of_a_subtask": Fault(
        "dataset", "task_ids: [sentiment-clasification]  #!", ADVICE, "task_ids[0]", "'sentiment"
    ),
    "category_among_subtasks": Fault("dataset", "task_ids: [fill-mask]  #!", ADVICE, "task_ids[0]", "task_categories"),
    "category_unknown": Fault("dataset", "task_categories: [tagging]  #!", ADVICE, "task_categories[0]", "choose one"),
    "source_a_path": Fault("dataset", "source_datasets: [../raw]  #!", ADVICE, "source_datasets[0]", "`original`"),
    "creator_misspelled": Fault(
        "dataset",
        "annotations_creators: [expert_generated]  #!",
        ADVICE,
        "annotations_creators[0]",
        "'expert-generated'",
    ),
    "language_details": Fault("dataset", "language_details: English  #!", ADVICE, "language_details", "`en-US`"),
    "config_without_data": Fault("dataset", "configs:\n- config_name: a  #!", ADVICE, "configs[0]", "data_files"),
    "config_without_a_name": Fault(
        "dataset", "configs:\n- data_files: '*'  #!", "card.data_files", "configs[0]", "config_name"
    ),
    "config_of_no_file": Fault(
        "dataset",
        "configs:\n- config_name: a\n  data_files: data/*.csv  #!",
        "card.data_files",
        "configs[0].data_files",
        "root of the repo",
    ),
    "config_key_misspelled": Fault(
        "dataset",
        "configs:\n- config_name: a\n  data_dir: m\n  datafiles: x  #!",
        ADVICE,
        "configs[0].datafiles",
        "'data_files'",
    ),
    "two_defaults": Fault(
        "dataset",
        "configs:\n- {config_name: a, data_dir: m, default: true}\n- {config_name: b, data_dir: m, default: true}  #!",
        ADVICE,
        "configs[1].default",
        "keep one",
    ),
    "info_of_an_unknown_config": Fault(
        "dataset",
        "configs:\n- {config_name: german, data_files: '*'}\ndataset_info:\n  config_name: germna  #!",
        ADVICE,
        "dataset_info.config_name",
        "'german'",
    ),
    "split_without_a_name": Fault(
        "dataset", "dataset_info:\n  splits:\n  - num_examples: 3  #!", ADVICE, "dataset_info.splits[0]", "name: train"
    ),
    "split_rows_in_words": Fault(
        "dataset",
        "dataset_info:\n  splits:\n  - name: train\n    num_examples: 1,000  #!",
        ADVICE,
        "dataset_info.splits[0].num_examples",
        "digits",
    ),
    "split_twice": Fault(
        "dataset",
        "dataset_info:\n  splits:\n  - name: train\n  - name: train  #!",
        ADVICE,
        "dataset_info.splits[1].name",
        "rename",
    ),
    "feature_type": Fault(
        "dataset",
        "dataset_info:\n  features:\n  - name: text\n    dtype: str  #!",
        ADVICE,
        "dataset_info.features[0].dtype",
        "'string'",
    ),
    "feature_without_a_type": Fault(
        "dataset", "dataset_info:\n  features:\n  - name: text  #!", ADVICE, "dataset_info.features[0]", "dtype: string"
    ),
    "features_a_mapping": Fault(
        "dataset", "dataset_info:\n  features: {text: string}  #!", ADVICE, "dataset_info.features", "- name: text"
    ),
    "viewer_in_words": Fault("dataset", "viewer: 'no'  #!", ADVICE, "viewer", "true"),
    "gate_type": Fault(
        "dataset", "extra_gated_fields:\n  Age: number  #!", ADVICE, "extra_gated_fields.Age", "one of them"
    ),
    "emoji_by_name": Fault("space", "sdk: static\nemoji: ':rocket:'  #!", ADVICE, "emoji", "🚀"),
    "sdk_unknown": Fault("space", "sdk: flask  #!", ADVICE, "sdk", "one of them"),
    "sdk_version_a_range": Fault("space", "sdk: gradio\nsdk_version: '>=5'  #!", ADVICE, "sdk_version", '"5.9.1"'),
    "app_file_missing": Fault(
        "space", "sdk: gradio\napp_file: main.py  #!", "card.missing_file", "app_file", "artifacts"
    ),
    "hardware": Fault(
        "space", "sdk: static\nsuggested_hardware: a10-small  #!", ADVICE, "suggested_hardware", "'a10g-small'"
    ),
    "storage": Fault("space", "sdk: static\nsuggested_storage: small  #!", ADVICE, "suggested_storage", "remove it"),
    "port_of_a_static_space": Fault("space", "sdk: static\napp_port: 7860  #!", ADVICE, "app_port", "Docker"),
    "base_path": Fault("space", "sdk: docker\nbase_path: docs  #!", ADVICE, "base_path", "`/docs`"),
    "header_value": Fault(
        "space",
        "sdk: static\ncustom_headers:\n  cross-origin-opener-policy: strict  #!",
        ADVICE,
        "custom_headers.cross-origin-opener-policy",
        "one of them",
    ),
    "header_in_capitals": Fault(
        "space",
        "sdk: static\ncustom_headers:\n  Cross-Origin-Embedder-Policy: require-corp  #!",
        ADVICE,
        "custom_headers.Cross-Origin-Embedder-Policy",
        "`cross-origin-embedder-policy`",
    ),
    "scope": Fault(
        "space",
        "sdk: static\nhf_oauth: true\nhf_oauth_scopes: [read-repo]  #!",
        ADVICE,
        "hf_oauth_scopes[0]",
        "'read-repos'",
    ),
    "session_too_long": Fault(
        "space",
        "sdk: static\nhf_oauth: true\nhf_oauth_expiration_minutes: 99999  #!",
        ADVICE,
        "hf_oauth_expiration_minutes",
        "43200",
    ),
    "timeout_in_words": Fault(
        "space", "sdk: static\nstartup_duration_timeout: long  #!", ADVICE, "startup_duration_timeout", "`30m`"
    ),
    "preloaded_with_colons": Fault(
        "space", "sdk: static\npreload_from_hub: ['a/b:model.bin']  #!", ADVICE, "preload_from_hub[0]", "file1,file2"
    ),
    "preloaded_at_a_branch": Fault(
        "space", "sdk: static\npreload_from_hub: [a/b model.bin main]  #!", ADVICE, "preload_from_hub[0]", "40 digits"
    ),
    "kernel_license": Fault("kernel", "license: Apache 2  #!", ADVICE, "license", "'apache-2.0'"),
    "kernel_language": Fault("kernel", "license: mit\nlanguage: English  #!", ADVICE, "language", "`en`"),
}


def manifest_of(fault: Fault, *, card: bool) -> Iterator[str]:
    """Yield the lines of a manifest; the faulty metadata is in it, or in a README among the artifacts."""
    yield "repo:"
    yield "  repo_id: me/x"
    yield f"  repo_type: {fault.repo_type}"
    yield "artifacts: [{source: m/}]"
    if card:
        yield "card:"
        yield f"  template: {fault.repo_type}"
        yield "  metadata:"
        yield from (f"    {line}" for line in fault.metadata.splitlines())


def readme_of(fault: Fault) -> Iterator[str]:
    """Yield the lines of a README with the faulty metadata."""
    yield from ("---", *fault.metadata.splitlines(), "---", "# A release")
