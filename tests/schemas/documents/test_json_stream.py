import json
import random
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hublish.schemas.documents.json_stream import JsonWriter, Rows, masked
from hublish.schemas.secrets.masking import redact
from tests.planted_tokens import TOKENS
from tests.rows import every

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text())
DATA = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner), st.tuples(inner)),
    max_leaves=30,
)
# Made here and worth nothing; put together so that no scanner takes this file for a leak.
TOKEN = "hf" + "_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ01234567"


def as_rows(data: Any) -> Any:
    """Return data with every list outside of another one as rows."""
    if isinstance(data, dict):
        return {key: as_rows(value) for key, value in data.items()}
    return Rows(lambda: data) if isinstance(data, list) else data


@pytest.mark.parametrize("indent", [None, 0, 2, 3])
@settings(max_examples=40)
@given(data=DATA, sort_keys=st.booleans(), ensure_ascii=st.booleans())
def test_the_text_is_that_of_the_standard_library(
    data: Any, indent: int | None, sort_keys: bool, ensure_ascii: bool
) -> None:
    writer = JsonWriter(indent, sort_keys, ensure_ascii)
    expected = json.dumps(data, indent=indent, sort_keys=sort_keys, ensure_ascii=ensure_ascii)
    assert "".join(writer.pieces(data)) == expected
    assert "".join(writer.pieces(as_rows(data))) == expected


def test_rows_are_made_while_they_are_written() -> None:
    made = 0

    def rows() -> Iterator[dict[str, int]]:
        nonlocal made
        for made in range(1, 1_001):
            yield {"number": made}

    pieces = JsonWriter().pieces({"first": 1, "rows": Rows(rows)})
    for piece in pieces:
        if "500" in piece:
            break
    assert made == 500


def test_a_document_with_many_rows_needs_little_memory() -> None:
    def rows() -> Iterator[dict[str, str]]:
        return ({"path_in_repo": f"files/{number}.txt", "sha256": f"{number:064}"} for number in range(20_000))

    tracemalloc.start()
    try:
        length = sum(map(len, JsonWriter().pieces(masked({"files": Rows(rows)}, str, str))))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert length > 2_500_000
    assert peak < 700_000


@every("kind", TOKENS)
def test_the_strings_of_a_list_are_masked_as_each_of_them_would_be(kind: str) -> None:
    chance = random.Random(5)
    whole = [TOKENS[kind](chance), f"see {TOKENS[kind](chance)}, please"]
    # The beginnings of tokens, after which a search might go on into the next string.
    parts = [text[:end] for text in whole for end in range(5, len(text), 17)]
    for part in parts:
        texts = [part, whole[0], part, *whole, "plain"]
        assert masked(texts, redact, redact) == [redact(text) for text in texts]


def test_one_masked_string_does_not_change_others() -> None:
    texts = [[f"name-{number}", {"a key": TOKEN if number == 1_500 else "value"}] for number in range(3_000)]
    found = list(masked(Rows(lambda: texts), redact, redact))
    assert [index for index, each in enumerate(found) if each != texts[index]] == [1_500]
    assert found[1_500] == ["name-1500", {"a key": "hf_…"}]


def test_keys_have_a_mask_of_their_own() -> None:
    data = {"code": [{"code": "code"}]}
    assert masked(data, lambda text: text.replace("code", "***"), str) == {"code": [{"code": "***"}]}


def test_digests_are_not_searched_and_the_other_fields_of_their_rows_are() -> None:
    rows: list[dict[str, Any]] = [
        {"sha256": f"{number:064}", "source": f"{number}.txt", "parameters": {"sha256": [TOKEN]}} for number in (1, 2)
    ]
    searched: list[str] = []

    def mask(text: str) -> str:
        searched.append(text)
        return redact(text)

    found = list(masked(Rows(lambda: rows, digests=("sha256",)), mask, str))
    assert [row["parameters"] for row in found] == [{"sha256": ["hf_…"]}] * 2
    assert [row["sha256"] for row in found] == [row["sha256"] for row in rows]
    assert "2.txt" in searched[0]
    assert rows[1]["sha256"] not in searched[0]
