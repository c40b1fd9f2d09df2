"""Values from outside of the manifest: git, the date, environment variables, and settings."""

import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem
from hublish.schemas.documents.manifest_yaml import Effective, read_load, resolve_manifest
from hublish.schemas.variables.expansion import MAX_CHARACTERS
from hublish.schemas.variables.lookup import NoValueError, Setting

HEAD = "repo: {repo_id: a/b}\nartifacts: [{source: x}]\n"
TOKEN = "hf_" + "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYz1"


@dataclass
class Known:
    """An environment with fixed values that counts how often it is queried."""

    values: Mapping[str, str] = field(default_factory=dict)
    queried: Counter[str] = field(default_factory=Counter)

    def value(self, name: str) -> str:
        self.queried[name] += 1
        if name not in self.values:
            msg = "the value is unknown"
            raise NoValueError(msg, "set it")
        return self.values[name]


def resolved(text: str, known: Known | None = None, **settings: Setting) -> Effective:
    return resolve_manifest(text.encode(), settings=settings, environment=known or Known())


def problems(text: str, known: Known | None = None, **settings: Setting) -> tuple[Problem, ...]:
    with pytest.raises(InvalidDocumentError) as caught:
        resolved(text, known, **settings)
    return caught.value.problems


def test_only_mentioned_names_are_queried_and_only_once() -> None:
    known = Known({"git.commit": "c0ffee", "source_date": "2026-01-31", "env.CI": "x"})
    text = "env: [CI, OTHER]\nrepo: {repo_id: a/b, tag: 'v{{ git.commit }}'}\nartifacts: [{source: x}]\n"
    text += "card: {variables: {a: '{{ git.commit }} {{ source_date }} {{ env.CI }}', b: ['{{ env.CI }}']}}"
    found = resolved(text, known)
    assert found.manifest.repo.tag == "vc0ffee"
    assert found.manifest.card
    assert found.manifest.card.variables == {"a": "c0ffee 2026-01-31 x", "b": ["x"]}
    assert known.queried == {"git.commit": 1, "source_date": 1, "env.CI": 1}


def test_values_of_git_and_the_date_are_kept_and_environment_variables_are_not() -> None:
    known = Known({"git.commit": "c0ffee", "env.CI": "x"})
    found = resolved(HEAD + "env: [CI]\ncard: {variables: {a: '{{ git.commit }} {{ env.CI }}'}}", known)
    assert found.environment == {"git.commit": "c0ffee"}


def test_a_manifest_without_placeholders_queries_nothing() -> None:
    known = Known()
    resolved(HEAD + "env: [CI]\nvariables: {version: '1'}\ncard: {variables: {a: 'git.commit \\u007b'}}", known)
    assert not known.queried


def test_a_missing_value_is_reported_at_its_place_and_its_string_is_not_validated() -> None:
    text = "env: [CI]\nrepo:\n  repo_id: a/b\n  tag: '{{ git.tag }}'\n  endpoint: '{{ env.CI }}/{{ git.tag }}'\n"
    found = problems(text + "artifacts: [{source: x}]")
    assert [(problem.code, str(problem.location), problem.message, problem.hint) for problem in found] == [
        ("manifest.variable", "hub.yaml:4:9", "'git.tag' has no value: the value is unknown", "set it"),
        ("manifest.variable", "hub.yaml:5:14", "'env.CI' has no value: the value is unknown", "set it"),
        ("manifest.variable", "hub.yaml:5:27", "'git.tag' has no value: the value is unknown", "set it"),
    ]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("env: 3\nvariables: {version: v}", "env"),
        ("env: {CI: 1}\nvariables: {version: v}", "env"),
        ("env: [CI]\nvariables: [a]", "variables"),
        ("env: [CI]\nvariables: null", "variables"),
    ],
)
def test_an_invalid_declaration_is_reported_once_and_not_at_every_mention(text: str, path: str) -> None:
    head = "repo: {repo_id: a/b, tag: '{{ env.CI }}{{ version }}'}\nartifacts: [{source: x}]\n"
    (only,) = problems(head + text, Known({"env.CI": "x"}))
    assert only.path == path


