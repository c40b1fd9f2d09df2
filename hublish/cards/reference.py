"""The page that documents card templates: `python -m hublish.cards.reference` writes templates/README.md.

Variables come from the vocabulary. Facts, filters and the other names are described here, each with an example; tests
render every example, and compare the names with those that the code computes.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from hublish.schemas.vocabulary import card_variables


class Described(NamedTuple):
    """A name of templates."""

    name: str
    meaning: str
    example: str
    """A value of a fact, as JSON; for a filter, an expression."""
    result: str = ""
    """The text that the expression prints."""


DATA: Final = (
    Described(
        "repo", "The repo: `repo_id`, `repo_type`, `name`, `namespace`, `revision`, `tag`.", "{{ repo.repo_id }}"
    ),
    Described("metadata", "The front matter, `model-index` included.", "{{ metadata.license }}"),
    Described(
        "evaluation", "The evaluation results: `task`, `dataset` and `metrics` of each.", "{{ evaluation | length }}"
    ),
    Described(
        "files",
        "Every other file of the release: `path`, `suffix`, `size`.",
        "{{ files | sum(attribute='size') | size }}",
    ),
    Described("facts", "What hublish computes from the release; see below.", "{{ facts.model.parameters | short }}"),
    Described("data", "The values of the files under `card.data`.", "{{ data.metrics.accuracy | score }}"),
    Described(
        "pictures", "The pictures of the release: `alt`, `light`, `dark`, `markup`.", "{{ pictures.training.markup }}"
    ),
    Described(
        "snippets",
        "Code that loads the release: `library`, `language`, `code`, `install`, `note`.",
        "{{ snippets[0].code | code_block }}",
    ),
)
FACTS: Final = (
    Described("model.parameters", "The number of parameters.", "22713216"),
    Described("model.dtypes", "Parameters by type.", '{"F32": 22713216}'),
    Described("model.memory", "Bytes of all tensors, which loading needs.", "90852864"),
    Described("model.tensors", "The number of tensors.", "103"),
    Described("model.architecture", "The class in the configuration.", '"BertModel"'),
    Described("model.model_type", "The family in the configuration.", '"bert"'),
    Described("model.context_length", "The most tokens of an input.", "512"),
    Described("model.vocabulary_size", "The number of different tokens.", "30522"),
    Described("model.layers", "The number of layers.", "6"),
    Described("model.hidden_size", "The size of a hidden state.", "384"),
    Described("model.quantization", "How the weights are quantized.", '"Q4_K_M"'),
    Described("model.adapter", "The kind of an adapter.", '"LORA"'),
    Described("model.library_name", "The library, from the metadata or the files.", '"sentence-transformers"'),
    Described("model.pipeline_tag", "The task, from the metadata or the files.", '"sentence-similarity"'),
    Described(
        "base_models",
        "The models it was made from.",
        '[{"repo_id": "acme/base", "commit": "3276f0f", "relation": "finetune"}]',
    ),
    Described("files.count", "The number of files.", "14"),
    Described("files.size", "Bytes of all files.", "90860664"),
    Described("files.largest", "The ten largest files.", '[{"path": "model.safetensors", "size": 90852864}]'),
    Described("versions", "Versions of libraries, from the files they wrote.", '{"transformers": "5.24.0"}'),
    Described("license", "The license in the metadata, or the file with its text.", '"apache-2.0"'),
    Described("datasets", "The datasets in the metadata.", '["acme/pairs"]'),
    Described("languages", "The languages in the metadata.", '["en", "de"]'),
    Described("training.hyperparameters", "Settings of the training by name.", '{"learning_rate": 2e-05}'),
    Described("training.epochs", "Epochs of the training.", "3.0"),
    Described("training.steps", "Steps of the training.", "1200"),
    Described("training.seconds", "Its time in seconds.", "11543.2"),
    Described(
        "training.best", "The best value of the chosen metric.", '{"metric": "eval_loss", "value": 0.12, "step": 800}'
    ),
    Described("training.last", "The last value of each curve.", '{"loss": 0.2}'),
    Described(
        "training.log",
        "The curves, at most 3,000 points each.",
        '[{"name": "loss", "x": "step", "points": [[1, 0.9], [2, 0.5]]}]',
    ),
    Described("data.format", "The format of the tables.", '"parquet"'),
    Described("data.rows", "The number of rows.", "1797"),
    Described("data.columns", "The columns.", '[{"name": "label", "type": "int64"}]'),
    Described(
        "data.configs",
        "The configurations with their splits.",
        '[{"config_name": "default", "splits": [{"name": "train", "rows": 1437}]}]',
    ),
    Described("git.commit", "The commit; in a template of your own, or if `repo.tag` mentions git.", '"5da0c9c2..."'),
    Described("git.short_commit", "The first 7 characters of it.", '"5da0c9c"'),
    Described("git.tag", "The tag at that commit.", '"v1.2.0"'),
    Described("git.date", "The date of the source.", '"2026-01-31"'),
    Described("changes.since", "The last release.", '"v1.1.0"'),
    Described("changes.added", "Files that it did not have.", '["vocab.txt"]'),
    Described("changes.changed", "Files with other content.", '["model.safetensors"]'),
    Described("changes.removed", "Files that only it had.", '["old.bin"]'),
)
PICTURES: Final = (
    Described("training", "Curves of the training log.", "{{ pictures.training.markup }}"),
    Described("evaluation", "Metrics of the evaluation results.", "{{ pictures.evaluation.markup }}"),
    Described("tensors", "Sizes of the tensors by module.", "{{ pictures.tensors.markup }}"),
    Described("splits", "Rows of the splits of a dataset.", "{{ pictures.splits.markup }}"),
)
FILTERS: Final = (
    Described(
        "markdown",
        "Markdown with its formatting, without HTML and unsafe links.",
        "{{ '*a* <b>' | markdown }}",
        "*a* &lt;b>",
    ),
    Described(
        "prose",
        "As `markdown`; nothing for a name that is not set, and bullets for a list.",
        "{{ ['a', 'b'] | prose }}",
        "- a\n- b",
    ),
    Described("code", "One line for a code span.", "`{{ 'a`b' | code }}`", "`a'b`"),
    Described("code_block", "Lines for a fenced code block.", "{{ 'a\n```' | code_block }}", "a\n'''"),
    Described("size", "Bytes with a unit.", "{{ 90852864 | size }}", "90.9 MB"),
    Described("short", "A large number in short.", "{{ 22713216 | short }}", "22.7M"),
    Described("digits", "A whole number with commas.", "{{ 60000 | digits }}", "60,000"),
    Described("score", "A measured number with four significant digits.", "{{ 0.972222 | score }}", "0.9722"),
    Described("duration", "Seconds in their two largest units.", "{{ 11543 | duration }}", "3 h 12 min"),
    Described(
        "release_name",
        "A tag, or a commit in short.",
        f"{{{{ '{'0a' * 20}' | release_name }}}}",
        "commit 0a0a0a0",
    ),
    Described("format_name", "The name of a format of data.", "{{ 'parquet' | format_name }}", "Parquet"),
    Described("quantity", "A number with its noun.", "{{ 12 | quantity('file') }}", "12 files"),
    Described("language", "The English name of a language.", "{{ 'de' | language }}", "German"),
    Described("license", "The name of a license.", "{{ 'apache-2.0' | license }}", "Apache license 2.0"),
    Described("task", "The name of a task.", "{{ 'image-classification' | task }}", "Image classification"),
    Described("metric", "The name of a metric.", "{{ 'mean_iou' | metric }}", "Mean IoU"),
    Described(
        "hub_link",
        "A link to a repo on the Hub.",
        "{{ 'acme/x' | hub_link('datasets') }}",
        "[acme/x](https://huggingface.co/datasets/acme/x)",
    ),
    Described("link", "A link to the web or into the repo.", "{{ 'Terms' | link('LICENSE') }}", "[Terms](LICENSE)"),
    Described("as_list", "A list as it is, and one value as a list.", "{{ 'en' | as_list | length }}", "1"),
    Described(
        "tidy",
        "Text with single blank lines between its blocks.",
        "{% filter tidy %}a\n\n\n\nb{% endfilter %}",
        "a\n\nb\n",
    ),
)

_PAGE: Final = """# Templates of cards

