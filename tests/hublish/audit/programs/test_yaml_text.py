"""Tags that create Python objects are found in documents that PyYAML reads; pages that show one are clean."""

import pytest
import yaml

from hublish.audit.containers import carried_pickle
from hublish.audit.programs import yaml_text
from hublish.formats.blob import MemoryBlob

HOSTILE = [
    "a: !!python/object/apply:builtins.divmod [7, 2]\n",
    "!!python/object/new:builtins.complex [7, 2]\n",
    "a: !!python/name:builtins.divmod\n",
    "a: !!python/module:string\n",
    "- !<tag:yaml.org,2002:python/object/apply:builtins.divmod> [7, 2]\n",
    "%TAG ! tag:yaml.org,2002:python/\n---\n!object/apply:builtins.divmod [7, 2]\n",
    "!!p%79thon/object/apply:builtins.divmod [7, 2]\n",
    "? !!python/object/apply:builtins.divmod [7, 2]\n: 1\n",
    "a: " + "x" * (3 << 20) + "\nb: !!python/name:builtins.divmod\n",
]
CLEAN = [
    "a: !!python/tuple [1, 2]\n",
    "# !!python/object/apply:os.system\na: 1\n",
    "a: '!!python/object/apply:os.system'\n",
    "The tag !!python/object/apply:os.system runs a program.\n",
    "# Title\n\n```yaml\n!!python/object/apply:os.system ['x']\n```\n",
    "a: !!python/object/apply:os.system [\n",
    "PREFIX = 'tag:yaml.org,2002:python/object/apply:'\n",
    "a: 100 %\nb: hello!%20\n",
]


@pytest.mark.parametrize("document", HOSTILE, ids=lambda document: document[:50])
def test_a_python_object_is_found(document: str) -> None:
    assert "a Python object" in (carried_pickle(MemoryBlob(document.encode())) or "")
    # PyYAML creates it.
    assert yaml.load(document, yaml.CUnsafeLoader) != yaml.safe_load("a: 1")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_python_object_is_found_in_every_encoding(encoding: str) -> None:
    assert carried_pickle(MemoryBlob(HOSTILE[0].encode(encoding))) is not None


@pytest.mark.parametrize("document", CLEAN, ids=lambda document: document[:50])
def test_other_text_is_clean(document: str) -> None:
    assert carried_pickle(MemoryBlob(document.encode())) is None


def test_a_later_document_counts() -> None:
    assert carried_pickle(MemoryBlob(b"a: 1\n---\n!!python/name:os.system\n")) is not None


def test_deep_nesting_is_no_crash() -> None:
    assert carried_pickle(MemoryBlob(b"!!python/name:os.system " + b"[" * 100_000)) is None


def test_a_document_of_too_many_parts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_text, "_MAX_EVENTS", 10)
    found = carried_pickle(MemoryBlob(b"- !!python/tuple []\n" * 10))
    assert found is not None
    assert found.endswith("which cannot be inspected")
