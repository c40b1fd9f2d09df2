"""The Hub's own validation of a card: asked while planning, before anything is uploaded or created."""

import json
from pathlib import Path

import pytest

from hublish.base.errors import CardError
from tests.faults.projects import Release
from tests.faults.proxy import Behavior, instead, lost_before

VALIDATION = "^POST /api/validate-yaml"
WRITING = "^(?:POST /api/repos|POST [^?]*/commit/|PUT|POST [^?]*/lfs/|DELETE|POST [^?]*/tag/)"
README = "---\nlicense: mit\ntags:\n- a\nmodel-index:\n- name: digits\n  results: []\n---\n# A model\n"


def saying(status: int, **body: object) -> Behavior:
    return instead(status, json.dumps(body).encode(), Content_Type="application/json")


@pytest.fixture
def carded(release: Release) -> Release:
    """A release with a README."""
    (release.folder / "README.md").write_text(README)
    release.declare(sources=("*.bin", "*.json", "README.md"))
    return release


UNCHECKED: dict[str, Behavior] = {
    "no such route": instead(404),
    "not allowed": instead(405),
    "no permission": instead(403),
    "too many requests": instead(429, Retry_After="999999"),
    "a failure": instead(500),
    "an overload": instead(503, Retry_After="5"),
    "a page for people": instead(200, b"<html>welcome</html>", Content_Type="text/html"),
    "nothing": instead(200),
    "a list": instead(200, b"[1, 2]", Content_Type="application/json"),
    "another object": saying(200, ok=True),
    "warnings of another kind": saying(200, warnings="none"),
    "a reset": lost_before,
}


@pytest.mark.parametrize("answer", UNCHECKED.values(), ids=UNCHECKED)
def test_a_hub_that_does_not_check_cards_gives_a_warning(
    carded: Release, sleeps: list[float], answer: Behavior
) -> None:
    carded.proxy.on(VALIDATION, answer)
    plan = carded.plan()
    (warning,) = [problem for problem in plan.warnings if problem.code == "card.unchecked"]
    assert (warning.severity, warning.path) == ("warning", "card")
    assert carded.hub.token not in f"{warning}"
    assert carded.proxy.count(VALIDATION) == 1
    assert sleeps == []


MESSAGES = [
    ('"tags" must be an array', "tags", 4),
    ('"tags[0]" must be a string', "tags[0]", 4),
    ('"license" must be one of [apache-2.0, mit]', "license", 2),
    ('"model-index[0].results[0].task.type" is required', "model-index[0].results[0].task.type", 7),
    ('Error: "model-index[0].name" must be a string', "model-index[0].name", 6),
    ("the metadata is bad", "", 1),
    ('"missing" is required', "missing", 2),
]


@pytest.mark.parametrize(("message", "path", "line"), MESSAGES)
def test_each_objection_has_the_line_that_it_names_and_nothing_is_written(
    carded: Release, message: str, path: str, line: int
) -> None:
    carded.proxy.on(VALIDATION, saying(400, errors=[{"message": message}], warnings=[]))
    with pytest.raises(CardError, match=r"the Hub rejects the metadata of README\.md") as caught:
        carded.publish()
    (problem,) = [each for each in caught.value.problems if each.code == "card.rejected"]
    assert (problem.message, problem.path, problem.severity) == (message, path, "error")
    assert problem.location is not None
    assert (problem.location.source, problem.location.line) == (str(carded.folder / "README.md"), line)
    assert carded.proxy.count(WRITING) == 0
    assert not carded.api.repo_exists(carded.repo_id)


def test_all_objections_are_reported_at_once_without_the_token(carded: Release) -> None:
    messages = [*(message for message, _, _ in MESSAGES), f"the token {carded.hub.token} is bad", "x" * 10_000]
    carded.proxy.on(VALIDATION, saying(400, errors=[{"message": message} for message in messages]))
    with pytest.raises(CardError) as caught:
        carded.plan()
    found = [each.message for each in caught.value.problems if each.code == "card.rejected"]
    assert {message for message, _, _ in MESSAGES} <= {*found}
    assert len(found) == len(messages)
    assert carded.hub.token not in repr(caught.value.problems)
    assert max(map(len, found)) <= 2_000


@pytest.mark.parametrize("body", [b"", b"no", b"<html>", b"[]", b'{"errors": []}', b'{"errors": "bad"}'])
def test_a_rejection_without_a_message_is_a_rejection(carded: Release, body: bytes) -> None:
    carded.proxy.on(VALIDATION, instead(400, body, Content_Type="application/json"))
    with pytest.raises(CardError, match="the Hub rejects the metadata"):
        carded.plan()


def test_warnings_of_the_hub_are_warnings_of_the_plan(carded: Release) -> None:
    given = ['"tags[0]" is not in the list', "empty or missing yaml metadata in repo card", "look at the tags", 3]
    carded.proxy.on(VALIDATION, saying(200, warnings=[{"message": text} for text in given]))
    found = [(each.code, each.path, each.message) for each in carded.plan().warnings if each.severity == "warning"]
    assert found == [("card.advice", "tags[0]", given[0]), ("card.advice", "", given[2])]


def test_the_readme_is_checked_as_it_is_published_and_only_if_it_is_sent(carded: Release, tmp_path: Path) -> None:
    carded.declare()
    text = json.loads(carded.manifest.read_text()) | {"card": {"metadata": {"license": "mit", "tags": ["a"]}}}
    carded.manifest.write_text(json.dumps(text))
    carded.publish()
    (asked, *_) = [call for call in carded.proxy.calls if call.path == "/api/validate-yaml"]
    sent = json.loads(asked.body)
    assert sent["repoType"] == "model"
    published = carded.api.hf_hub_download(carded.repo_id, "README.md", local_dir=tmp_path)
    assert sent["content"].encode() == Path(published).read_bytes()
    carded.proxy.clear()
    carded.plan()
    assert carded.proxy.count(VALIDATION) == 0
