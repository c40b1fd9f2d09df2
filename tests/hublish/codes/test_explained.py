"""Every code that a problem can have is explained, and every rule of the audit has all parts of its explanation."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import hublish
from hublish.codes.entry import Code
from hublish.codes.explained import RULES, code_of, near_codes, reads_as_code
from hublish.schemas.documents.waivers import NEVER_WAIVED, WaivableRule

PACKAGE = Path(hublish.__file__).parent


def codes() -> Iterator[str]:
    """Every code that the source gives to a `Problem`, in full or as the family of one that is computed."""
    # `rglob` does not follow the links that two of the folders are in a checkout.
    for path in sorted(
        {*PACKAGE.rglob("*.py"), *(PACKAGE / "pipeline").rglob("*.py"), *(PACKAGE / "schemas").rglob("*.py")}
    ):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name(id="Problem"), args=[ast.Constant(value=str(code)), *_]):
                    yield code
                case ast.Call(
                    func=ast.Name(id="Problem"), args=[ast.JoinedStr(values=[ast.Constant(value=head), *_]), *_]
                ):
                    yield str(head) + "x"


def test_every_code_of_a_problem_in_the_source_is_explained() -> None:
    found = set(codes())
    assert {"policy.pickle", "card.template"} <= found, "the search finds the codes"
    assert [code for code in sorted(found) if code_of(code) is None] == []


def test_every_code_of_the_policy_has_an_explanation_of_its_own() -> None:
    own = {code for code in codes() if code.startswith("policy.")} | {*get_args(WaivableRule), *NEVER_WAIVED}
    assert own <= RULES.keys()


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_has_every_part_in_whole_sentences(rule: Code) -> None:
    assert all(len(text) > 12 and text.endswith(".") for text in (rule.cause, rule.danger, rule.fix))
    assert len(rule.title) < 60
    assert not rule.title.endswith(".")
    assert rule.risk is None or 0 < rule.risk <= 10


def test_each_rule_of_the_policy_either_can_be_waived_or_has_a_reason_why_not() -> None:
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
        ("nothing-like-it", ()),
    ],
)
def test_a_wrong_code_leads_to_similar_ones(word: str, near: tuple[str, ...]) -> None:
    assert code_of(word) is None
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


def test_a_code_of_another_kind_is_explained_with_its_family() -> None:
    rule = hublish.explain_code("card.template")
    assert (rule.code, rule.may_be_waived) == ("card.*", False)


def test_a_code_that_does_not_exist_is_a_usage_error_with_similar_ones() -> None:
    with pytest.raises(hublish.HublishError) as caught:
        hublish.explain_code("policy.pickels")
    assert (caught.value.exit_code, caught.value.hint) == (2, "did you mean policy.pickle?")
