"""`hublish card --diff`, and the decision about a card on the Hub, from the command line."""

import json
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from hublish.api.session import Session
from hublish.cli.views.card_diff import CardDiffView
from tests.hublish.cli.running import MakeDesk, Run


def declare(project: Path, summary: str) -> None:
    """Give the release a card, and no version that would have to be raised."""
    manifest = project / "hub.yaml"
    text = manifest.read_text().partition("card:")[0].replace("  tag: v1\n", "")
    card = {"template": "card.md", "metadata": {"license": "mit"}, "variables": {"summary": summary}}
    (project / "card.md").write_text("# Digits\n\n{{ summary }}\n")
    manifest.write_text(f"{text}card: {json.dumps(card)}\n")


def edit(project: Path, old: str, new: str) -> None:
    with Session(endpoint="embedded", folder=project) as session:
        api = HfApi(endpoint=session.hub.endpoint, token=str(session.hub.token))
        path = api.hf_hub_download("acme/digits-mlp", "README.md", local_dir=project / ".hublish" / "there")
        card = Path(path).read_text().replace(old, new).encode()
        api.create_commit("acme/digits-mlp", [CommitOperationAdd("README.md", card)], commit_message="Edit")


@pytest.fixture
def published(run: Run, project: Path) -> Path:
    declare(project, "One.")
    run("publish -y --local -q")
    return project


def test_the_diff_shows_what_publishing_would_send(run: Run, published: Path) -> None:
    assert run("card --diff --local").stdout == "README.md on the Hub stays as it is.\n"
    edit(published, "# Digits", "# Digits by hand")
    assert run("card --diff --local --detailed-exitcode", exits=0).stdout == "README.md on the Hub stays as it is.\n"
    declare(published, "Two.")
    ended = run("card --diff --local --detailed-exitcode", exits=2)
    assert ended.stdout.splitlines()[:2] == ["--- README.md on the Hub", "+++ README.md after publishing"]
    assert ended.stdout.endswith(" # Digits by hand\n \n-One.\n+Two.\n")
    assert json.loads(run("card --diff --local --json").stdout)["diff"] == ended.stdout
    assert "-# Digits by hand\n+# Digits\n" in run("card --diff --local --card ours").stdout
    assert run("card --diff --local --card theirs").stdout == "README.md on the Hub stays as it is.\n"


def test_a_first_card_is_all_new(run: Run, project: Path) -> None:
    declare(project, "One.")
    assert "+One.\n" in run("card --diff --local").stdout


def test_a_conflict_is_an_error_with_the_lines_of_both_sides(run: Run, published: Path) -> None:
    edit(published, "One.", "By hand.")
    declare(published, "Two.")
    for line in ("card --diff --local", "plan --local", "publish -y --local"):
        ended = run(line, exits=1)
        assert "error[card.conflict]: text that was changed on the Hub, and that this release changes" in ended.stderr
        assert "--> README.md on the Hub:7:1" in ended.stderr
        assert "-By hand.\n" in ended.stderr
        assert "+Two.\n" in ended.stderr
        assert "--card theirs" in ended.stderr
    assert "--card theirs --local" in run("plan --local --card theirs").stdout
    run("plan --local --card theirs --out plan.json")
    run("publish plan.json --local")
    assert run("card --diff --local").stdout == "README.md on the Hub stays as it is.\n"


@pytest.mark.parametrize(("tty", "expected"), [(True, "\x1b[32m+b\x1b[0m\n"), (False, "+b\n")])
def test_only_a_terminal_gets_colors(tty: bool, expected: str, make_desk: MakeDesk) -> None:
    desk = make_desk(tty=tty)
    desk.report.show(CardDiffView("--- x\n+++ y\n@@ -1 +1 @@\n-a\x1b[31m\n+b\n"))
    assert desk.out.getvalue().endswith(expected)
    assert "-a\\x1b[31m" in desk.out.getvalue()
