from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from hublish.schemas.documents.field_types import Size
from hublish.schemas.documents.sizes import format_size, parse_size


class Holder(BaseModel):
    size: Size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("5GB", 5 * 10**9),
        ("500 MB", 5 * 10**8),
        ("1.5kb", 1500),
        ("1024", 1024),
        ("7B", 7),
        (" 2 tb ", 2 * 10**12),
        ("0.000001MB", 1),
        (0, 0),
        (42, 42),
    ],
)
def test_sizes_are_parsed_as_people_write_them(text: str | int, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "",
        "GB",
        "5 GiB",
        "-1",
        "1e3",
        "5,0MB",
        "five",
        "1.GB",
        ".5GB",
        -1,
        "9" * 16,
        True,
        1.5,
        None,
        "5GB\0",
        "\u0665GB",
    ],
)
def test_invalid_sizes_are_rejected(text: Any) -> None:
    with pytest.raises(ValueError, match="expected a size"):
        parse_size(text)


@given(st.integers(0, 10**15 - 1))
def test_a_serialized_size_is_parsed_back(size: int) -> None:
    written = Holder(size=size).model_dump(mode="json")["size"]
    assert parse_size(written) == size


@pytest.mark.parametrize(
    ("size", "text"),
    [
        *[(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (4_200_000, "4.2 MB"), (50 * 10**9, "50.0 GB")],
        *[(999_949, "999.9 KB"), (999_950, "1.0 MB"), (999_999_999, "1.0 GB"), (3 * 10**15, "3000.0 TB")],
    ],
)
def test_sizes_are_formatted_for_people(size: int, text: str) -> None:
    assert format_size(size) == text
