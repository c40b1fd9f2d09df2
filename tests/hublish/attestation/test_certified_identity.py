"""An identity with `*` covers those that its author meant: a `*` never crosses the `@` before a ref."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.attestation.certified_identity import Identity

PROVIDER = "https://token.actions.githubusercontent.com"
WORKFLOW = "https://github.com/acme/digits/.github/workflows/release.yml"


@pytest.mark.parametrize(
    ("declared", "found", "is_covered"),
    [
        (f"{WORKFLOW}@refs/tags/v1", f"{WORKFLOW}@refs/tags/v1", True),
        (f"{WORKFLOW}@refs/tags/v1", f"{WORKFLOW}@refs/tags/v10", False),
        (f"{WORKFLOW}@refs/tags/v1", f"{WORKFLOW.upper()}@refs/tags/v1", False),
        (f"{WORKFLOW}@refs/tags/*", f"{WORKFLOW}@refs/tags/v1", True),
        (f"{WORKFLOW}@refs/tags/*", f"{WORKFLOW}@refs/tags/digits/v1", True),
        (f"{WORKFLOW}@refs/tags/*", f"{WORKFLOW}@refs/heads/main", False),
        (f"{WORKFLOW}@refs/tags/v*.*", f"{WORKFLOW}@refs/tags/v1.2", True),
        (f"{WORKFLOW}@refs/tags/v*.*", f"{WORKFLOW}@refs/tags/v1", False),
        (f"{WORKFLOW}@*", f"{WORKFLOW}@refs/heads/main", True),
        ("https://github.com/acme/*@refs/tags/*", f"{WORKFLOW}@refs/tags/v1", True),
        ("https://github.com/acme/*@refs/tags/*", "https://github.com/acmes/digits/x.yml@refs/tags/v1", False),
        # A branch that is named as if it were a tag.
        ("https://github.com/acme/*@refs/tags/*", f"{WORKFLOW}@refs/heads/x@refs/tags/1", False),
        (f"{WORKFLOW}@refs/tags/*", f"{WORKFLOW}@refs/tags/digits@1", False),
        (f"{WORKFLOW}@refs/tags/*@*", f"{WORKFLOW}@refs/tags/digits@1", True),
        ("*@acme.org", "ada@acme.org", True),
        ("*@acme.org", "ada@acme.org.evil.org", False),
        ("*@acme.org", "ada@evil.org@acme.org", False),
        # Of a pattern, only `*` has a meaning.
        (f"{WORKFLOW}@refs/tags/v?", f"{WORKFLOW}@refs/tags/v1", False),
        (f"{WORKFLOW}@refs/tags/v[0-9]", f"{WORKFLOW}@refs/tags/v1", False),
        ("aba*aba", "aba", False),
        ("aba*aba", "abaaba", True),
        ("a**b", "ab", True),
        ("", "", True),
        ("", "x", False),
    ],
)
def test_a_star_is_any_text_of_one_part(declared: str, found: str, is_covered: bool) -> None:
    assert Identity(declared, PROVIDER).covers(Identity(found, PROVIDER)) is is_covered


@pytest.mark.parametrize("provider", ["https://gitlab.com", f"{PROVIDER}/", "", "*"])
def test_the_provider_is_compared_as_it_is(provider: str) -> None:
    assert not Identity("*", provider).covers(Identity("x", PROVIDER))


@given(st.text("ab@*", max_size=8), st.text("ab@", max_size=10))
def test_a_pattern_means_the_same_as_a_regular_expression(pattern: str, name: str) -> None:
    expression = "[^@]*".join(re.escape(part) for part in pattern.split("*"))
    assert Identity(pattern, "p").covers(Identity(name, "p")) is (re.fullmatch(expression, name) is not None)


def test_many_stars_take_no_time() -> None:
    assert not Identity("*a" * 10_000 + "b", "p").covers(Identity("a" * 100_000, "p"))
