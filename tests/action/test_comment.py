"""The comment of the Action: one for each manifest, updated by each push, and never another person's."""

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.action import github
from tests.action.github import BOT, Comment, GitHub

SCRIPT = Path(__file__).parents[2] / ".ci" / "comment.py"
Write = Callable[..., int]


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("comment", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


comment = loaded()


@pytest.fixture(scope="module")
def serving() -> Iterator[GitHub]:
    with github.running() as running:
        yield running


@pytest.fixture
def hub(serving: GitHub) -> GitHub:
    serving.comments, serving.requests, serving.statuses, serving.forbidden = [], [], [], False
    return serving


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def write(hub: GitHub, tmp_path: Path, slept: list[float]) -> Write:
    def run(text: str, manifest: str = "./hub.yaml", **environ: str) -> int:
        (tmp_path / "plan.md").write_text(text)
        given = {
            "GH_TOKEN": "ghs_secret",
            "GITHUB_GRAPHQL_URL": f"{hub.url}/graphql",
            "GITHUB_REPOSITORY": "acme/training",
            "PULL_REQUEST": "7",
            "HEAD": "abc123",
            "MANIFEST": manifest,
            **environ,
        }
        return int(comment.main(given, [str(tmp_path / "missing.md"), str(tmp_path / "plan.md")], slept.append))

    return run


def test_the_first_push_adds_a_comment_and_the_next_updates_it(write: Write, hub: GitHub) -> None:
    hub.comments = [Comment("eve", "hello"), Comment(BOT, "coverage: 97 %"), Comment("eve", "bye")]
    assert write("### Plan 1", PAGE="https://github.example/artifacts/1") == 0
    own = hub.comments[-1]
    assert own.body.splitlines()[1:] == [
        "### Plan 1",
        "",
        "*For abc123.* [Plan and review](https://github.example/artifacts/1)",
    ]
    assert write("### Plan 2") == 0
    assert "### Plan 2" in own.body
    assert "### Plan 1" not in own.body
    assert len(hub.comments) == 4
    assert {token for token, _ in hub.requests} == {"Bearer ghs_secret"}


def test_each_manifest_has_its_own_comment(write: Write, hub: GitHub) -> None:
    for manifest in ("a/hub.yaml", "b/hub.yaml", "./a/hub.yaml", "b/../b/hub.yaml", "-->/<script>/hub.yaml"):
        assert write(f"plan of {manifest}", manifest) == 0
    assert len(hub.comments) == 3
    markers = [each.body.splitlines()[0] for each in hub.comments]
    assert all(marker.startswith("<!-- hublish ") and marker.count("-->") == 1 for marker in markers)


def test_a_marker_that_another_person_has_posted_is_not_adopted(write: Write, hub: GitHub) -> None:
    write("### Plan 1")
    forged = Comment("eve", hub.comments.pop().body)
    hub.comments = [forged, Comment(BOT, f"quoted:\n{forged.body}")]
    write("### Plan 2")
    assert "Plan 1" in forged.body
    assert "Plan 1" in hub.comments[1].body
    assert "Plan 2" in hub.comments[2].body


def test_a_token_that_may_not_comment_is_no_failure(
    write: Write, hub: GitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.forbidden = True
    assert write("### Plan") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("::notice title=hublish::the plan is in the summary of the job: ")
    assert "pull requests from forks" in shown
    hub.statuses = [403]
    assert write("### Plan") == 0
    assert hub.comments == []


def test_a_busy_github_is_asked_again(write: Write, hub: GitHub, slept: list[float]) -> None:
    hub.statuses = [502, 429]
    assert write("### Plan") == 0
    assert slept == [2, 4]
    assert len(hub.comments) == 1


@pytest.mark.parametrize(
    ("statuses", "message", "requests"),
    [([503] * 3, "HTTP 503", 3), ([401], "HTTP 401", 1), ([302], "HTTP 302", 1), ([307], "HTTP 307", 1)],
)
def test_other_failures_end_the_step_and_no_redirect_gets_the_token(
    write: Write,
    hub: GitHub,
    capsys: pytest.CaptureFixture[str],
    statuses: list[int],
    message: str,
    requests: int,
) -> None:
    hub.statuses = list(statuses)
    assert write("### Plan") == 1
    shown = capsys.readouterr().out
    assert shown == f"::error title=hublish::the comment with the plan was not written: {message}\n"
    assert len(hub.requests) == requests


def test_an_unreachable_github_is_an_error(write: Write, slept: list[float]) -> None:
    assert write("### Plan", GITHUB_GRAPHQL_URL="http://127.0.0.1:9/graphql") == 1
    assert slept == [2, 4]


def test_messages_of_github_add_no_command(
    write: Write, hub: GitHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = {"errors": [{"type": "X", "message": "50 %\n::add-mask::x\r::error::"}]}
    monkeypatch.setattr(hub, "answer", lambda *_: errors)
    assert write("### Plan") == 1
    assert capsys.readouterr().out.count("\n") == 1


def test_a_text_of_any_length_becomes_a_comment_and_none_makes_none(write: Write, hub: GitHub) -> None:
    assert write("") == 0
    assert hub.requests == []
    assert write("x" * 100_000) == 0
    assert len(hub.comments[0].body) <= 65_536
    assert hub.comments[0].body.endswith("*For abc123.*\n")