`card.template` in hub.yaml names one of the templates `model`, `dataset`, `space`, `kernel` and `eu-ai-act`, or a
[Jinja2](https://jinja.palletsprojects.com) file of your own. `hublish card` prints the result, `hublish card --missing`
lists the sections without content, and `hublish card --template model` prints a template.

A section without content is left out. A template of your own replaces single blocks of ours, or includes ours:

```jinja
{% extends "model" %}
{% block limitations %}
## Limitations

{{ limitations | prose }} It was measured on {{ facts.datasets | default([]) | length }} datasets.
{% endblock %}
```

A name that is not set is an error. `{% if name is known %}` asks whether it is set and not empty; `| default('')` and
`| prose` make it optional. Every value prints as one line of text without formatting, unless a filter says otherwise.

huggingface_hub's own templates work as well, those with `{{ card_data }}` between dashes: hublish writes the metadata,
the names below have its meaning there, and `{{ name }}` prints Markdown.

This page is generated: `make schemas`.
"""


def reference_page() -> str:
    """Return the page, in Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield _PAGE
    yield from _table("Data", "Each template gets these names.", DATA, "Example")
    yield from (
        "## Variables",
        "",
        "The values of `card.variables`, all optional. Other names work in their place.",
        "",
    )
    yield from ("| Name | Other names | Templates | Meaning | Example |", "|---|---|---|---|---|")
    for name, about in card_variables().items():
        others = ", ".join(f"`{alias}`" for alias in about.aliases)
        form = " Plain text." if about.form == "line" else ""
        templates = ", ".join(about.templates)
        yield f"| `{name}` | {others} | {templates} | {_cell(about.meaning + form)} | {_code(about.example)} |"
    yield ""
    facts = [each._replace(name=f"facts.{each.name}") for each in FACTS]
    yield from _table("Facts", "Only those that are known are set.", facts, "Example")
    yield from _table("Pictures", "A picture that the card prints becomes a file of the release.", PICTURES, "Use")
    yield from ("## Filters", "", "Those of Jinja2, and:", "")
    yield from ("| Filter | Result | Example | Prints |", "|---|---|---|---|")
    for each in FILTERS:
        yield f"| `{each.name}` | {_cell(each.meaning)} | {_code(each.example)} | {_code(each.result)} |"
    yield from ("", "The test `known` is true for a value that is set and not empty: `{% if license is known %}`.", "")


def _table(title: str, text: str, rows: "tuple[Described, ...] | list[Described]", example: str) -> Iterator[str]:
    yield from (f"## {title}", "", text, "", f"| Name | Meaning | {example} |", "|---|---|---|")
    for each in rows:
        yield f"| `{each.name}` | {_cell(each.meaning)} | {_code(each.example)} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _code(text: str) -> str:
    """Return a code span on one line of a table."""
    line = text.replace("\n", "\\n").replace("|", "\\|")
    fence = "``" if "`" in line else "`"
    pad = " " if "`" in line else ""
    # A longer run of backticks would end the span.
    return f"{fence}{pad}{line.replace('```', '…')}{pad}{fence}"


if __name__ == "__main__":
    (Path(__file__).parents[2] / "templates" / "README.md").write_text(reference_page(), encoding="utf-8")
