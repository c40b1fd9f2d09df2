"""The view of a draft."""

from dataclasses import replace
from pathlib import Path

from hublish import Draft
from hublish.cli.views.init import DraftView
from hublish.pipeline.draft.release_parts import Detected, LeftOut
from hublish.schemas.documents.manifest import Manifest
from tests.hublish.cli.running import Golden
from tests.hublish.cli.views.values import Show

DRAFT = Draft(
    text="# a comment\nrepo:\n  repo_id: your-name/digits\n",
    manifest=Manifest.model_validate({"repo": {"repo_id": "your-name/digits"}, "artifacts": [{"source": "a"}]}),
    recognised=(
        Detected("a transformers model", "config.json: architectures BertModel, model_type bert"),
        Detected("license apache-2.0", "the text of LICENSE"),
    ),
    left_out=(
        LeftOut("checkpoint-500/", "a checkpoint to resume training from"),
        LeftOut("\x1b[2J.json", "control character in the name"),
    ),
    open=("repo.repo_id: your user or organisation instead of your-name",),
    path=Path("hub.yaml"),
)


def test_recognized_parts_and_excluded_files_are_listed(show: Show, golden: Golden) -> None:
    golden("init", show(DraftView(DRAFT)))


def test_many_excluded_files_are_cut_and_counted(show: Show) -> None:
    many = tuple(LeftOut(f"{number}.log", "a log") for number in range(1000))
    shown = show(DraftView(replace(DRAFT, left_out=many)))
    assert "... and 980 more; --json lists all\n" in shown
    assert len(DraftView(replace(DRAFT, left_out=many)).document()["left_out"]) == 1000


def test_a_draft_that_was_not_written_is_printed(show: Show) -> None:
    assert show(DraftView(replace(DRAFT, path=None))) == DRAFT.text
    assert list(DraftView(replace(DRAFT, path=None)).quiet()) == DRAFT.text.splitlines()


def test_files_that_are_missing_are_pulled_first(show: Show) -> None:
    draft = replace(DRAFT, path=Path("m/hub.yaml"), complete=False)
    shown = show(DraftView(draft, "m", "acme/rows@v1", " --repo-type dataset"))
    assert "Next: hublish pull acme/rows@v1 --repo-type dataset --local-dir m\n" in shown
    assert "hublish check -f m/hub.yaml\n" in shown
