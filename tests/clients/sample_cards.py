"""The cards that the client's tests read from `fixtures/cards`, which no sdist contains, as the tests describe them."""

from pathlib import Path
from typing import Final

_SIMPLE: Final = """\
---
language:
- en
license: mit
library_name: pytorch-lightning
tags:
- pytorch
- image-classification
datasets:
- beans
metrics:
- acc
---

# my-cool-model

A model.
"""

_RESULTS: Final = """\
---
model-index:
- name: any
  results:
  - task:
      type: text-classification
    dataset:
      type: glue
      name: GLUE
    metrics:
    - type: accuracy
      value: 0.5
    - type: f1
      value: 0.25
---

# any
"""

_DATASET: Final = """\
---
annotations_creators:
- crowdsourced
- expert-generated
language_creators:
- found
language:
- en
license:
- bsd-3-clause
multilinguality:
- monolingual
size_categories:
- n<1K
task_categories:
- image-segmentation
task_ids:
- semantic-segmentation
pretty_name: Sample Segmentation
---

# Dataset Card for Sample Segmentation
"""

_TEMPLATE: Final = """\
---
{{ card_data }}
---

# {{ pretty_name | default("Any", true) }}

{{ some_data }}"""

_CARDS: Final = {
    "sample_simple.md": _SIMPLE,
    "sample_windows_line_breaks.md": _SIMPLE.replace("\n", "\r\n"),
    "sample_no_metadata.md": "# my-cool-model\n",
    "sample_invalid_card_data.md": "---\n[]\n---\n\n# my-cool-model\n",
    "sample_simple_model_index.md": _RESULTS,
    "sample_invalid_model_index.md": "---\nmodel-index:\n  name: any\n---\n\n# any\n",
    "sample_template.md": _TEMPLATE,
    "sample_datasetcard_simple.md": _DATASET,
    "sample_datasetcard_template.md": _TEMPLATE,
}


def write_cards(tests: Path) -> None:
    """Write all of them below the folder of the tests."""
    folder = tests / "fixtures" / "cards"
    folder.mkdir(parents=True)
    for name, text in _CARDS.items():
        (folder / name).write_bytes(text.encode())
