"""Built-in templates render in this process as in a child, in a time that depends only on their data."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from hublish.base.errors import CardError
from hublish.pipeline.render_card.built_in_templates import BUILT_IN
from hublish.pipeline.render_card.card_template import CardTemplate, find_template
from hublish.pipeline.render_card.renderer import ON_DEMAND, render
from tests.pipeline.staging import project_in

CONTEXT: dict[str, Any] = {
    "repo": {
        "repo_id": "acme/x",
        "repo_type": "model",
        "name": "x",
        "namespace": "acme",
        "revision": "main",
        "tag": None,
    },
    "metadata": {"license": "mit", "tags": ["<b>"]},
    "evaluation": [],
    "facts": {},
    "data": {},
    "pictures": {},
    "snippets": [],
    "files": [{"path": "model.safetensors", "suffix": ".safetensors", "size": 3}],
    "title": "*x* {{ 7 * 7 }} <script>",
    "summary": "[a](javascript:b) {% raw %}",
    "citation": "```",
}


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_template_renders_the_same_here_and_in_a_child(name: str, tmp_path: Path) -> None:
    template = find_template(name, project_in(tmp_path))
    assert template.built_in
    assert ON_DEMAND.render(template, CONTEXT) == render(template, CONTEXT)


def test_a_file_with_the_name_of_a_built_in_template_is_not_built_in(tmp_path: Path) -> None:
    (tmp_path / "model.md.j2").write_text("{{ title }}")
    assert not find_template("model.md.j2", project_in(tmp_path)).built_in


@pytest.mark.parametrize(
    "value", [" " * 200_000 + "x", "\n" * 200_000, "](" * 100_000, "<" * 200_000, "&a" * 100_000, "-" * 200_000 + "x"]
)
def test_a_value_is_escaped_in_linear_time(value: str, tmp_path: Path) -> None:
    # Nothing is timed: a quadratic expression would take minutes.
    names = ("title", "summary", "description", "usage", "citation")
    for name in names:
        with suppress(CardError):  # more than 1 MiB of output
            ON_DEMAND.render(find_template("model", project_in(tmp_path)), {**CONTEXT, name: value})


def test_output_that_is_too_long_is_rejected_in_this_process_too() -> None:
    template = CardTemplate("model", "{% for a in files %}{{ title }}{% endfor %}", built_in=True)
    with pytest.raises(CardError, match="1 MiB of output"):
        ON_DEMAND.render(template, {**CONTEXT, "files": [1] * 11, "title": "a" * 100_000})
