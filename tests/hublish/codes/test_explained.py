"""The texts of the explanations, and the words that are read as codes."""

import re
from html import unescape
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
from hublish.schemas.documents.waivers import NEVER_WAIVED, WaivableRule

DOCUMENT_CODES = {entry.code for entry in DOCUMENT_ENTRIES}


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
        ("polici.pickle", True),
        ("run.sh", False),
        ("release.candidate", False),
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
    with pytest.raises(hublish.HublishError, match=r"'nothing-like-it' is not a code .*\n.*/errors/ lists every code"):
        hublish.explain_code("nothing-like-it")


def test_a_code_is_explained_in_python() -> None:
    entry = hublish.explain_code("plan.stale")
    assert (entry.error, entry.may_be_waived, entry.waiver) == ("PlanStaleError", False, "")
    assert entry.title == "The release differs from the plan that was reviewed"
