"""What the JSON Schema can say about a fault, it says, at the same place; what it cannot is listed with the reason."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hublish.schemas.diagnose.problems import InvalidDocumentError, format_path, parse_path
from hublish.schemas.json_schema.generate import FOLDER as SCHEMAS
from hublish.schemas.yaml.reader import read_yaml
from tests.manifests.corpus import NAMES, Check, read

ROOT = Path(__file__).parents[2]
VALIDATOR = jsonschema.Draft7Validator(json.loads((SCHEMAS / "manifest.schema.json").read_text(encoding="utf-8")))

FILES = "it depends on the files that are there"
TEMPLATE = "it depends on what the template says"
BESIDE = "it depends on other values of the manifest"
ELSEWHERE = "it depends on the surroundings: git, the environment, what is installed"
SECRET = "a schema cannot tell a credential, which is random, from a placeholder, which is not"

BEYOND_A_SCHEMA = {
    **dict.fromkeys(
        (
            *("allow-pattern-matches-nothing", "allow-pattern-misspelt", "allow-pattern-names-the-source"),
            *("card-and-a-readme", "evaluation-holds-no-results", "evaluation-is-not-json", "evaluation-missing"),
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
            *("variable-makes-an-invalid-tag", "variable-misspelt", "variable-unknown"),
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
    "schema-version-is-a-fraction": "to JSON 1.0 and 1 are one number",
}
"""The faults of the corpus that the schema passes over, and why."""


def document(part: str, name: str) -> Any:
    """Return a manifest's data, or None for a text that holds none: a schema judges data alone."""
    try:
        reading = read_yaml(read(part, name), "hub.yaml")
    except InvalidDocumentError:
        return None
    return None if reading.problems else reading.data


DATA = {name: data for name in NAMES if (data := document("invalid", name)) is not None}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_mended_fits_the_schema(name: str) -> None:
    VALIDATOR.validate(document("fixed", name))


@pytest.mark.parametrize("name", DATA)
def test_the_schema_refuses_what_it_can(name: str, in_tree: Check) -> None:
    refused = {format_path(tuple(error.absolute_path)) for error in VALIDATOR.iter_errors(DATA[name])}
    assert bool(refused) == (name not in BEYOND_A_SCHEMA), BEYOND_A_SCHEMA.get(name, "it says nothing")
    if refused:
        # Of a key that is missing, unknown or misnamed a schema tells the mapping it stands in.
        told = {parse_path(problem.path) for problem in in_tree(read("invalid", name)).problems if problem.path}
        assert refused & {format_path(path) for path in told | {path[:-1] for path in told}}


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/*/hub.yaml")), ids=lambda path: path.parent.name)
def test_every_example_fits_the_schema(path: Path) -> None:
    VALIDATOR.validate(read_yaml(path.read_bytes(), "hub.yaml").data)


def test_every_fault_that_is_beyond_a_schema_is_one_of_the_corpus() -> None:
    assert BEYOND_A_SCHEMA.keys() <= DATA.keys()


def test_most_faults_of_data_are_within_reach() -> None:
    assert len(BEYOND_A_SCHEMA) * 4 < len(DATA)