def test_names_are_never_the_value_of_a_name() -> None:
    text = "variables: {ci: CI, a: '{{ ci }}'}\nenv: ['{{ ci }}']\nrepo: {repo_id: a/b}\nartifacts: [{source: x}]"
    (only,) = problems(text)
    assert (only.path, only.message[:15]) == ("env[0]", "expected a name")


# ---------------------------------------------------------------------------------------------------- settings


def test_settings_replace_declared_values_and_add_to_them() -> None:
    text = "variables: {version: '1', by: us}\nrepo: {repo_id: a/b, tag: 'v{{ version }}'}\n"
    text += "artifacts: [{source: '{{ folder }}'}]"
    manifest = resolved(text, version="2", folder="runs").manifest
    assert (manifest.repo.tag, manifest.artifacts[0].source) == ("v2", "runs")
    assert manifest.variables == {"version": "2", "by": "us", "folder": "runs"}


def test_a_declared_setting_need_not_be_mentioned() -> None:
    assert resolved(HEAD + "variables: {version: '1'}", version=2).manifest.variables == {"version": 2}


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("variables: {version: '1'}", "did you mean 'version'?"),
        ("card: {variables: {a: '{{ version }}'}}", "did you mean 'version'?"),
        ("variables: {folder: runs}", "mention {{ verison }}"),
    ],
)
def test_an_unused_setting_is_rejected_with_the_name_that_may_be_intended(text: str, hint: str) -> None:
    known = {problem.code: problem for problem in problems(HEAD + text, verison="2")}
    assert known["manifest.setting"].message == "'verison' is set, but the manifest does not mention this variable"
    assert known["manifest.setting"].hint == hint


# ----------------------------------------------------------------------------------------------------- secrets


@pytest.mark.parametrize(
    ("text", "known", "settings"),
    [
        ("env: [CI]\ncard: {variables: {a: 'x {{ env.CI }}'}}", Known({"env.CI": f"by {TOKEN}"}), {}),
        ("card: {variables: {a: 'x {{ git.tag }}'}}", Known({"git.tag": TOKEN}), {}),
        ("card: {variables: {a: 'x {{ by }}'}}", Known(), {"by": TOKEN}),
        ("variables: {by: us}", Known(), {"by": TOKEN}),
        ("env: [CI]\ncard: {variables: {a: 'hf_{{ env.CI }}'}}", Known({"env.CI": TOKEN[3:]}), {}),
    ],
)
def test_a_secret_is_rejected_from_any_source_and_never_repeated(
    text: str, known: Known, settings: dict[str, Setting]
) -> None:
    with pytest.raises(InvalidDocumentError) as caught:
        resolve_manifest((HEAD + text).encode(), settings=settings, environment=known)
    assert [problem.code for problem in caught.value.problems] == ["manifest.secret"]
    shown = "".join(traceback.TracebackException.from_exception(caught.value).format()) + repr(caught.value.problems)
    assert TOKEN[3:] not in shown


@pytest.mark.parametrize(
    ("listed", "message"),
    [("DB_PASSWORD", "the name of a credential"), ("CI", "'env.DB_PASSWORD' is the name of a credential")],
)
def test_a_variable_named_like_a_credential_is_never_read(listed: str, message: str) -> None:
    known = Known({"env.DB_PASSWORD": "open sesame"})
    text = f"env: [{listed}]\nrepo: {{repo_id: a/b, tag: '{{{{ env.DB_PASSWORD }}}}'}}\nartifacts: [{{source: x}}]"
    (only,) = problems(text, known)
    assert only.message.startswith(message)
    assert not known.queried


