"""Python and the JSON Schema agree about strings with a form, as far as a pattern can express it."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from hublish.schemas.documents import field_types

Check = Callable[[str], bool]


@cache
def python(form: Any) -> Check:
    adapter: TypeAdapter[str] = TypeAdapter(form)

    def accepts(text: str) -> bool:
        try:
            adapter.validate_python(text)
        except ValidationError:
            return False
        return True

    return accepts


@cache
def pattern(form: Any) -> Check:
    """Return the pattern in the schema as a check; in ECMA 262, `$` is only the very end."""
    about = TypeAdapter(form).json_schema()
    found = about["anyOf"][0]["pattern"] if "anyOf" in about else about["pattern"]
    expression = re.compile(found.replace("$", r"\Z"))
    return lambda text: len(text) >= about.get("minLength", 0) and expression.search(text) is not None


FORMS = {
    "path_in_repo": field_types.PathInRepo,
    "file": field_types.FilePath,
    "local": field_types.LocalPath,
    "pattern": field_types.Pattern,
    "ref": field_types.Ref,
    "repo_id": field_types.RepoId,
    "target": field_types.Target,
    "line": field_types.Line,
}
EXACT = ("ref", "repo_id", "target")
"""The forms that a pattern expresses completely, for strings that Unicode normalization does not change."""

written = st.text(st.sampled_from("aZ09_-./~\\:@{}^ *gitlock\n\u202e"), max_size=10)


@pytest.mark.parametrize("name", FORMS)
@settings(max_examples=400)
@given(text=written)
def test_the_schema_rejects_nothing_that_is_valid(name: str, text: str) -> None:
    if python(FORMS[name])(text):
        assert pattern(FORMS[name])(text)


@pytest.mark.parametrize("name", EXACT)
@settings(max_examples=400)
@given(text=written)
def test_the_schema_rejects_everything_that_a_pattern_can_express(name: str, text: str) -> None:
    assert pattern(FORMS[name])(text) == python(FORMS[name])(text)


def test_a_name_may_be_as_long_as_a_file_system_allows() -> None:
    for form in (field_types.PathInRepo, field_types.FilePath):
        for text in ("a" * 255, "/".join(["a" * 255] * 4), "\u00e9" * 127):
            assert python(form)(text)
            assert pattern(form)(text)
        for text in ("a" * 256, "/".join(["a" * 205] * 5)):
            assert not python(form)(text)
            assert not pattern(form)(text)


@pytest.mark.parametrize(
    ("text", "hint"), [("../x", "write 'x'"), ("a" * 300, "shorten it"), (".git/x", "choose another")]
)
def test_an_error_suggests_a_valid_value(text: str, hint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(field_types.PathInRepo).validate_python(text)
    (error,) = caught.value.errors()
    assert str(error["ctx"]["error"].hint).startswith(hint)
