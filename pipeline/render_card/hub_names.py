"""Data under the names of huggingface_hub's own templates, which expect their caller to pass every text.

Such a template begins with `{{ card_data }}` between dashes. Its expressions print Markdown, where those of other
templates print one line of plain text.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from hublish.cards import wording
from hublish.pipeline.render_card.escaping import as_text


def with_hub_names(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a template with values for the names that the author has not set."""
    return {**{name: text for name, text in _known(context) if text}, **context}


def _known(context: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    metadata, facts = context["metadata"], context["facts"]
    model = facts.get("model", {})
    yield "model_id", as_text(context["repo"]["name"])
    yield "pretty_name", as_text(str(metadata.get("pretty_name", context["repo"]["name"])))
    yield "model_type", as_text(str(model.get("architecture", model.get("model_type", ""))))
    yield "license", _listed(metadata.get("license_name", metadata.get("license")), wording.license)
    yield "language", _listed(metadata.get("language", facts.get("languages")), wording.language)
    yield "base_model", _listed(metadata.get("base_model"))
    yield "training_data", _listed(metadata.get("datasets", facts.get("datasets")))
    yield "get_started_code", "\n\n".join(_fenced(snippet) for snippet in context["snippets"])
    yield "software", ", ".join(as_text(f"{name} {version}") for name, version in facts.get("versions", {}).items())
    yield "results", "\n".join(_results(context["evaluation"]))


def _listed(value: Any, named: Any = str) -> str:
    values = value if isinstance(value, list | tuple) else [value]
    return ", ".join(as_text(named(each)) for each in values if isinstance(each, str))


def _fenced(snippet: Mapping[str, str]) -> str:
    # Code of ours has no fence in it.
    return f"```{snippet['language']}\n{snippet['code']}\n```"


def _results(evaluation: list[Mapping[str, Any]]) -> Iterator[str]:
    for result in evaluation:
        dataset = result["dataset"].get("name", result["dataset"].get("type", ""))
        for metric in result["metrics"]:
            name = metric.get("name", metric["type"])
            value = metric.get("text", wording.score(metric["value"]))
            yield f"- {as_text(str(name))} on {as_text(str(dataset))}: {as_text(str(value))}"
