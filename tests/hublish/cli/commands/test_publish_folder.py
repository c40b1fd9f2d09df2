"""`hublish publish FOLDER --repo-id REPO` needs no hub.yaml, and offers to keep the one that it drafted."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.hublish.cli.commands.test_publish import Asked
from tests.hublish.cli.running import Run

LINE = "publish run --repo-id acme/digits --local"
KEEP = "Keep the drafted manifest as run/hub.yaml, for the next release? [y/N] "


class Answered(NamedTuple):
    """The end of a command that asked."""

    code: int
    out: str
    screen: str


Answer = Callable[..., Answered]


@pytest.fixture
def answered(project: Path, environ: dict[str, str]) -> Answer:
    """Publish the folder `run`, and answer both questions."""

    def answer(*answers: str) -> Answered:
        waiting = Asked(project, environ, LINE)
        try:
            for question, typed in zip(("at main (public) on embedded: 5 added", KEEP), answers, strict=False):
                waiting.read_until(question)
                waiting.type(typed)
            return Answered(*waiting.end(), waiting.screen)
        finally:
            waiting.close()

    return answer


def test_both_answers_publish_and_write_hub_yaml(answered: Answer, project: Path, run: Run) -> None:
    asked = answered("y\n", "y\n")
    assert asked.code == 0
    assert "Published acme/digits at main in one commit." in asked.out
    assert "Wrote run/hub.yaml. The next release: hublish publish run" in asked.screen
    lock, kept = (project / "run" / "hub.lock").read_bytes(), (project / "run" / "hub.yaml").read_text()
    assert "Nothing to do" in run("publish run -y --local").stdout
    assert (project / "run" / "hub.lock").read_bytes() == lock
    (project / "run" / "hub.yaml").unlink()
    assert run("init run --repo-id acme/digits --out -").stdout == kept


@pytest.mark.parametrize("answer", ["n\n", "\n", "\x04"])
def test_without_a_yes_the_lock_alone_is_written(answer: str, answered: Answer, project: Path, run: Run) -> None:
    assert answered("y\n", answer).code == 0
    assert not (project / "run" / "hub.yaml").exists()
    assert run("verify -f run --local -q").stdout == ""


def test_no_to_the_plan_publishes_and_asks_nothing_more(answered: Answer, project: Path) -> None:
    asked = answered("n\n")
    assert (asked.code, asked.out) == (1, "")
    assert "Keep the drafted" not in asked.screen
    assert sorted(path.name for path in (project / "run").iterdir()) == [
        ".hublish", "config.json", "draft.json", "weights.npz",
    ]  # fmt: skip


def test_elsewhere_the_option_keeps_it_and_the_next_step_names_the_option(project: Path, run: Run) -> None:
    first = run(f"{LINE} -y")
    assert "hublish publish run --repo-id acme/digits --local --keep  to write its hub.yaml" in first.stdout
    assert "hublish verify -f run --local" in first.stdout
    kept = run(f"{LINE} -y --keep")
    assert "Nothing to do" in kept.stdout
    assert "manifest  run/hub.yaml" in kept.stdout
    again = run(f"{LINE} -y --keep --json")
    assert json.loads(again.stdout)["created"] is False


def test_every_step_before_takes_the_same_folder(project: Path, run: Run) -> None:
    words = "run --repo-id acme/digits --tag v1 --private"
    planned = run(f"plan {words} --local --out plan.json")
    assert f"hublish publish plan.json {words.replace('--tag v1 --private', '--private --tag v1')} --local" in (
        planned.stdout
    )
    assert "model.safetensors" in run(f"files {words} -q").stdout.split()
    assert run(f"review plan.json {words} --local -o page.html -q").stdout == "page.html\n"
    assert run(f"rehearse {words} -q").stdout == ""
    run(f"publish plan.json {words} --local -q")
    assert not (project / "run" / "hub.yaml").exists()


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("acme/digits", "acme/digits is neither a file nor a folder", "write FOLDER --repo-id acme/digits"),
        ("run acme/digits", "acme/digits is neither a file nor a folder", "write run --repo-id acme/digits"),
        ("acme/digits run", "acme/digits is neither a file nor a folder", "write run --repo-id acme/digits"),
        ("run run", "2 folders: run run", "release each alone"),
        ("run", "run has no hub.yaml, and no repo is given", "add --repo-id NAMESPACE/run"),
        (". --repo-id acme/other", "hub.yaml declares another release: repo_id is acme/digits-mlp, not acme/other", ""),
        ("--repo-id acme/digits --tag v2", "--repo-id and --tag without a folder", "`.` for this one"),
        ("run -f other.yaml --repo-id a/b", "both run and -f other.yaml name the release", "leave one of them out"),
        ("nowhere --repo-id a/b", "nowhere does not exist", "name the folder"),
        ("run/config.json --repo-id a/b", "run/config.json is a file of JSON", "name their folder"),
        ("--keep", "--keep without a folder", "is a file already"),
        ("plan.json run --repo-id a/b", "plan.json cannot be read", "writes one"),
    ],
)
def test_every_mistake_leads_to_the_line_that_was_meant(words: str, message: str, hint: str, run: Run) -> None:
    ended = run(f"publish {words} --local -y", exits=1 if "cannot be read" in message else 2)
    assert message in ended.stderr
    assert hint in ended.stderr


def test_a_missing_repo_is_named_before_the_missing_consent(run: Run) -> None:
    assert "add --repo-id NAMESPACE/run" in run("publish run --local", exits=2).stderr
    assert "pass -y" in run("publish run --repo-id acme/digits --local", exits=2).stderr