def test_no_hint_contains_a_value_of_the_environment() -> None:
    known = Known({"env.CI": "open sesame", "git.branch": "a b"})
    text = "env: [CI]\nrepo: {{repo_id: a/b, tag: '{name}'}}\nartifacts: [{{source: x}}]"
    (from_git,) = problems(text.format(name="{{ git.branch }}"), known)
    assert from_git.hint == "write `a-b`; the value of 'git.branch' comes from outside"
    (from_environment,) = problems(text.format(name="{{ env.CI }}"), known)
    assert from_environment.hint == "the value of 'env.CI' comes from outside"
    assert "sesame" not in from_environment.message


def test_an_invalid_string_points_to_the_declaration_of_its_value() -> None:
    text = "variables: {version: '1 2', by: us}\nrepo: {repo_id: a/b, tag: 'v{{ version }}'}\nartifacts: [{source: x}]"
    (only,) = problems(text)
    (related,) = only.related
    assert (related.path, str(related.location)) == ("variables.version", "hub.yaml:1:22")
    (only,) = problems(text, version="1 3")
    assert (only.related, only.hint) == ((), "write `v1-3`; the value of 'version' comes from outside")


@pytest.mark.parametrize("value", ["a\x07b", "a\u2028b", "a\udcffb", "\ufeff"])
def test_a_value_with_forbidden_characters_is_rejected(value: str) -> None:
    (only,) = problems(HEAD + "card: {variables: {a: '{{ git.tag }}'}}", Known({"git.tag": value}))
    assert only.message.startswith("'git.tag' has no value: its value is invalid: ")
    assert value not in only.message


# -------------------------------------------------------------------------------------------------------- load


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "git.commit",
            "'git.commit' is not allowed in 'load': readers of the published hub.yaml do not know its value",
        ),
        ("source_date", "'source_date' is not allowed in 'load'"),
        ("env.CI", "'env.CI' is not allowed in 'load'"),
        ("folder", "'folder' is used in 'load' and set from outside"),
        ("other", "'other' is used in 'load' and set from outside"),
        ("unknown", "unknown variable 'unknown'"),
    ],
)
def test_load_may_only_use_names_that_readers_can_replace(name: str, message: str) -> None:
    known = Known(dict.fromkeys(("git.commit", "source_date", "env.CI"), "x"))
    text = HEAD + f"env: [CI]\nvariables: {{folder: a, same: b}}\nload: {{allow_patterns: ['{{{{ {name} }}}}/*']}}"
    (only,) = problems(text, known, folder="b", **({"other": "x"} if name == "other" else {}))
    assert (only.path, str(only.location)) == ("load.allow_patterns[0]", "hub.yaml:5:26")
    assert only.message.startswith(message)
    assert only.hint


def test_a_setting_equal_to_the_declared_value_is_allowed_in_load() -> None:
    text = HEAD + "variables: {folder: a, n: 3}\nload: {allow_patterns: ['{{ folder }}{{ n }}/*']}"
    assert resolved(text, folder="a", n="3").manifest.load.allow_patterns == ("a3/*",)


def test_readers_read_load_and_ignore_the_other_sections() -> None:
    text = """\
future: {of: {a: newer hublish}}
repo: {repo_id: "{{ env.ORG }}/x", tag: "{{ git.tag }}", revision: "{{ 7*7 }}"}
variables: {folder: best, source_date: 2024-01-01, odd: [1]}
artifacts: []
load: {allow_patterns: ["{{ folder }}/*"], serializer: safetensors}
"""
    found = read_load(text.encode())
    assert (found.allow_patterns, found.serializer) == (("best/*",), "safetensors")
    assert read_load(b"anything: else").allow_patterns == ("*",)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("schema_version: 2\nload: {serializer: x}", "schema_version"),
        ("load: {serialiser: x}", "load.serialiser"),
        ("load: {target: '{{ git.tag }}'}", "load.target"),
        ("variables: {a: ..}\nload: {allow_patterns: ['{{ a }}/x']}", "load.allow_patterns[0]"),
        ("a: &a 1\nload: {}", "a"),
    ],
)
def test_an_invalid_load_section_is_reported_to_readers(text: str, path: str) -> None:
    with pytest.raises(InvalidDocumentError) as caught:
        read_load(text.encode())
    (only,) = caught.value.problems
    assert only.path == path
    assert only.location


