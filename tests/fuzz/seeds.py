"""The seeds of the mutations: valid manifests, invalid manifests, and documents that hublish writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.inputs import Kind
from tests.fuzz.sample_tree import RESULTS
from tests.schemas.specimens import PLAN, RECEIPT, make_lock

_ROOT = Path(__file__).parents[2]
# In bytes; mutations make seeds larger.
_LARGEST = 20_000

# Each passes `check` in the sample tree, so that any fault comes from a mutation.
VALID = (
    b"repo:\n  repo_id: acme/digits\nartifacts:\n  - source: A.bin\n",
    b"""\
schema_version: 1
repo:
  repo_id: acme/digits-mlp
  tag: "v{{ version }}"
  commit_message: "Release {{ version }} of {{ first }}"
variables:
  version: "1.2.0"
  first: hf_aB3dE5fG7hJ9kL1m
  second: N3pQ5rS7tU9vW1xY3z
artifacts:
  - source: runs/best/model.npz
    path_in_repo: model.safetensors
    serializer: safetensors
    options: {max_shard_size: 5GB, include: ["*"], rename: {"module.": ""}, dtype: float16}
  - source: runs/best/*.json
  - source: data/*.parquet
    path_in_repo: data/
patterns:
  allow_patterns: ["*"]
  ignore_patterns: ["*.tmp", "checkpoint-*/*"]
load:
  allow_patterns: ["*.safetensors", config.json]
  target: digits_mlp:DigitsMLP
""",
    b"""\
repo: {repo_id: acme/digits}
artifacts:
  - source: runs/**/*.json
    path_in_repo: results
  - source: digits_mlp.py
card:
  template: model
  metadata:
    license: apache-2.0
    pipeline_tag: image-classification
    language: [en, "no"]
    tags: [digits, numpy]
    base_model: acme/other
    co2_eq_emissions: {emissions: 1.5, source: code}
    widget: [{text: "a", example_title: b}]
  evaluation: metrics.json
  variables:
    title: Digits
    summary: >-
      Reads *digits*, 8 x 8.
    usage: |-
      ```python
      import hublish
      ```
    citation: "@misc{a, title = {B}}"
policy:
  symlinks: follow
  max_file_size: 5GB
  deny_patterns: ["*.log"]
""",
    b"""\
repo:
  repo_id: acme/digits
  repo_type: space
  visibility: protected
  space_sdk: gradio
artifacts:
  - source: docs/
    path_in_repo: docs/
patterns:
  ignore_patterns: ["*README.md*"]
card:
  template: space
  metadata: {title: Digits, emoji: "\xf0\x9f\x94\xa2", colorFrom: red, colorTo: blue, sdk: gradio, license: mit}
""",
    b"""\
repo: {repo_id: acme/data, repo_type: dataset}
artifacts: [{source: "data", path_in_repo: data}]
card:
  template: card.md.j2
  metadata:
    license: mit
    size_categories: ["n<1K"]
    configs: [{config_name: default, data_files: [{split: train, path: data/*.parquet}]}]
  variables: {summary: "{{ chat }}"}
variables: {chat: "a{% b %}"}
""",
    b"""\
repo: {repo_id: acme/digits, tag: "{{ git.tag }}", commit_description: "{{ env.CHANNEL }} {{ git.commit }}"}
artifacts: [{source: .}]
env: [CHANNEL, LABEL, ODD]
policy: {symlinks: follow, pickle: allow, secrets: warn, dirty: allow}
patterns:
  ignore_patterns: [outside, dangling, loop, folder-link, pipe, "data/*", "docs/*", card.md.j2, "[ae]*.bin", "caf*"]
""",
)


@dataclass(frozen=True, slots=True)
class Seeds:
    """Seeds by kind."""

    valid: tuple[bytes, ...]
    manifests: tuple[bytes, ...]
    """All manifests, valid and invalid."""
    documents: Mapping[Kind, Sequence[bytes]]

    @classmethod
    def collect(cls) -> "Seeds":
        """Collect the seeds from the repository, in an order that does not depend on the machine."""
        examples = [_ROOT / "hub.yaml.example", _ROOT / "examples/digits/hub.yaml"]
        corpus = sorted((_ROOT / "tests/manifests").rglob("*.yaml"))
        texts = [path.read_bytes() for path in (*examples, *corpus)]
        return cls(VALID, (*VALID, *(text for text in texts if len(text) <= _LARGEST)), _documents())


def _documents() -> Mapping[Kind, Sequence[bytes]]:
    written = {Kind.PLAN: PLAN, Kind.LOCK: make_lock(), Kind.RECEIPT: RECEIPT}
    documents = {kind: (each.model_dump_json(indent=2).encode(),) for kind, each in written.items()}
    return {**documents, Kind.EVALUATION: (RESULTS, b'{"results": ' + RESULTS + b"}")}
