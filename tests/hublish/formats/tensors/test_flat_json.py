import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors import flat_json

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
flat = st.dictionaries(texts, st.one_of(texts, st.integers(), st.lists(st.integers(), max_size=3)), max_size=4)


@given(st.dictionaries(texts, texts, max_size=6), st.booleans(), st.sampled_from([None, 1]))
def test_strings_are_read_as_json_reads_them(value: dict[str, str], ascii_only: bool, indent: int | None) -> None:
    assert dict(flat_json.strings(json.dumps(value, ensure_ascii=ascii_only, indent=indent))) == value


@given(st.dictionaries(texts, flat, max_size=6))
def test_objects_are_cut_out_whole(value: dict[str, dict[str, object]]) -> None:
    assert {key: json.loads(text) for key, text in flat_json.objects(json.dumps(value))} == value


def test_what_comes_before_the_first_fault_is_read() -> None:
    members = flat_json.strings('{"a":"1","b":2}')
    assert next(members) == ("a", "1")
    with pytest.raises(InvalidFileError, match="malformed at character 9"):
        next(members)


@given(st.text('{}[]":,\\u0dx1 \n', max_size=40))
def test_nothing_is_accepted_that_json_refuses(text: str) -> None:
    try:
        found = list(flat_json.strings("{" + text))
    except InvalidFileError:
        return
    assert json.loads("{" + text) == dict(found)
    assert re.fullmatch(r"[^\n]*", text[text.rfind("}") :])
