"""Facts of all files together, of the git commit, and of the changes since the last release."""

from hublish.cards.facts.release_state import Commit, Previous
from tests.hublish.cards.facts.releases import derived, value_of

FILES = {"a": b"123", "b/c": b"12345", "README.md": b"x" * 99, ".gitattributes": b"x"}


def test_counts_all_files_but_the_card() -> None:
    facts = derived(FILES, digests={"a": "ab" * 32})
    assert facts["files.count"].value == 2
    assert facts["files.size"].value == 8
    assert facts["files.largest"].value == [{"path": "b/c", "size": 5}, {"path": "a", "size": 3, "sha256": "ab" * 32}]


def test_lists_the_ten_largest_files_the_same_in_any_order() -> None:
    files = {f"f{index}": b"x" for index in range(20)}
    first, second = (value_of("files.largest", dict(order)) for order in (files.items(), reversed(files.items())))
    assert first == second
    assert len(first) == 10


def test_names_the_commit() -> None:
    facts = derived({}, commit=Commit("0123456789" * 4, "v1.2.0", "2026-11-27"))
    assert facts["git.short_commit"].value == "0123456"
    assert (facts["git.tag"].value, facts["git.date"].value) == ("v1.2.0", "2026-11-27")
    assert not any(fact.released for name, fact in facts.items() if name.startswith("git."))
    assert "git.tag" not in derived({}, commit=Commit("a" * 40))


def test_lists_the_changes_since_the_last_release() -> None:
    digests = {"a": "1", "b/c": "2"}
    facts = derived(FILES, digests=digests, previous=Previous("v1.0.0", {"a": "0", "gone": "5", "README.md": "9"}))
    named = {name: facts[f"changes.{name}"].value for name in ("since", "added", "changed", "removed")}
    assert named == {"since": "v1.0.0", "added": ["b/c"], "changed": ["a"], "removed": ["gone"]}
    assert "changes.since" not in derived(FILES)
