"""Every code in the source is explained, and every explained code is in the source."""

import ast
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import get_args

import pytest
from markdown_it import MarkdownIt

import hublish
from hublish.base import errors
from hublish.base.errors import HublishError
from hublish.cli.commands import ENTRIES, Entry
from hublish.cli.parser import parser_for
from hublish.codes.entry import Code
from hublish.codes.explained import EXPLAINED, FAMILIES, RULES, near_codes, reads_as_code
from hublish.codes.manifest_codes import DOCUMENTS as DOCUMENT_ENTRIES
from hublish.pipeline.compare import content_surprises, stale
from hublish.pipeline.render_card import template_sandbox
from hublish.schemas.diagnose.problems import parse_path
from hublish.schemas.diagnose.suggestions import field_at
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.documents.waivers import NEVER_WAIVED, WaivableRule

PACKAGE = Path(hublish.__file__).parent
FORM = re.compile(r"[a-z]+(?:\.[a-z_0-9]+)+")

DOCUMENTS = ("manifest", "plan", "lock", "receipt")
COMPUTED: dict[str, tuple[str, ...]] = {
    "f'surprise.{setting.name}'": ("surprise.visibility", "surprise.gated"),
    "f'surprise.{key}'": tuple(f"surprise.{key}" for key in content_surprises._TERMS),
    "f'plan.stale.{name}'": tuple(f"plan.stale.{name}" for name in {*stale._TARGET, *stale._REMOTE}),
    "f'card.{kind}'": tuple(f"card.{kind}" for kind in ("syntax", "missing", "unsafe", "undefined", "failed")),
    "f'{self.family}.{code}'": tuple(
        f"{family}.{kind}" for family in DOCUMENTS for kind in ("unknown_key", "missing", "type", "value")
    ),
    "f'{family}.version'": tuple(f"{family}.version" for family in DOCUMENTS[1:]),
    "f'{family}.syntax'": tuple(f"{family}.syntax" for family in (*DOCUMENTS[1:], "card", "config")),
}
"""The codes that the source computes, by the expression."""
DOCUMENT_CODES = {entry.code for entry in DOCUMENT_ENTRIES}

OTHERS = (
    *("card.html", "card.html.j2", "card.md.j2", "hublish.is_file", "hublish.endpoint", "hublish.serializers"),
    *("card.metadata.co2_eq_emissions", "card.metadata.datasets", "repo.git"),
    # Renamed where it arises.
    "serializer.unknown_key",
)
"""Strings in the form of a code that are none: templates, keys of objects, places in the metadata."""


def nodes() -> Iterator[ast.AST]:
    # `rglob` does not follow the links that two of the folders are in a checkout.
    folders = (PACKAGE, PACKAGE / "pipeline", PACKAGE / "schemas")
    for path in sorted({path for folder in folders for path in folder.rglob("*.py")}):
        if path.parent != PACKAGE / "codes":
            yield from ast.walk(ast.parse(path.read_text()))


def in_source() -> tuple[frozenset[str], frozenset[str]]:
    """Return the strings in the source that have the form of a code, and the expressions that compute one."""
    texts, expressions = set(), set()
    for node in nodes():
        match node:
            case ast.Constant(value=str(text)) if FORM.fullmatch(text) and text.partition(".")[0] in FAMILIES:
                texts.add(text)
            case (
                ast.Call(func=ast.Name(id="Problem" | "Surprise"), args=[ast.JoinedStr() as code, *_])
                | ast.Assign(targets=[ast.Name(id="code")], value=ast.JoinedStr() as code)
            ):
                if not re.search(r"\s", text := ast.unparse(code)):
                    expressions.add(text)
    return frozenset(texts), frozenset(expressions)


def is_something_else(text: str) -> bool:
    """Return whether a string with the form of a code is a field of the manifest or the name of a module or file."""
    module = PACKAGE.parent / Path(*text.split("."))
    return (
        text in OTHERS
        or text.endswith((".json", ".lock", ".yaml", ".md"))
        or field_at(Manifest, parse_path(text)) is not None
        or module.is_dir()
        or module.with_suffix(".py").exists()
    )


TEXTS, EXPRESSIONS = in_source()
CODES = {*TEXTS, *(code for codes in COMPUTED.values() for code in codes)}


def test_every_code_in_the_source_is_explained() -> None:
    assert {"policy.pickle", "card.template", "plan.stale", "verify.different"} <= TEXTS, "the search finds the codes"
    assert [code for code in sorted(CODES) if code not in EXPLAINED and not is_something_else(code)] == []


def test_every_explained_code_is_in_the_source() -> None:
    assert sorted(EXPLAINED.keys() - CODES) == []


def test_every_computed_code_is_resolved() -> None:
    assert COMPUTED.keys() == EXPRESSIONS


def test_the_kinds_of_failures_of_a_template_are_those_of_the_sandbox() -> None:
    source = ast.parse(Path(template_sandbox.__file__).read_text())
    kinds = set[str]()
    for node in ast.walk(source):
        match node:
            case ast.Dict(keys=[ast.Constant(value="kind"), *_], values=[ast.Constant(value=str(kind)), *_]):
                kinds.add(kind)
    # A template that exceeds its limits fails as a whole, without a problem.
    assert {f"card.{kind}" for kind in kinds - {"bounds"}} == set(COMPUTED["f'card.{kind}'"])


