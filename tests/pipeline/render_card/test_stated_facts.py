"""The record of a card knows the repo, the tag, the files and the packages in its code."""

import json

import numpy as np
import pytest
from safetensors.numpy import save

from hublish.base.content import Content
from hublish.cards.record.false_facts import Now, false_facts
from hublish.pipeline.render_card.render_card import RenderCard
from hublish.schemas.documents.card_record import CardRecord
from tests.pipeline.staging import project_in, staged

CONFIG = {"model_type": "bert", "architectures": ["BertForSequenceClassification"], "hidden_size": 8}
OWN_CODE = """Or:

```python
from huggingface_hub import hf_hub_download

path = hf_hub_download("acme/bert", "model.safetensors", revision="v1.0")
other = hf_hub_download("acme/tokenizer", "vocab.txt", revision='main')
```
"""


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, CardRecord]:
    """The card of a model of transformers, and its record."""
    folder = tmp_path_factory.mktemp("bert")
    declared = {
        "metadata": {"license": "mit", "library_name": "transformers", "pipeline_tag": "text-classification"},
        "variables": {"more_information": OWN_CODE},
    }
    project = project_in(folder, repo={"repo_id": "acme/bert", "tag": "v1.0"}, card=declared)
    files: dict[str, bytes | Content] = {
        "config.json": json.dumps(CONFIG).encode(),
        "model.safetensors": save({"w": np.zeros(4, np.float32)}),
    }
    readme = RenderCard(recorded=True).run(staged(project, files)).files[-1]
    assert readme.origin.facts is not None
    return readme.content.read().decode(), readme.origin.facts


@pytest.mark.parametrize(
    ("right", "other", "name"),
    [
        ("pip install transformers torch", "pip install transf0rmers torch", "snippets[0].install"),
        ('from_pretrained("acme/bert"', 'from_pretrained("acme/bert-2"', "repo.repo_id"),
        ('acme/bert", revision="v1.0"', 'acme/bert", revision="v9.0"', "repo.tag"),
        ('hf_hub_download("acme/bert"', 'hf_hub_download("mallory/bert"', "repo.repo_id"),
        ('"model.safetensors", revision', '"other.safetensors", revision', 'files["model.safetensors"].path'),
        ('safetensors", revision="v1.0"', 'safetensors", revision="v2.0"', "repo.tag"),
        ("hublish pull acme/bert@", "hublish pull mallory/bert@", "repo.repo_id"),
    ],
)
def test_another_repo_tag_file_or_package_in_code_is_named(
    card: tuple[str, CardRecord], right: str, other: str, name: str
) -> None:
    text, record = card
    assert right in text
    edited = text.replace(right, other, 1)
    found = false_facts(record, edited.encode(), lambda fact: Now(fact.value, known=False), text.encode())
    assert [fact.name for fact in found] == [name]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("pip install transformers torch", "pip install -U transformers torch accelerate"),
        ('"acme/tokenizer"', '"acme/words"'),
        ("revision='main'", "revision='dev'"),
        ("```python\nfrom transformers", "```python\n# as usual\nfrom transformers"),
        ("Or:", "Or from acme/other:"),
    ],
)
def test_other_code_raises_no_alarm(card: tuple[str, CardRecord], before: str, after: str) -> None:
    text, record = card
    assert before in text
    edited = text.replace(before, after, 1).encode()
    assert false_facts(record, edited, lambda fact: Now(fact.value, known=False), text.encode()) == ()
