"""Where rules stand in a manifest's text."""

import pytest

from hublish.schemas.yaml.places import Places

TEXT = b"""\
artifacts:
  - source: a
    options: {max_shard_size: 5GB}
  - source: "*.json"
patterns:
  ignore_patterns: ["*.tmp", draft.json]
policy: {pickle: warn}
"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("artifacts[1].source", "hub.yaml:4:13"),
        ("artifacts[0].options.max_shard_size", "hub.yaml:3:31"),
        ("artifacts[0].options", "hub.yaml:3:5"),
        ("patterns.ignore_patterns[1]", "hub.yaml:6:30"),
        ("patterns.ignore_patterns", "hub.yaml:6:3"),
        ("policy.pickle", "hub.yaml:7:18"),
        ("artifacts", "hub.yaml:1:1"),
    ],
)
def test_a_rule_that_is_written_has_its_place(path: str, place: str) -> None:
    assert str(Places.of(TEXT, "hub.yaml").find(path)) == place


@pytest.mark.parametrize(
    "path", ["", "policy.secrets", "patterns.allow_patterns[0]", "artifacts[2].source", "load", "policy.pickle.x"]
)
def test_what_is_not_written_has_none(path: str) -> None:
    assert Places.of(TEXT, "hub.yaml").find(path) is None


@pytest.mark.parametrize("text", [b"", b"a: [", b"\xff", b"- x"])
def test_a_text_that_is_no_manifest_has_no_places(text: bytes) -> None:
    assert Places.of(text, "hub.yaml").find("policy.pickle") is None