def test_every_error_that_python_code_catches_is_explained_with_its_class() -> None:
    classes = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, HublishError)]
    assert {each.code: each.__name__ for each in classes} == {
        code: entry.error for code, entry in EXPLAINED.items() if entry.error
    }


def test_every_code_has_a_family_and_every_family_a_code() -> None:
    assert {code.partition(".")[0] for code in EXPLAINED} == FAMILIES.keys()


@pytest.mark.parametrize("entry", EXPLAINED.values(), ids=EXPLAINED)
def test_an_explanation_has_every_part_in_whole_sentences(entry: Code) -> None:
    texts = [text for text in (entry.cause, entry.danger, entry.fix) if text]
    assert all(len(text) > 12 and text.endswith(".") and "  " not in text for text in texts)
    assert len(texts) >= 2, "a cause and a fix"
    assert len(entry.title) < 85
    assert entry.title[0] == entry.title[0].upper() or entry.title.startswith("hub.yaml")
    assert not entry.title.endswith(".")
    assert entry.risk is None or 0 < entry.risk <= 10
    assert entry.example.endswith("\n") == bool(entry.example)
    assert entry.url == f"https://hublish.github.io/hublish/errors/{entry.code}/"


@pytest.mark.parametrize("entry", EXPLAINED.values(), ids=EXPLAINED)
def test_a_text_shows_all_of_its_characters_as_markdown(entry: Code) -> None:
    for text in (entry.title, entry.cause, entry.danger, entry.fix):
        page = MarkdownIt("commonmark").renderInline(text)
        assert unescape(re.sub(r"<[^>]+>", "", page)) == text.replace("`", "")


def test_titles_and_causes_are_not_used_twice() -> None:
    own = [entry for entry in EXPLAINED.values() if entry.code not in DOCUMENT_CODES]
    for texts in ([entry.title for entry in own], [entry.cause for entry in own]):
        assert sorted(text for text in texts if texts.count(text) > 1) == []


def test_every_command_and_option_in_a_text_exists() -> None:
    options = {entry.name: options_of(entry) for entry in ENTRIES}
    every = {option for of_one in options.values() for option in of_one}
    for entry in EXPLAINED.values():
        for text in re.findall(r"`([^`]+)`", f"{entry.cause} {entry.danger} {entry.fix}"):
            named = re.findall(r"--[a-z][a-z-]*", text)
            if found := re.match(r"hublish ([a-z]+)", text):
                assert found[1] in options, f"{entry.code}: {text}"
                assert set(named) <= options[found[1]], f"{entry.code}: {text}"
            elif text.startswith("--"):
                assert set(named) <= every, f"{entry.code}: {text}"


def options_of(entry: Entry) -> set[str]:
    return {option for action in parser_for(entry, entry.load())._actions for option in action.option_strings}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_of_the_audit_names_the_danger(rule: Code) -> None:
    assert rule.danger
    assert len(rule.title) < 60


def test_each_rule_of_the_policy_either_can_be_waived_or_has_a_reason_why_not() -> None:
    assert {*get_args(WaivableRule), *NEVER_WAIVED} <= RULES.keys()
    assert {code for code, rule in RULES.items() if rule.may_be_waived} == set(get_args(WaivableRule))
    policy = [rule for code, rule in RULES.items() if code.startswith("policy.")]
    assert all(rule.may_be_waived or rule.waiver.startswith("It cannot be waived: ") for rule in policy)


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("policy.pickels", ("policy.pickle",)),
        ("policy.secrets", ("policy.secret",)),
        ("pickles", ("policy.pickle",)),
        ("source.simlink", ("source.symlink",)),
        ("card.tempalte", ("card.template",)),
        ("surprise.deletion", ("surprise.deletions",)),
        ("nothing-like-it", ()),
    ],
)
def test_a_wrong_code_leads_to_similar_ones(word: str, near: tuple[str, ...]) -> None:
    assert word not in EXPLAINED
    assert near_codes(word)[: len(near)] == near
    assert bool(near_codes(word)) == bool(near)


@pytest.mark.parametrize(
    ("word", "is_code"),
    [
        ("policy.pickle", True),
        ("card.template", True),
        ("plan.stale.file", True),
        ("README.md", False),
        ("config.json", False),
        ("card.md", False),
        ("policy", False),
        ("policy.", False),
        ("policy.Pickle", False),
        ("model.safetensors", False),
        ("policy/pickle", False),
        ("./policy.pickle", False),
    ],
)
def test_only_words_in_the_form_of_a_code_are_read_as_one(word: str, is_code: bool) -> None:
    assert reads_as_code(word) is is_code


def test_a_code_that_does_not_exist_is_a_usage_error_with_similar_ones() -> None:
    with pytest.raises(hublish.HublishError) as caught:
        hublish.explain_code("policy.pickels")
    assert (caught.value.exit_code, caught.value.hint) == (2, "did you mean policy.pickle?")


def test_a_code_is_explained_in_python() -> None:
    entry = hublish.explain_code("plan.stale")
    assert (entry.error, entry.may_be_waived, entry.waiver) == ("PlanStaleError", False, "")
    assert entry.title == "The release differs from the plan that was reviewed"
