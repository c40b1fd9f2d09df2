"""Lists and tables that others define, as JSON files with their source and date, read when first needed.

`make vocabulary` writes the files of `GENERATED` with refresh.mjs. The other tables are maintained by hand.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

GENERATED: Final = (
    *("evaluation_frameworks", "gguf", "language_names", "languages", "libraries", "licenses", "metrics"),
    *("space_settings", "tasks"),
)
"""The files that the script writes."""

ListName: TypeAlias = Literal["licenses", "tasks", "subtasks", "libraries", "metrics"]
TableName: TypeAlias = Literal[
    "card_fields",
    "card_variables",
    "choices",
    "evaluation_frameworks",
    "gguf",
    "hub_facts",
    "language_names",
    "languages",
    "libraries",
    "license_texts",
    "licenses",
    "metrics",
    "model_tasks",
    "never_released",
    "space_settings",
    "spdx_licenses",
    "synonyms",
    "tasks",
]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A list of identifiers that the Hub knows."""

    # The package or page it was taken from, with the version.
    source: str
    # The date of that version: YYYY-MM-DD.
    date: str
    ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class CardField:
    """A documented key of a card's front matter."""

    description: str
    example: Any
    # The kinds of repos whose cards have it.
    repo_types: tuple[str, ...]
    # The documented values; empty when any value is allowed.
    values: tuple[str, ...] = ()
    # The type of the value: text, texts (one or a list), list (of texts), flag, count, mapping, mappings (a list);
    # empty when it has rules of its own.
    form: str = ""


@cache
def vocabulary(name: ListName) -> Vocabulary:
    """Return one of the Hub's lists."""
    data = table("tasks" if name == "subtasks" else name)
    ids = data["ids"] if name == "metrics" else data["entries"]
    if name == "subtasks":
        ids = [subtask for task in ids.values() for subtask in task.get("subtasks", ())]
    return Vocabulary(data["source"], data["date"], frozenset(ids))


@cache
def table(name: TableName) -> Mapping[str, Any]:
    """Return a table with its `source` and `date`, read on first use; callers must not change it."""
    return _read(name)


@cache
def card_fields() -> Mapping[str, CardField]:
    """Return the documented keys of front matter, in the order in which editors show them."""
    return MappingProxyType(
        {
            key: CardField(
                field["description"],
                field["example"],
                tuple(field["repo_types"]),
                tuple(table("space_settings")[field["values_of"]] if "values_of" in field else field.get("values", ())),
                field.get("form", ""),
            )
            for key, field in table("card_fields")["entries"].items()
        }
    )


@dataclass(frozen=True, slots=True)
class CardVariable:
    """A variable of the built-in card templates."""

    meaning: str
    example: str
    # The built-in templates that print it.
    templates: tuple[str, ...]
    # Other names for it, most of them from huggingface_hub's templates.
    aliases: tuple[str, ...]
    # markdown, line (plain text) or bibtex.
    form: str


@cache
def card_variables() -> Mapping[str, CardVariable]:
    """Return the variables of the built-in card templates, in the order in which cards print them."""
    return MappingProxyType(
        {
            name: CardVariable(
                about["meaning"], about["example"], tuple(about["templates"]), tuple(about["aliases"]), about["form"]
            )
            for name, about in table("card_variables")["entries"].items()
        }
    )


@cache
def synonyms(owner: str) -> Mapping[str, str]:
    """Return the words that other tools use for the keys of a model, such as `Repo`.

    Each leads to the intended key, or to a hint that names the right place.
    """
    words = table("synonyms")["entries"].get(owner, {})
    return MappingProxyType({word: meant for meant, known in words.items() for word in known})


def is_language(code: str) -> bool:
    """Return whether the Hub knows this code of ISO 639, or this word in place of one: `en`, `gsw`, `multilingual`."""
    if code in table("hub_facts")["languages"]["words"]:
        return True
    codes = table("languages")
    # The codes are joined in long strings: a search in one is faster than the making of thousands of short ones.
    known = codes["two_letters"] if len(code) == 2 else codes["three_letters"].get(code[:1], "")
    return code.isalpha() and len(code) in (2, 3) and f" {code} " in f" {known} "


def language_code(name: str) -> str | None:
    """Return the code of a language that is given by its name in English, or by the code of a country."""
    word = " ".join(name.replace("_", " ").replace("-", " ").casefold().split())
    known = table("hub_facts")["languages"]
    code = known["mistaken"].get(word) or known["names"].get(word) or table("language_names")["entries"].get(word)
    return None if code is None else str(code)


def task_of_class(name: str, model_type: str) -> str | None:
    """Return the task of a model of transformers with this class and `model_type`; None when they do not decide it."""
    tasks = table("model_tasks")
    for ending, task in tasks["class_endings"].items():
        if name.endswith(ending):
            return str(task) or None
    if name.endswith("ForConditionalGeneration"):
        # The class serves text and multimodal models alike; T5 does many tasks.
        sees = any(part in model_type for part in ("vl", "llava", "idefics", "vision"))
        return tasks["conditional_generation"].get(model_type) or ("image-text-to-text" if sees else None)
    return tasks["base_models"].get(model_type, "feature-extraction") if name.endswith("Model") else None


def task_of_pipeline(name: str) -> str | None:
    """Return the task of a pipeline class of diffusers, or None."""
    parts: Mapping[str, str] = table("model_tasks")["pipeline_parts"]
    return next((task for part, task in parts.items() if part in name), None)


def _read(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(Path(__file__).with_name(f"{name}.json").read_text(encoding="utf-8"))
    return data
