"""The built-in templates: complete cards, sections that are left out, blocks that others replace, hostile values."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jinja2 import meta

from hublish.pipeline.render_card.built_in_templates import BUILT_IN
from hublish.pipeline.render_card.card_template import find_template
from hublish.pipeline.render_card.template_sandbox import new_environment
from hublish.schemas.documents.manifest import TEMPLATE_NAMES
from hublish.schemas.vocabulary import card_variables
from tests.pipeline.render_card.built_in import context_of, everything, render_built_in, render_own
from tests.pipeline.staging import project_in

GOLDEN = Path(__file__).parent / "golden"
REPO_TYPES = {"model": "model", "dataset": "dataset", "space": "space", "kernel": "kernel", "eu-ai-act": "model"}


def examples_for(template: str) -> dict[str, str]:
    return {name: about.example for name, about in card_variables().items() if template in about.templates}


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_card_of_which_everything_is_known_equals_the_golden_one(name: str, request: pytest.FixtureRequest) -> None:
    text = render_built_in(name, everything(REPO_TYPES[name], variables=examples_for(name)))
    golden = GOLDEN / f"{name}-everything.md"
    if request.config.getoption("--update-goldens", default=False):
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_documented_variables_are_those_that_the_template_prints(name: str, tmp_path: Path) -> None:
    environment, used = new_environment(), set[str]()
    template = find_template(name, project_in(tmp_path))
    for text in (template.text, *(text for part, text in template.shared.items() if not part.startswith("parts"))):
        used |= meta.find_undeclared_variables(environment.parse(text)) - {*TEMPLATE_NAMES}
    # Names that a template of which this one inherits sets.
    used -= {"parts", "model", "run", "git", "co2", "contents", "modality", "task"}
    assert used == examples_for(name).keys()


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_variable_gives_the_card_its_text_and_no_empty_section(name: str) -> None:
    for variable, about in card_variables().items():
        for known in (variable, *about.aliases):
            text = render_built_in(name, context_of(REPO_TYPES[name], variables={known: "Ada's text"}))
            assert ("Ada's text" in text) == (name in about.templates), known
            assert_no_empty_section(text)


def assert_no_empty_section(text: str) -> None:
    """Fail if a heading has nothing below it, but the heading of a subsection."""
    headings = [
        (index, len(line) - len(line.lstrip("#")))
        for index, line in enumerate(text.split("\n"))
        if re.match("#{1,3} ", line)
    ]
    lines = text.rstrip("\n").split("\n")
    for index, level in headings[1:]:
        following = next((line for line in lines[index + 1 :] if line), "")
        assert following, f"{lines[index]} is the last line"
        assert not re.match(f"#{{1,{level}}} ", following), f"nothing below {lines[index]}"


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_card_of_which_nothing_is_known_asks_its_reader_for_nothing(name: str) -> None:
    text = render_built_in(name, context_of(REPO_TYPES[name]))
    assert "Needed" not in text
    assert "None" not in text
    assert_no_empty_section(text)


PRINTED = {
    "parameters": ({"facts": {"model": {"parameters": 7_241_732_096}}}, "- **Parameters:** 7.2B\n"),
    "types": ({"facts": {"model": {"parameters": 30, "dtypes": {"F32": 10, "I8": 20}}}}, "30 (10 F32, 20 I8)"),
    "types_of_counters": (
        {"facts": {"model": {"parameters": 22_713_728, "dtypes": {"F32": 22_713_216, "I64": 512}}}},
        "- **Parameters:** 22.7M (F32)\n",
    ),
    "untagged_release": (
        {"facts": {"changes": {"since": "0123456789" * 4, "added": ["a"], "changed": [], "removed": []}}},
        "## Changes since commit 0123456\n\n- Added: `a`\n",
    ),
    "dataset_with_parentheses": (
        {
            "evaluation": [
                {
                    "task": {"type": "a"},
                    "dataset": {"type": "d", "name": "D (v2)", "split": "test"},
                    "metrics": [{"type": "f1", "value": 0.5}],
                }
            ]
        },
        "a on D (v2), test:\n",
    ),
    "epochs_once": (
        {"facts": {"training": {"epochs": 3.0, "hyperparameters": {"num_train_epochs": 3, "seed": 1}}}},
        "- **Epochs:** 3\n\n| Hyperparameter | Value |\n|---|---|\n| seed | 1 |\n",
    ),
    "fewer_epochs_than_planned": (
        {"facts": {"training": {"epochs": 2.0, "hyperparameters": {"epochs": 3, "seed": 1}}}},
        "- **Epochs:** 2\n\n| Hyperparameter | Value |\n|---|---|\n| epochs | 3 |\n| seed | 1 |\n",
    ),
    "base_without_commit": ({"metadata": {"base_model": "acme/b"}}, "- **Base model:** [acme/b](https://"),
    "bases": ({"metadata": {"base_model": ["acme/b", "acme/c"]}}, "acme/b), [acme/c]("),
    "quantized": (
        {"facts": {"base_models": [{"repo_id": "acme/b", "relation": "quantized"}]}},
        "- **Quantized from:** [acme/b](https://huggingface.co/acme/b)\n",
    ),
    "languages": ({"metadata": {"language": ["de", "en"]}}, "- **Language:** German, English\n"),
    "own_license": (
        {"metadata": {"license": "other", "license_name": "mine", "license_link": "LICENSE"}},
        "- **License:** [mine](LICENSE)\n",
    ),
    "emissions": ({"metadata": {"co2_eq_emissions": 3}}, "- **Emissions:** 3 g of CO2 equivalent\n"),
    "datasets": (
        {"metadata": {"datasets": ["a/b"]}},
        "### Training data\n\n[a/b](https://huggingface.co/datasets/a/b)",
    ),
    "several_tasks": (
        {
            "evaluation": [
                {
                    "task": {"type": "a"},
                    "dataset": {"type": "d", "name": "D"},
                    "metrics": [{"type": "f1", "value": 0.5}],
                },
                {"task": {"type": "b"}, "dataset": {"type": "e", "name": "E"}, "metrics": [{"type": "f1", "value": 1}]},
            ]
        },
        "| a | D | F1 | 0.5 |\n| b | E | F1 | 1 |\n",
    ),
    "own_code": (
        {"variables": {"get_started_code": "```python\nmine()\n```"}, "snippets": [{"code": "ours()"}]},
        "```python\nmine()\n```",
    ),
    "list": ({"variables": {"limitations": ["One.", "Two\nlines."]}}, "## Limitations\n\n- One.\n- Two\n  lines.\n"),
}


@pytest.mark.parametrize(("given", "text"), PRINTED.values(), ids=PRINTED)
def test_a_model_card_prints(given: dict[str, Any], text: str) -> None:
    assert text in render_built_in("model", context_of(**given))


def test_a_table_whose_only_row_is_above_it_is_left_out() -> None:
    training = {"epochs": 3.0, "hyperparameters": {"epochs": 3}}
    text = render_built_in("model", context_of(facts={"training": training}))
    assert "**Epochs:** 3" in text
    assert "Hyperparameter" not in text


def test_a_dataset_card_lists_few_labels_and_no_more() -> None:
    columns = [{"name": "label", "type": "ClassLabel", "labels": labels} for labels in (["cat", "dog"], ["x" * 90])]
    text = render_built_in("dataset", context_of(facts={"data": {"columns": columns}}))
    assert "| label | ClassLabel: cat, dog |\n| label | ClassLabel |\n" in text


def test_code_in_the_usage_text_replaces_the_generated_snippet() -> None:
    given = everything(variables={"usage": "So:\n\n```python\nmine()\n```"})
    text = render_built_in("model", given)
    assert "mine()" in text
    assert "model = load()" not in text


def test_a_long_table_ends_with_a_count() -> None:
    facts = {"training": {"hyperparameters": {f"p{number}": number for number in range(100)}}}
    text = render_built_in("model", context_of(facts=facts))
    assert "| p29 | 29 |\n| 70 more | |\n" in text
    assert "p30" not in text


OWN = {
    "block": ('{% extends "model" %}{% block limitations %}## Limits\n\nNone.\n{% endblock %}', "## Limits\n\nNone."),
    "nested": ('{% extends "model" %}{% block training_data %}Mine.{% endblock %}', "## Training\n\nMine.\n"),
    "super": ('{% extends "model" %}{% block files %}{{ super() }}\nMore.{% endblock %}', "Total | 90.9 MB |\n\nMore."),
    "dropped": ('{% extends "model.md.j2" %}{% block training %}{% endblock %}', "## Evaluation"),
    "included": ('# Mine\n\n{% include "dataset" %}', "# Mine\n\n# digits\n"),
    "parts": ('{% import "parts" as parts %}{{ parts.file_table(files, 1) }}', "| 12 smaller files |"),
    "macros_in_a_block": (
        '{% extends "space" %}{% block contact %}{{ parts.listed([("A", "b"), ("C", "")]) }}{% endblock %}',
        "- **A:** b\n",
    ),
    "a_name_that_is_computed": ('{% set name = "kernel" %}{% extends name %}', "# digits\n"),
}


@pytest.mark.parametrize(("template", "text"), OWN.values(), ids=OWN)
def test_a_template_of_a_users_own_builds_on_ours(template: str, text: str, tmp_path: Path) -> None:
    assert text in render_own(template, everything(), tmp_path)


def test_a_block_that_is_dropped_takes_its_heading_with_it(tmp_path: Path) -> None:
    text = render_own(OWN["dropped"][0], everything(), tmp_path)
    assert "## Training\n" not in text


HOSTILE = (
    "</code><script>alert(1)</script>",
    "x | y\n\n# injected",
    "```\n# injected",
    "[click](javascript:alert(1))",
    "![x](https://tracker.example/pixel.png)",
    "---\nlicense: mit\n---",
    "{{ 7 * 7 }}{% raw %}",
    "\u202egnp.exe",
    "- injected",
    "` # injected `",
)


def hostile_facts(value: str) -> dict[str, Any]:
    """Return facts as a hostile file could contain them: the given text wherever a fact is text."""
    return {
        "model": {"architecture": value, "dtypes": {value: 1}, "parameters": 1, "quantization": value},
        "base_models": [{"repo_id": value, "commit": value, "relation": value}],
        "languages": [value],
        "datasets": [value],
        "versions": {value: value},
        "training": {"hyperparameters": {value: value}, "best": {"metric": value, "value": value, "step": value}},
        "data": {
            "format": value,
            "columns": [{"name": value, "type": value, "labels": [value]}],
            "configs": [{"config_name": value, "splits": [{"name": value, "rows": 1}]}] * 2,
        },
        "git": {"short_commit": value, "date": value},
        "changes": {"since": value, "added": [value], "changed": [value], "removed": [value]},
    }


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_fact_changes_nothing_but_its_own_place(name: str, value: str) -> None:
    markdown_it = pytest.importorskip("markdown_it")
    files = [{"path": value, "suffix": "", "size": 1}] * 2
    evaluation = [
        {
            "task": {"type": value},
            "dataset": {"type": value, "name": value, "config": value},
            "metrics": [{"type": value, "value": value}],
        }
    ]
    snippets = [{"library": value, "language": "python", "code": value, "install": value, "note": ""}]
    metadata = {"license": value, "co2_eq_emissions": {"emissions": value, "source": "x"}, "datasets": value}
    given = {"files": files, "evaluation": evaluation, "snippets": snippets, "metadata": metadata}
    parsed = {}
    for text in (value, "harmless"):
        replaced = json.loads(json.dumps(given).replace(json.dumps(value), json.dumps(text)))
        rendered = render_built_in(name, context_of(REPO_TYPES[name], facts=hostile_facts(text), **replaced))
        tokens = markdown_it.MarkdownIt("gfm-like", {"linkify": False}).parse(rendered)
        parsed[text] = [(token.type, token.tag) for token in tokens if token.type != "fence"]
        for token in tokens:
            for child in token.children or ():
                assert child.type not in ("html_inline", "image")
                if child.type == "link_open":
                    # A text that is no repo's id is never a link to the Hub, and never another one.
                    assert str(child.attrs["href"]).startswith(
                        ("https://huggingface.co/", "https://eur-lex.europa.eu/")
                    )
        assert not any(token.type == "html_block" for token in tokens)
    assert parsed[value] == parsed["harmless"]
