"""`card.evaluation` of hub.yaml: files with results, and what they measure."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Discriminator, Field, Tag, ValidationInfo, field_validator

from hublish.schemas.diagnose.problems import InvalidValueError
from hublish.schemas.documents.field_types import MOST_ENTRIES, Line, LocalPath
from hublish.schemas.documents.hub_names import check_repo_id
from hublish.schemas.documents.manifest_part import ManifestPart

# A date or a time of ISO 8601.
DATE: Final = r"^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?)?$"
_URL: Final = r"^https?://[^\s<>\"]+$"


def _check_date(text: str) -> str:
    if not re.fullmatch(DATE, text):
        raise InvalidValueError("expected a date or a time of ISO 8601", "write it as 2026-01-31")
    return text


def _check_url(text: str) -> str:
    if not re.fullmatch(_URL, text):
        raise InvalidValueError("expected a URL", "write it as https://...")
    return text


def _form(value: object) -> str:
    return "one path" if isinstance(value, str) or value is None else "several files"


def _naming(value: object) -> str:
    return "a mapping" if isinstance(value, dict) else "a list"


# The type of a value chooses the form, so that errors concern only that one.
Metrics = Annotated[
    Annotated[tuple[Line, ...], Field(max_length=MOST_ENTRIES), Tag("a list")]
    | Annotated[dict[Line, Line], Field(max_length=MOST_ENTRIES), Tag("a mapping")],
    Discriminator(_naming),
]
Date = Annotated[Line, AfterValidator(_check_date), Field(json_schema_extra={"pattern": DATE})]
Url = Annotated[Line, AfterValidator(_check_url), Field(json_schema_extra={"pattern": _URL})]


class EvaluationDataset(ManifestPart):
    """The dataset that results were measured on, with the keys of the Hub's `model-index`."""

    type: Line = Field(examples=["mnist"])
    """The id of the dataset on the Hub, or another short name."""
    name: Line | None = Field(default=None, examples=["MNIST"])
    """The name that readers see. null: `type`."""
    config: Line | None = Field(default=None, examples=["en"])
    """The configuration of the dataset."""
    split: Line | None = Field(default=None, examples=["test"])
    """The split of the dataset."""
    revision: Line | None = Field(default=None, examples=["5503434ddd753f426f4b38109466949a1217c2bb"])
    """The commit of the dataset."""
    task_id: Line | None = Field(default=None, examples=["gpqa_diamond"])
    """The id of a task in the `eval.yaml` of a benchmark on the Hub. With it, the first metric is also written to
    `.eval_results/`, from which the Hub makes the benchmark's leaderboard. `type` is then the id of the benchmark."""

    @field_validator("task_id")
    @classmethod
    def _of_a_dataset_on_the_hub(cls, value: str | None, info: ValidationInfo) -> str | None:
        name = info.data.get("type")
        if value is not None and name is not None:
            try:
                check_repo_id(name)
            except ValueError:
                message = "a leaderboard belongs to a dataset on the Hub, and `type` is not the id of one"
                hint = "write `type: namespace/name` as the Hub shows it, or remove `task_id`"
                raise InvalidValueError(message, hint, conflict="type") from None
        return value


class EvaluationSource(ManifestPart):
    """Where readers find more about results."""

    url: Url = Field(examples=["https://huggingface.co/spaces/acme/logs"])
    """The address of logs, a report or a paper."""
    name: Line | None = Field(default=None, examples=["Evaluation logs"])
    """The name of the source."""
    user: Line | None = Field(default=None, examples=["celinah"])
    """The user of the Hub who measured the results, for `.eval_results/`."""
    org: Line | None = Field(default=None, examples=["acme"])
    """The organization on the Hub that measured the results, for `.eval_results/`."""


class EvaluationFile(ManifestPart):
    """A file of results, and what they measure."""

    file: LocalPath = Field(examples=["runs/best/metrics.json"])
    """A file of results, relative to hub.yaml. Its content decides on its format: metrics as JSON or csv, results of
    transformers' Trainer, lm-evaluation-harness, lighteval, inspect-ai or scikit-learn's `classification_report`, or a
    `model-index`."""
    task: Line | None = Field(default=None, examples=["image-classification"])
    """The task on the Hub. null: from the file; `text-generation` for harnesses of language models."""
    dataset: EvaluationDataset | None = None
    """The dataset. null: from the file, if it names one."""
    benchmarks: tuple[Line, ...] = Field(default=(), max_length=MOST_ENTRIES, examples=[["hellaswag", "mmlu"]])
    """The benchmarks of a harness to publish. Default: all, where a group replaces its members."""
    metrics: Metrics = Field(default=(), examples=[["accuracy", "f1"], {"top1": "accuracy"}])
    """The metrics to publish, in this order: their names in the file, or a mapping from these to the ids of metrics on
    the Hub. Default: every number that is not a setting or a running time."""
    source: EvaluationSource | None = None
    """Where readers find more."""
    date: Date | None = Field(default=None, examples=["2026-01-31"])
    """The date of the evaluation, for `.eval_results/`. null: from the file."""
    notes: Line | None = Field(default=None, examples=["no-tools"])
    """The setup of the evaluation, for `.eval_results/`."""


def evaluation_files(evaluation: "Evaluation | None") -> tuple[str, ...]:
    """Return the files that `card.evaluation` names."""
    if isinstance(evaluation, tuple):
        return tuple(entry.file for entry in evaluation)
    return (evaluation,) if evaluation else ()


Evaluation = Annotated[
    Annotated[LocalPath, Tag("one path")]
    | Annotated[tuple[EvaluationFile, ...], Field(max_length=MOST_ENTRIES), Tag("several files")],
    Discriminator(_form),
]
