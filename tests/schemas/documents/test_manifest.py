"""The limits of a manifest."""

import pytest

from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.documents.field_types import MOST_ENTRIES
from hublish.schemas.documents.manifest_yaml import read_manifest

HEAD = "repo: {repo_id: acme/digits}\n"
LISTS = {
    "artifacts": HEAD + "artifacts: [%s]\n",
    "patterns.ignore_patterns": HEAD + "artifacts: [{source: a}]\npatterns: {ignore_patterns: [%s]}\n",
    "policy.deny_patterns": HEAD + "artifacts: [{source: a}]\npolicy: {deny_patterns: [%s]}\n",
    "load.allow_patterns": HEAD + "artifacts: [{source: a}]\nload: {allow_patterns: [%s]}\n",
}


@pytest.mark.parametrize("path", LISTS)
def test_lists_that_are_checked_for_every_file_have_a_limit(path: str) -> None:
    entry = "{source: a}" if path == "artifacts" else "a"
    read_manifest((LISTS[path] % ", ".join([entry] * MOST_ENTRIES)).encode())
    with pytest.raises(InvalidDocumentError) as caught:
        read_manifest((LISTS[path] % ", ".join([entry] * (MOST_ENTRIES + 1))).encode())
    assert [(problem.path, problem.message) for problem in caught.value.problems] == [
        (path, f"must have at most {MOST_ENTRIES}")
    ]
