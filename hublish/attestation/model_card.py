"""The model card in a bill of materials: architecture, datasets, results of evaluations, and considerations."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from hublish.attestation.released_parts import Parts, short_text, texts
from hublish.cards.facts.lineage import datasets_of
from hublish.cards.results.model_index import INDEX, read_index
from hublish.cards.results.result import Result
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.documents.hub_names import repo_path
from hublish.schemas.vocabulary import card_variables

_MOST_METRICS: Final = 1_000
# The considerations of CycloneDX, by the variables of card templates.
_CONSIDERATIONS: Final = {
    "useCases": ("intended_use", "direct_use", "downstream_use"),
    "technicalLimitations": ("limitations", "out_of_scope_use"),
    "ethicalConsiderations": ("bias_recommendations",),
}


def model_card(parts: Parts) -> dict[str, Any]:
    """Return the `modelCard` of a component; empty without anything to say."""
    return _present(
        {
            "modelParameters": _parameters(parts),
            "quantitativeAnalysis": _present({"performanceMetrics": list(islice(_metrics(parts), _MOST_METRICS))}),
            "considerations": _considerations(parts),
        }
    )


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def _parameters(parts: Parts) -> dict[str, Any]:
    facts, metadata = parts.facts, parts.metadata
    return _present(
        {
            "task": short_text(metadata.get("pipeline_tag")) or short_text(facts.get("model.pipeline_tag")),
            "architectureFamily": short_text(facts.get("model.model_type")),
            "modelArchitecture": short_text(facts.get("model.architecture")),
            "datasets": [{"ref": f"upstream:{repo_path(name, 'dataset')}"} for name in datasets_of(metadata)],
        }
    )


def _metrics(parts: Parts) -> Iterator[dict[str, Any]]:
    index = parts.metadata.get(INDEX)
    # An index that is not one is reported when the card is checked.
    for result in (read_index(index, CARD_FILE) or ()) if isinstance(index, list) else ():
        for score in result.scores:
            kind, value = short_text(score.type or score.name), short_text(score.value)
            if kind and value:
                yield _present({"type": kind, "value": value, "slice": _slice(result)})


def _slice(result: Result) -> str:
    """Return the data that a result was measured on: `acme/rows, config en, split test`."""
    dataset = result.dataset
    named = short_text(dataset.get("type")) or short_text(dataset.get("name"))
    found = [named] if named else []
    found += [f"{key} {shown}" for key in ("config", "split", "revision") if (shown := short_text(dataset.get(key)))]
    return ", ".join(found)


def _considerations(parts: Parts) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: [shown for variable in variables for shown in _written(parts, variable)]
        for name, variables in _CONSIDERATIONS.items()
    }
    found["ethicalConsiderations"] = [{"name": one} for one in found["ethicalConsiderations"]]
    emissions = parts.metadata.get("co2_eq_emissions")
    values = emissions if isinstance(emissions, Mapping) else {"emissions": emissions}
    shown = {key: short_text(value) for key, value in values.items() if isinstance(key, str) and short_text(key)}
    about = [{"name": f"co2_eq_emissions.{key}", "value": value} for key, value in sorted(shown.items()) if value]
    found["environmentalConsiderations"] = {"properties": about} if about else None
    return _present(found)


def _written(parts: Parts, variable: str) -> Iterable[str]:
    """Return the texts of a variable of the card, as they are written in hub.yaml."""
    card = parts.release.project.manifest.card
    if card is None:
        return ()
    names = (variable, *card_variables()[variable].aliases)
    value = next((card.variables[name] for name in names if name in card.variables), None)
    # One that prints values of files would be published here without them.
    return (shown for shown in texts(value) if "{{" not in shown and "{%" not in shown)
