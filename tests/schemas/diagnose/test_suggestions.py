"""Hints lead to existing fields and valid values."""

import re

import pytest

from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.diagnose.suggestions import likely_key
from hublish.schemas.documents import card_evaluation, manifest, waivers
from hublish.schemas.documents.field_types import Document
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.documents.manifest_yaml import read_manifest
from hublish.schemas.vocabulary import synonyms, table


@pytest.mark.parametrize(
    "name", sorted(table("synonyms")["entries"].keys() - {"Variables", "CardMetadata", "CardVariables"})
)
def test_every_synonym_leads_to_a_field_or_a_hint(name: str) -> None:
    home = next(home for home in (manifest, card_evaluation, waivers) if hasattr(home, name))
    model: type[Document] = getattr(home, name)
    for word, likely in synonyms(name).items():
        assert word not in model.model_fields, "a field needs no synonym"
        assert likely in model.model_fields or " " in likely, (word, likely)


@pytest.mark.parametrize(
    ("word", "path", "likely"),
    [
        ("branch", ("repo",), "revision"),
        ("Branch", ("repo",), "revision"),
        ("dest", ("artifacts", 0), "path_in_repo"),
        ("exclude", ("patterns",), "ignore_patterns"),
        ("repo-type", ("repo",), "repo_type"),
        ("nothing-like-it", ("repo",), None),
        ("anything", ("card", "metadata"), None),
    ],
)
def test_a_synonym_depends_on_its_place(word: str, path: tuple[str | int, ...], likely: str | None) -> None:
    assert likely_key(word, Manifest, path) == likely


def test_a_misspelled_field_comes_before_a_synonym() -> None:
    assert likely_key("artefacts", Manifest, ()) == "artifacts"
    assert likely_key("revison", Manifest, ("repo",)) == "revision"


WHOLE = "repo:\n  repo_id: jo/poems\nartifacts:\n  - source: adapter\n"


def hint_of(text: str) -> str:
    with pytest.raises(InvalidDocumentError) as caught:
        read_manifest(text.encode())
    (problem,) = caught.value.problems
    return problem.hint


@pytest.mark.parametrize(
    ("faulty", "hint"),
    [
        ("artifacts:\n  - source: adapter\n", "add `repo: {repo_id: acme/digits-mlp}`"),
        ("repo: {repo_id: jo/poems}\n", "add `artifacts: [{source: runs/best/model.pt}]`"),
        ("repo: jo/poems\nartifacts: [{source: x}]\n", "write `repo_id: jo/poems` below"),
        ("repo: {repo_id: jo/poems}\nartifacts: [adapter]\n", "write `- source: adapter` here"),
        (
            "repo: {repo_id: jo/poems}\nartifacts: []\n",
            "list at least one: `artifacts: [{source: runs/best/model.pt}]`",
        ),
        (WHOLE + "card: model\n", "write `template: model` below"),
        (WHOLE + "env: CI\n", 'write it as a list: `["CI"]`'),
        (WHOLE + "policy: strict\n", "write one of its keys below: pickle, secrets, symlinks"),
        (WHOLE + "policy: {pickle: never}\n", "write one of them, or remove the line: the default is forbid"),
        (WHOLE + "policy: {pickle: no}\n", "write one of them, or remove the line: the default is forbid"),
        (WHOLE.replace("poems", "poems\n  gated: no"), "write false: in YAML 1.2, only true and false are booleans"),
        (
            WHOLE.replace("poems", "poems\n  create_pr: Yes"),
            "write true: in YAML 1.2, only true and false are booleans",
        ),
        (WHOLE.replace("poems", "poems\n  create_pr: 'true'"), "remove the quotes"),
        (WHOLE.replace("adapter", "[a, b]"), "write one item for each: `- source: ...`"),
        (WHOLE.replace("adapter", "''"), "write a value, such as `runs/best/model.pt`"),
        (WHOLE + "patterns: {allow_patterns: }\n", "write its items on the lines below, each after `- `"),
    ],
)
def test_a_value_of_the_wrong_type_gets_a_hint_with_the_right_form(faulty: str, hint: str) -> None:
    assert hint_of(faulty).startswith(hint)


@pytest.mark.parametrize("gone", ["repo:\n  repo_id: jo/poems\n", "artifacts:\n  - source: adapter\n"])
def test_the_suggested_line_is_accepted(gone: str) -> None:
    faulty = WHOLE.replace(gone, "")
    added = re.fullmatch("add `(.*)`", hint_of(faulty))
    assert added
    assert read_manifest(f"{faulty}{added[1]}\n".encode()).artifacts


def test_a_long_value_is_not_repeated() -> None:
    assert hint_of(f"repo: {'x' * 500}\nartifacts: [{{source: x}}]\n") == "write `repo_id: ...` below"


# A token of an unknown kind: no rule rejects the manifest for it.
TOKEN = "corp_-" + "4dEfG7hIjKlMnOpQrStU"


@pytest.mark.parametrize(
    "faulty",
    [
        f"repo: {TOKEN}\nartifacts: [{{source: x}}]\n",
        WHOLE.replace("jo/poems", f"jo/{TOKEN}--x"),
        WHOLE.replace("adapter", f"../{TOKEN}\\x"),
        WHOLE.replace("poems", f"poems\n  tag: {TOKEN}~1"),
        WHOLE + f"env: {TOKEN}\n",
    ],
)
def test_no_hint_contains_a_credential_of_an_unknown_kind(faulty: str) -> None:
    assert TOKEN[6:] not in hint_of(faulty)
