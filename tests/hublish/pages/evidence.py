"""A plan with everything that a review page shows."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from hublish.base.values.surprise import Surprise
from hublish.diffs.differences import Entry, FileDiff, Hunk, Line, Mark
from hublish.pages.review_page import Evidence
from hublish.schemas.diagnose.problems import Location, Problem
from hublish.schemas.documents.plan import (
    ExcludedFile,
    Place,
    PlanDocument,
    PlannedFile,
    PlannedFinding,
    PlannedSetting,
)

PLACE = Place(source="hub.yaml", line=12, column=5)
CARD = "---\nlicense: mit\n---\n\n# Digits\n\nA small network.\n"


def planned(action: str, path: str, size: int = 100, **fields: Any) -> PlannedFile:
    """Return a file of a plan, whose names are not checked."""
    known = {"source": path, "serializer": "copy", "reason": "artifacts[0].source: data/**", "location": PLACE}
    empty = {"sha256": "a" * 64, "upload_mode": "regular", "rule": "", "before_size": None, "edited": False}
    values: dict[str, Any] = {"action": action, "path_in_repo": path, "size": size, **known, **empty, **fields}
    return PlannedFile.model_construct(**values)


def plan_of(files: Sequence[PlannedFile] = (), **fields: Any) -> PlanDocument:
    """Return a plan of some files; neither is checked."""
    known: dict[str, Any] = {
        "repo_id": "acme/digits",
        "repo_type": "model",
        "endpoint": "https://huggingface.co",
        "revision": "main",
        "create_pr": False,
        "repo_exists": True,
        "parent_commit": "1a2b3c4d" * 5,
        "manifest_sha256": "b" * 64,
        "resolved_sha256": "c" * 64,
        "commit_message": "Release v1.2.0",
        "tag": "v1.2.0",
        "commits": 1,
        "bytes_to_send": sum(file.size for file in files),
        "settings": (),
        "files": tuple(files),
        "excluded": (),
        "nothing_to_do": False,
        "visibility": "public",
        "gated": "false",
    }
    return PlanDocument.model_construct(**{**known, **fields})


def text_diff(path: str, lines: Sequence[Line], **fields: Any) -> FileDiff:
    """Return the changes of a text."""
    diff = FileDiff(path, "text", "+1 -1 lines", (Hunk(1, 1, tuple(lines)),), before_size=804, after_size=819)
    return replace(diff, **fields)


def evidence(text: str, name: str | None = None, cards: tuple[str, str] = (CARD, CARD)) -> Evidence:
    """Return a plan with a text in every place of the page that shows one.

    Args:
        text: the text.
        name: the name of a file; default: the text.
        cards: the card before and after.
    """
    path = text if name is None else name
    files = [
        planned("add", path, reason="rule", source=text, serializer="safetensors"),
        planned("change", "README.md", before_size=804, reason="rule"),
        planned("delete", f"gone/{path}", reason="rule"),
        *(planned(action, f"{action}.bin", reason=text) for action in ("change", "delete", "keep", "leave", "ignore")),
    ]
    plan = plan_of(
        files,
        commit_message=text,
        tag=text,
        settings=(PlannedSetting.model_construct(name="visibility", before=text, after=text),),
        excluded=(ExcludedFile(path_in_repo=text, source=text, reason=text, location=PLACE),),
        findings=(
            PlannedFinding(code="policy.pickle", severity="warning", message=text, path_in_repo=text),
            PlannedFinding(code="policy.size", severity="error", message=text, path_in_repo=text, waived=text),
        ),
        variables={text: text},
        surroundings={"git.branch": text},
    )
    texts: list[Callable[[str], str]] = [str, lambda each: each[::-1], lambda each: f"x {each} y", lambda each: each]
    marks: tuple[Mark, ...] = ("-", "+", " ", "+")
    lines = [Line(mark, make(text)) for mark, make in zip(marks, texts, strict=True)]
    diffs = [
        text_diff("README.md", lines, summary=text, before_text=cards[0], after_text=cards[1]),
        text_diff(path, lines, summary=text),
        FileDiff(
            "weights.safetensors", "tensors", text, (), (Entry(text, text, text), Entry(text, None, text)), 3, 1, 2
        ),
        FileDiff(f"gone/{path}", "binary", text, before_size=3),
    ]
    return Evidence(
        plan,
        "e" * 64,
        (Surprise("surprise.x", "high", text, path, text), Surprise("surprise.y", "medium", text)),
        diffs,
        (Problem("release.x", text, text, location=Location(text, 1, 2), severity="warning"),),
        "https://huggingface.co",
        {"Git commit": text},
    )
