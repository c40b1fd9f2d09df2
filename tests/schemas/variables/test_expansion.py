import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.documents.manifest_yaml import read_manifest
from hublish.schemas.variables.expansion import escape

HEAD = "repo: {repo_id: a/b}\nartifacts: [{source: x}]\n"


def manifest(text: str) -> Manifest:
    return read_manifest(text.encode())


def problem_of(text: str) -> Problem:
    with pytest.raises(InvalidDocumentError) as caught:
        read_manifest(text.encode())
    (only,) = caught.value.problems
    return only


def test_every_string_of_the_manifest_may_contain_variables() -> None:
    found = manifest("""\
variables: {version: "1.10", org: acme, n: 3, folder: runs}
repo: {repo_id: "{{ org }}/digits", tag: "v{{version}}", commit_message: "{{ n }} of {{  version  }}"}
artifacts: [{source: "{{ folder }}/*.npz", path_in_repo: "{{ folder }}/", options: {a: ["{{ n }}"]}}]
patterns: {ignore_patterns: ["{{ folder }}/*.tmp"]}
card: {metadata: {tags: ["{{ org }}"]}, variables: {summary: "By {{ org }}."}}
policy: {deny_patterns: ["{{ org }}*"]}
load: {allow_patterns: ["{{ folder }}/*"]}
""")
    assert (found.repo.repo_id, found.repo.tag, found.repo.commit_message) == ("acme/digits", "v1.10", "3 of 1.10")
    assert (found.artifacts[0].source, found.artifacts[0].path_in_repo) == ("runs/*.npz", "runs/")
    assert found.artifacts[0].options == {"a": ["3"]}
    assert found.patterns.ignore_patterns == ("runs/*.tmp",)
    assert found.card
    assert (found.card.metadata, found.card.variables) == ({"tags": ["acme"]}, {"summary": "By acme."})
    assert found.policy.deny_patterns == ("acme*",)
    assert found.load.allow_patterns == ("runs/*",)


def test_keys_and_the_variables_themselves_are_not_expanded() -> None:
    found = manifest(HEAD + "variables: {a: '{{ b }}', b: x}\ncard: {variables: {'{{ b }}': 1}}")
    assert found.variables == {"a": "{{ b }}", "b": "x"}
    assert found.card
    assert found.card.variables == {"{{ b }}": 1}


def test_a_value_is_never_expanded_again() -> None:
    found = manifest(HEAD + "variables: {a: '{{ b }}', b: x}\ncard: {variables: {text: '{{ a }}{{ b }}'}}")
    assert found.card
    assert found.card.variables == {"text": "{{ b }}x"}


def test_values_come_after_expansion_under_the_same_rules() -> None:
    only = problem_of("variables: {up: ..}\nrepo: {repo_id: a/b}\nartifacts: [{source: x, path_in_repo: '{{ up }}/x'}]")
    assert (only.code, only.path) == ("manifest.value", "artifacts[0].path_in_repo")
    assert "'..' segment not allowed" in only.message


@pytest.mark.parametrize(
    ("written", "message", "hint"),
    [
        ("{{ verson }}", "unknown variable 'verson', did you mean 'version'?", "write '{{ version }}'"),
        ("{{ other }}", "unknown variable 'other'", "add 'other' under 'variables'"),
        ("{{ git.commit }}", "'git.commit' has no value: only the text of the manifest is known here", ""),
        ("{{ git.comit }}", "unknown variable 'git.comit', did you mean 'git.commit'?", "write '{{ git.commit }}'"),
        ("{{ ci.job }}", "unknown variable 'ci.job'", "git.tag"),
        ("{{ sourcedate }}", "unknown variable 'sourcedate', did you mean 'source_date'?", "write"),
        ("{{ env.CI }}", "'env.CI' is not listed under 'env'", "add CI under 'env'"),
        ("{{ env.BUILD_NUMER }}", "did you mean 'env.BUILD_NUMBER'?", "or add BUILD_NUMER under 'env'"),
        ("{{ env }}", "unknown variable 'env'", "add 'env' under 'variables'"),
        ("{{ version.x }}", "unknown variable 'version.x', did you mean 'version'?", "write"),
        ("{{ 7*7 }}", "expected the name of a variable", "{{ '{{' }}"),
        ("{{ version | upper }}", "expected the name of a variable", "to write two braces"),
        ("{{}}", "expected the name of a variable", "to write two braces"),
        ("{{ version", "expected the name of a variable", "to write two braces"),
    ],
)
def test_a_placeholder_without_a_value_is_rejected_at_its_place(written: str, message: str, hint: str) -> None:
    head = 'variables: {version: "1"}\nenv: [BUILD_NUMBER]\nartifacts: [{source: x}]\nrepo:\n  repo_id: a/b\n'
    text = f'{head}  commit_message: "a {written}"\n'
    only = problem_of(text)
    assert (only.code, only.path) == ("manifest.variable", "repo.commit_message")
    assert message in only.message
    assert hint in only.hint
    assert str(only.location) == "hub.yaml:6:22"


def test_a_variable_of_the_wrong_type_is_reported_once_where_it_is_declared() -> None:
    text = "variables: {version: 1.10}\nrepo: {repo_id: a/b, tag: 'v{{ version }}'}\nartifacts: [{source: x}]"
    only = problem_of(text)
    assert (only.path, only.hint) == ("variables.version", 'quote it: "1.10"')


@pytest.mark.parametrize("text", ["{{7*7}}", "{% include 'x' %}", "{{ a.b() }}", "{{ messages[0] }}", "${{ }}", "{{"])
def test_other_braces_have_no_meaning_in_strings_of_the_card(text: str) -> None:
    found = manifest(HEAD + f'card: {{variables: {{summary: "{text}"}}}}')
    assert found.card
    assert found.card.variables == {"summary": text}


def test_two_braces_can_be_written() -> None:
    found = manifest(HEAD + "card: {variables: {x: \"{{ '{{' }} a {{ '}}' }} {{ '{{' }}a}}\"}}")
    assert found.card
    assert found.card.variables == {"x": "{{ a }} {{a}}"}


@given(
    st.text(st.sampled_from("{} 'a\""))
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cn", "Zl", "Zp"]))
)
def test_an_escaped_string_expands_to_itself(text: str) -> None:
    repo = {"repo_id": "a/b", "commit_description": escape(text)}
    found = read_manifest(yaml.safe_dump({"repo": repo, "artifacts": [{"source": "x"}]}).encode())
    assert found.repo.commit_description == text
