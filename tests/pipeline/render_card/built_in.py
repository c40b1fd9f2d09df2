"""Data for the built-in templates, by the names that templates get."""

from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from hublish.pipeline.render_card.card_template import CardTemplate, find_template
from hublish.pipeline.render_card.card_variables import with_aliases
from hublish.pipeline.render_card.renderer import ON_DEMAND
from hublish.pipeline.render_card.template_sandbox import _with_markup, new_environment
from tests.pipeline.staging import project_in

FACTS: dict[str, Any] = {
    "model": {
        "parameters": 22_713_216,
        "dtypes": {"F32": 22_713_216},
        "memory": 90_852_864,
        "tensors": 103,
        "architecture": "BertModel",
        "model_type": "bert",
        "context_length": 512,
        "vocabulary_size": 30_522,
        "layers": 6,
        "hidden_size": 384,
        "library_name": "sentence-transformers",
    },
    "base_models": [{"repo_id": "acme/base", "commit": "3276f0fac9d8", "relation": "finetune"}],
    "languages": ["en", "de"],
    "datasets": ["acme/pairs", "acme/answers"],
    "versions": {"transformers": "5.24.0", "torch": "2.13.0"},
    "training": {
        "epochs": 3.0,
        "steps": 1200,
        "seconds": 11_543.2,
        "best": {"metric": "eval_loss", "value": 0.1234567, "step": 800},
        "hyperparameters": {"learning_rate": 2e-05, "optimizer": "adamw_torch", "warmup": None},
    },
    "data": {
        "format": "parquet",
        "rows": 1797,
        "columns": [{"name": "pixels", "type": "list<int64>"}, {"name": "label", "type": "int64"}],
        "configs": [
            {
                "config_name": "default",
                "splits": [{"name": "train", "rows": 1437, "size": 50_000}, {"name": "test", "rows": 360}],
            }
        ],
    },
    "git": {"commit": "a" * 40, "short_commit": "aaaaaaa", "date": "2026-01-31"},
    "changes": {"since": "v1.1.0", "added": ["vocab.txt"], "changed": ["model.safetensors"], "removed": []},
}
METADATA: dict[str, Any] = {
    "license": "apache-2.0",
    "pipeline_tag": "sentence-similarity",
    "co2_eq_emissions": {"emissions": 12.5, "source": "CodeCarbon", "hardware_used": "one A100"},
}
EVALUATION = [
    {
        "task": {"type": "sts", "name": "Semantic similarity"},
        "dataset": {"type": "stsb", "name": "STS-B", "config": "en", "split": "test"},
        "metrics": [{"type": "spearman", "value": 0.82, "text": "0.8203", "stderr_text": "0.01"}],
    }
]
SNIPPETS = [
    {
        "library": "sentence-transformers",
        "language": "python",
        "code": "model = load()",
        "install": "pip install x",
        "note": "",
    },
    {"library": "transformers", "language": "python", "code": "other()", "install": "", "note": "Or load it:"},
]
FILES = [{"path": "model.safetensors", "suffix": ".safetensors", "size": 90_852_864}] + [
    {"path": f"part-{number:02}.json", "suffix": ".json", "size": 100 * number} for number in range(1, 13)
]
PICTURES = {
    name: {"alt": name, "light": f"{name}.svg", "dark": f"{name}-dark.svg", "markup": f'<img alt="{name}">'}
    for name in ("training", "evaluation", "tensors", "splits")
}


def context_of(repo_type: str = "model", **given: Any) -> dict[str, Any]:
    """Return the data for a template: nothing is known but the repo, except for the names that are given."""
    variables = with_aliases(given.pop("variables", {}))
    tag = given.pop("tag", None)
    repo = {"repo_id": "acme/digits", "repo_type": repo_type, "name": "digits", "namespace": "acme"}
    empty: dict[str, Any] = {
        "metadata": {},
        "evaluation": [],
        "files": [],
        "facts": {},
        "data": {},
        "pictures": {},
        "snippets": [],
    }
    return {**variables, "repo": {**repo, "revision": "main", "tag": tag}, **empty, **given}


def everything(repo_type: str = "model", **given: Any) -> dict[str, Any]:
    """Return the data for a template about a release of which everything is known."""
    known = {"metadata": METADATA, "evaluation": EVALUATION, "files": FILES, "facts": FACTS, "pictures": PICTURES}
    return context_of(repo_type, **{**known, "snippets": SNIPPETS, "tag": "v1.2.0", **given})


@cache
def _compiled(name: str) -> jinja2.Template:
    template, environment = find_template(name, project_in(Path())), new_environment()
    environment.loader = jinja2.DictLoader({**template.shared, name: template.text})
    return environment.get_template(name)


def render_built_in(name: str, context: dict[str, Any]) -> str:
    """Return the text of a built-in template, which is compiled once."""
    return _compiled(name).render(_with_markup(context))


def render_own(text: str, context: dict[str, Any], folder: Path) -> str:
    """Return the text of a template of a user's own."""
    (folder / "own.md.j2").write_text(text, encoding="utf-8")
    template: CardTemplate = find_template("own.md.j2", project_in(folder))
    return ON_DEMAND.render(template, context)