# ---------------------------------------------------------------------------------------------------- expansion

NAMES = ("a", "b", "git.commit")
texts = st.text(st.sampled_from("{} 'ab.\"git"), max_size=12)
parts_of_a_text = st.lists(st.sampled_from((*NAMES, "}}", "}", "X", " ", "'")), max_size=8)


@given(parts_of_a_text, st.tuples(texts, texts, texts))
def test_values_are_inserted_once_and_never_expanded_again(parts: list[str], values: tuple[str, str, str]) -> None:
    value = dict(zip(NAMES, values, strict=True))
    written = "".join(f"{{{{ {part} }}}}" if part in NAMES else part for part in parts).replace("'", "''")
    text = f"{HEAD}variables: {{a: a, b: b}}\ncard: {{variables: {{text: '{written}'}}}}"
    found = resolved(text, Known({"git.commit": value["git.commit"]}), a=value["a"], b=value["b"])
    assert found.manifest.card
    assert found.manifest.card.variables["text"] == "".join(value.get(part, part) for part in parts)


def test_twenty_thousand_mentions_are_replaced_with_one_query() -> None:
    known = Known({"git.dirty": "true"})
    count = 18_000  # of 14 bytes each, within the limit of a file
    text = HEAD + f"card: {{variables: {{a: '{'{{git.dirty}}' * count}'}}}}"
    found = resolved(text, known)
    assert found.manifest.card
    assert found.manifest.card.variables["a"] == "true" * count
    assert known.queried == {"git.dirty": 1}


def test_unbounded_growth_is_stopped_at_its_place() -> None:
    text = HEAD + f"card: {{variables: {{a: '{'{{ a }}' * 20_000}'}}}}"
    (only,) = problems(text, a="x" * 10_000)
    assert (only.code, only.path) == ("manifest.too_large", "card.variables.a")
    assert str(MAX_CHARACTERS) in only.message
    assert str(only.location) == "hub.yaml:3:24"


def test_other_problems_are_reported_with_it() -> None:
    text = HEAD + f"a: &a 1\ncard: {{variables: {{b: '{{{{ c }}}}', a: '{'{{ a }}' * 100}'}}}}"
    assert [problem.code for problem in problems(text, a="x" * 10_000)] == [
        "yaml.anchor",
        "manifest.variable",
        "manifest.too_large",
    ]


def test_the_limit_applies_to_all_strings_together() -> None:
    half = "x" * (MAX_CHARACTERS // 2)
    fits = HEAD + "card: {variables: {b: '{{ a }}', c: '{{ a }}'}}"
    assert resolved(fits, a=half).manifest.card
    (only,) = problems(HEAD + "card: {variables: {b: '{{ a }}', c: '{{ a }}y'}}", a=half)
    assert only.path == "card.variables.c"


def test_at_most_a_hundred_problems_are_reported() -> None:
    text = "".join(f"{{{{ n{number} }}}}" for number in range(10_000))
    known = Known()
    assert len(problems(f"{HEAD}card: {{variables: {{a: '{text}', b: '{{{{ git.tag }}}}'}}}}", known)) == 100
    assert not known.queried


def test_the_same_mistake_in_one_string_is_reported_once() -> None:
    found = problems(HEAD + f"card: {{variables: {{a: '{'{{ b }}' * 20_000}', c: '{{{{ b }}}}'}}}}")
    assert [problem.path for problem in found] == ["card.variables.a", "card.variables.c"]


def test_only_a_few_of_thousands_of_values_in_a_string_are_shown() -> None:
    names = [f"name_{number}" for number in range(2_000)]
    declared = "".join(f"  {name}: x\n" for name in names)
    mentioned = " ".join(f"{{{{ {name} }}}}" for name in names)
    (only,) = problems(f"variables:\n{declared}{HEAD}load: {{target: '{mentioned}'}}\n")
    assert [each.path for each in only.related] == [f"variables.{name}" for name in names[:4]]
