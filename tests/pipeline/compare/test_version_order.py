"""Versions in the names of tags."""

import pytest

from hublish.pipeline.compare.version_order import is_lower, is_pre_release


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        *dict.fromkeys(
            ("v1.0.0-rc.1", "1.0.0-beta", "v2.0b3", "2.0.0-alpha.2", "1.0.dev4", "v3-preview"), True
        ).items(),
        *dict.fromkeys(
            ("v1.0.0", "1.0", "v1-fp16", "release", "latest", "v1.0.0+build.rc", "2026-01-31"), False
        ).items(),
    ],
)
def test_a_pre_release_is_known_by_its_name(tag: str, expected: bool) -> None:
    assert is_pre_release(tag) is expected


@pytest.mark.parametrize(
    ("tag", "other", "expected"),
    [
        ("v1.9", "v1.10", True),
        ("v1.10", "v1.9", False),
        ("v1", "v1", False),
        ("v1", "release-2", False),
        ("9" * 5000, "9" * 5001, True),
    ],
)
def test_a_tag_of_the_same_form_is_lower_by_its_numbers(tag: str, other: str, expected: bool) -> None:
    assert is_lower(tag, other) is expected
