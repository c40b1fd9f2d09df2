"""The JSON Schema rejects every mistake that it can express, at the same place; the others are listed with a reason."""

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hublish.schemas.diagnose.problems import InvalidDocumentError, format_path, parse_path
from hublish.schemas.json_schema.generate import FOLDER as SCHEMAS
from hublish.schemas.yaml.reader import read_yaml
from tests.manifests.corpus import NAMES, Check, read
from tests.rows import every

ROOT = Path(__file__).parents[2]
VALIDATOR = jsonschema.Draft7Validator(json.loads((SCHEMAS / "manifest.schema.json").read_text(encoding="utf-8")))

FILES = "it depends on the files that are there"
TEMPLATE = "it depends on the template"
BESIDE = "it depends on other values of the manifest"
ELSEWHERE = "it depends on the environment: git, variables, installed packages"
SECRET = "a schema cannot distinguish a random credential from a placeholder"

BEYOND_A_SCHEMA = {
    **dict.fromkeys(
        (
            *("allow-pattern-matches-nothing", "allow-pattern-misspelled", "allow-pattern-names-the-source"),
            *("card-and-a-readme", "evaluation-holds-no-results", "evaluation-is-not-json", "evaluation-missing"),
            *("evaluation-leaderboard-with-two-values", "evaluation-metric-misspelled", "evaluation-of-a-file-alone"),
            "evaluation-without-a-dataset",
            *("file-denied-by-policy", "file-larger-than-the-policy-allows", "file-that-holds-credentials"),
            *(
                "folder-holds-no-files",
                "load-pattern-matches-nothing",
                "load-pattern-names-the-source",
                "glob-folder-does-not-exist",
                "glob-matches-nothing",
                "glob-range-runs-backwards",
            ),
            *("path-takes-the-manifest-s-name", "readme-with-broken-metadata", "readme-with-unknown-license"),
            *("several-sources-missing", "source-does-not-exist", "source-file-taken-for-a-folder"),
            *("source-in-another-case", "source-in-another-folder", "source-nothing-like-it"),
            *("template-does-not-exist", "template-file-missing", "template-is-a-folder", "template-not-utf-8"),
            "two-artifacts-with-one-path",
        ),
        FILES,
    ),
    **dict.fromkeys(
        ("template-reaches-into-python", "template-syntax-broken", "template-variable-not-set"),
        TEMPLATE,
    ),
    **dict.fromkeys(
        (
            *("environment-variable-not-listed", "path-is-a-file-and-a-folder", "paths-that-differ-in-case"),
            *("paths-that-differ-in-composition", "two-files-with-one-path-in-repo"),
            *("variable-makes-an-invalid-tag", "variable-misspelled", "variable-unknown"),
            "evaluation-leaderboard-without-an-id",
            *("moving-branch-is-a-moving-tag", "moving-branch-receives-the-release", "moving-tag-is-the-release-tag"),
        ),
        BESIDE,
    ),
    **dict.fromkeys(
        ("git-value-outside-a-repository", "load-serializer-unknown", "serializer-unknown"),
        ELSEWHERE,
    ),
    **dict.fromkeys(
        (
            *("secret-as-a-variable", "secret-in-a-card-variable", "secret-in-a-comment"),
            "secret-in-the-commit-message",
        ),
        SECRET,
    ),
    "schema-version-is-a-fraction": "in JSON, 1.0 and 1 are the same number",
}
"""The mistakes of the corpus that the schema accepts, and the reason."""


def document(part: str, name: str) -> Any:
    """Return a manifest's data, or None for a text without data: a schema validates only data."""
    try:
        reading = read_yaml(read(part, name), "hub.yaml")
    except InvalidDocumentError:
        return None
    return None if reading.problems else reading.data


@functools.cache
def data() -> dict[str, Any]:
    """Return the data of every manifest with a mistake, by name; without those that are not YAML."""
    return {name: data for name in NAMES if (data := document("invalid", name)) is not None}


@every("name", NAMES)
def test_a_fixed_manifest_is_valid_by_the_schema(name: str) -> None:
    VALIDATOR.validate(document("fixed", name))


@every("name", data)
def test_the_schema_rejects_everything_that_it_can(name: str, in_tree: Check) -> None:
    rejected = {format_path(tuple(error.absolute_path)) for error in VALIDATOR.iter_errors(data()[name])}
    assert bool(rejected) == (name not in BEYOND_A_SCHEMA), BEYOND_A_SCHEMA.get(name, "the schema accepts it")
    if rejected:
        # For a key that is missing, unknown or invalid, a schema reports the mapping around it.
        reported = {parse_path(problem.path) for problem in in_tree(read("invalid", name)).problems if problem.path}
        assert rejected & {format_path(path) for path in reported | {path[:-1] for path in reported}}


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/*/hub.yaml")), ids=lambda path: path.parent.name)
def test_every_example_is_valid_by_the_schema(path: Path) -> None:
    VALIDATOR.validate(read_yaml(path.read_bytes(), "hub.yaml").data)


def test_every_exception_of_the_schema_is_in_the_corpus() -> None:
    assert BEYOND_A_SCHEMA.keys() <= data().keys()


def test_most_mistakes_are_within_reach_of_the_schema() -> None:
    assert len(BEYOND_A_SCHEMA) * 4 < len(data())
