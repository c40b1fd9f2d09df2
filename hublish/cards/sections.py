"""The recommended sections of a card, and those that have no content yet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hublish.schemas.vocabulary import card_variables


@dataclass(frozen=True, slots=True)
class CardSection:
    """A section that a card should have."""

    title: str
    """As its reader knows it."""
    templates: tuple[str, ...]
    """The built-in templates that have it."""
    variables: tuple[str, ...] = ()
    """Variables of the card, each of which gives it content; the first is the usual one."""
    known_from: tuple[str, ...] = ()
    """Places in the data of templates that give it content as well."""
    fill: tuple[str, str] | None = None
    """The key of the manifest that fills it best, with an example; None for the first variable."""
    instead: tuple[str, ...] = ()
    """Lines of the manifest, or files of the release, that lead to such data."""


@dataclass(frozen=True, slots=True)
class MissingSection:
    """A recommended section without content, and the ways to fill it."""

    title: str
    path: str
    """The key of the manifest that fills it: `card.variables.limitations`."""
    meaning: str
    example: str
    """A value of that key."""
    instead: tuple[str, ...] = ()
    """Other ways, each a line of the manifest or a phrase."""


_MODEL: Final = ("model",)
_BOTH: Final = ("model", "eu-ai-act")
_ALL: Final = ("model", "dataset", "space", "kernel", "eu-ai-act")
_METADATA: Final = {
    "license": ("The license, as an id that the Hub knows.", "apache-2.0"),
    "pipeline_tag": ("The task, under which the Hub lists the model.", "image-classification"),
    "library_name": (
        "The library that loads the model, whose usage the card shows.",
        "transformers",
    ),
    "language": ("The languages of the text, as codes.", "en"),
    "task_categories": ("The tasks, under which the Hub lists the dataset.", "[image-classification]"),
    "size_categories": ("The number of rows, as one of the Hub's ranges.", "n<1K"),
    "sdk": ("The SDK that runs the Space.", "gradio"),
}

SECTIONS: Final = (
    CardSection("Summary", _ALL, ("summary", "description")),
    CardSection("License", _ALL, (), ("metadata.license",)),
    CardSection("Task", _MODEL, (), ("metadata.pipeline_tag", "facts.model.pipeline_tag")),
    CardSection("Library", _MODEL, (), ("metadata.library_name", "facts.model.library_name")),
    CardSection("Tasks", ("dataset",), (), ("metadata.task_categories",)),
    CardSection("Size", ("dataset",), (), ("metadata.size_categories",)),
    CardSection("SDK", ("space",), (), ("metadata.sdk",)),
    CardSection("Developers", _BOTH, ("developers",)),
    CardSection("Curators", ("dataset",), ("curators",)),
    CardSection(
        "Usage",
        ("model", "dataset", "kernel", "eu-ai-act"),
        ("usage", "get_started_code"),
        ("snippets",),
        instead=("card.metadata.library_name: transformers",),
    ),
    CardSection("Intended use", ("model", "dataset", "space", "eu-ai-act"), ("intended_use", "direct_use")),
    CardSection("Out-of-scope use", ("model", "dataset", "eu-ai-act"), ("out_of_scope_use",)),
    CardSection("Limitations", ("model", "dataset", "space", "eu-ai-act"), ("limitations",)),
    CardSection("Recommendations", ("model", "dataset"), ("bias_recommendations",)),
    CardSection(
        "Training data",
        _BOTH,
        ("training_data",),
        ("metadata.datasets", "facts.datasets"),
        ("card.metadata.datasets", "[acme/digits]"),
    ),
    CardSection(
        "Training procedure",
        _BOTH,
        ("training", "preprocessing", "training_regime"),
        ("facts.training",),
        instead=("release a training log or parameters: trainer_state.json, params.yaml",),
    ),
    CardSection(
        "Evaluation",
        _BOTH,
        ("results", "results_summary"),
        ("evaluation",),
        ("card.evaluation", "metrics.json"),
    ),
    CardSection(
        "Environmental impact",
        _BOTH,
        ("co2_emitted",),
        ("metadata.co2_eq_emissions",),
        ("card.metadata.co2_eq_emissions", "{emissions: 12, source: CodeCarbon}"),
    ),
    CardSection(
        "Structure",
        ("dataset",),
        ("structure",),
        ("facts.data.columns", "facts.data.configs", "metadata.dataset_info"),
        instead=("release tables whose columns hublish reads: parquet, csv, jsonl",),
    ),
    CardSection("Curation rationale", ("dataset",), ("curation_rationale_section", "collection")),
    CardSection("Data collection", ("dataset",), ("data_collection_and_processing_section", "collection")),
    CardSection("Annotation process", ("dataset",), ("annotation_process_section", "collection")),
    CardSection("Personal and sensitive information", ("dataset",), ("personal_and_sensitive_information",)),
    CardSection("Citation", ("model", "dataset", "eu-ai-act"), ("citation", "citation_apa")),
    CardSection("Contact", ("model", "dataset", "eu-ai-act"), ("contact", "card_authors")),
    *(
        CardSection(title, ("eu-ai-act",), (name,))
        for title, name in (
            ("Integration", "integration"),
            ("Acceptable use", "acceptable_use"),
            ("Distribution", "distribution"),
            ("Design choices", "design_choices"),
            ("Optimization", "optimized_for"),
            ("Provenance of the data", "data_provenance"),
            ("Curation of the data", "data_curation"),
            ("Computation of the training", "training_compute"),
            ("Energy consumption", "energy_consumption"),
            ("Evaluation strategy", "evaluation_strategy"),
            ("Adversarial testing", "adversarial_testing"),
            ("System architecture", "system_architecture"),
        )
    ),
)


def missing_sections(template: str, context: Mapping[str, Any]) -> Iterator[MissingSection]:
    """Yield the recommended sections of a card that have no content.

    Args:
        template: the built-in template that decides which sections are recommended.
        context: the data that the card is rendered with.
    """
    for section in SECTIONS:
        printed = [name for name in section.variables if template in card_variables()[name].templates]
        places = (*printed, *section.known_from)
        if template in section.templates and not any(_is_known(context, place) for place in places):
            yield _missing(section)


def _missing(section: CardSection) -> MissingSection:
    if section.variables:
        name = section.variables[0]
        about = card_variables()[name]
        path, instead = f"card.variables.{name}", section.instead
        if section.fill is None:
            return MissingSection(section.title, path, about.meaning, about.example, instead)
        return MissingSection(section.title, section.fill[0], about.meaning, section.fill[1], (path, *instead))
    key = section.known_from[0].removeprefix("metadata.")
    meaning, example = _METADATA[key]
    return MissingSection(section.title, f"card.metadata.{key}", meaning, example, section.instead)


def _is_known(context: Mapping[str, Any], place: str) -> bool:
    value: Any = context
    for name in place.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return bool(value.strip())
    return value is not None and value != [] and value != {}
