"""huggingface_hub's own templates, and one of diffusers, render with the texts and the facts of a release."""

from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import yaml

from hublish.pipeline.render_card.render_card import render_card
from tests.pipeline.staging import project_in

TEMPLATES = Path(huggingface_hub.__file__).parent / "templates"
# The form of the template in diffusers.
OF_DIFFUSERS = (
    "---\n{{ card_data }}\n---\n\n<!-- generated automatically -->\n\n{{ model_description }}\n\n"
    "## Intended uses & limitations\n\n#### How to use\n\n```python\nload()\n```\n"
)
METADATA = {"license": "apache-2.0", "language": ["en", "de"], "datasets": ["acme/digits"]}
VARIABLES: dict[str, Any] = {
    "summary": "Reads *digits*.\n\nTwo paragraphs.",
    "description": "A [link](https://example.org) and [another](javascript:alert(1)).",
    "limitations": "Few <script>alert(1)</script>.",
    "developers": "Ada | Charles",
}
RESULTS = '[{"task": {"type": "a"}, "dataset": {"type": "d", "name": "D"}, "metrics": [{"type": "f1", "value": 0.5}]}]'


def rendered(folder: Path, template: str, repo_type: str = "model", **more: Any) -> str:
    (folder / "card.md").write_text(template, encoding="utf-8")
    card = {"template": "card.md", "metadata": METADATA, "variables": VARIABLES, **more}
    project = project_in(folder, card=card, repo={"repo_type": repo_type, "tag": "v1"})
    assert project.manifest.card is not None
    return render_card(project, project.manifest.card, []).text


@pytest.mark.parametrize("name", ["modelcard_template.md", "datasetcard_template.md"])
def test_a_template_of_huggingface_hub_has_one_front_matter_and_markdown(name: str, tmp_path: Path) -> None:
    text = rendered(tmp_path, (TEMPLATES / name).read_text(encoding="utf-8"), "model" if "model" in name else "dataset")
    _, front, body = text.split("---\n", 2)
    assert yaml.safe_load(front) == METADATA
    assert "card_data" not in text
    assert "Reads *digits*.\n\nTwo paragraphs." in body
    assert "A [link](https://example.org) and [another]\\(javascript:alert(1))." in body
    assert "Few &lt;script>" in body
    assert "**License:** Apache license 2.0" in body
    assert "**Language(s) (NLP):** English, German" in body
    assert "acme/digits-mlp](https://huggingface.co/acme/digits-mlp)" in body


def test_values_that_the_release_knows_fill_the_template(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text(RESULTS)
    template = (TEMPLATES / "modelcard_template.md").read_text(encoding="utf-8")
    text = rendered(tmp_path, template, evaluation="metrics.json")
    assert "# Model Card for digits-mlp\n" in text
    assert "### Results\n\n- f1 on D: 0.5\n" in text
    assert "**Developed by:** Ada | Charles" in text


def test_a_template_of_diffusers_renders(tmp_path: Path) -> None:
    text = rendered(tmp_path, OF_DIFFUSERS)
    assert text.count("---\n") == 2
    assert "A [link](https://example.org)" in text


def test_another_template_still_prints_plain_text(tmp_path: Path) -> None:
    assert "Reads \\*digits\\*. Two paragraphs." in rendered(tmp_path, "# x\n\n{{ summary }}\n")
