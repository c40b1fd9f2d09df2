import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.schemas.diagnose.problems import InvalidDocumentError, Location, Problem
from hublish.schemas.documents.reading_manifest import locate, read_manifest


def test_problems_found_later_are_placed_in_the_text() -> None:
    text = b"repo: {repo_id: a/b}\nartifacts:\n  - source: x\n  - source: y\n"
    here = Location("other.yaml", 7, 7)
    found = locate(
        [
            Problem("source.missing", "nothing there", path="artifacts[1].source"),
            Problem("source.missing", "nothing there", path="patterns.allow_patterns[0]"),
            Problem("x", "already placed", path="repo", location=here),
            Problem("x", "of no place"),
        ],
        text,
    )
    assert [str(problem.location) for problem in found] == ["hub.yaml:4:13", "hub.yaml:1:1", "other.yaml:7:7", "None"]


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    with pytest.raises(InvalidDocumentError):
        read_manifest(text)
