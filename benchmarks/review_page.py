"""Measure the review page of plans of many files: its size, the time to make it, and the time until Chromium shows it.

    .venv-browser/bin/python benchmarks/review_page.py [FILES...]

The default is 10, 1,000 and 100,000 files. `folders` has 100 files a folder, of which every tenth changes, each with a
diff; `one folder` has all of them in one; in `deleted`, all of them are deleted. `loaded` is the time until the page is
parsed, `shown` until its first picture is drawn, and `unfolded` the time to open the folder with the most files. Each
is the median of several runs.
"""

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from hublish.diffs.differences import FileDiff, Hunk, Line
from hublish.pages.review_page import Evidence, review_page
from hublish.pipeline.compare.surprises import surprises
from hublish.schemas.documents.plan import Place, PlanDocument, PlannedFile

COUNTS: Final = (10, 1_000, 100_000)
ROUNDS: Final = 5
SHAPES: Final[dict[str, Callable[[int], tuple[str, str]]]] = {
    "folders": lambda number: (f"data/part-{number // 100:05}/row-{number:06}.txt", "add" if number % 10 else "change"),
    "one folder": lambda number: (f"data/row-{number:06}.txt", "add" if number % 10 else "change"),
    "deleted": lambda number: (f"data/part-{number // 100:05}/row-{number:06}.txt", "delete"),
}
SHOWN: Final = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
UNFOLD: Final = """() => {
  const found = [...document.querySelectorAll('.tree details')];
  const own = (each) => each.querySelectorAll(':scope > ul > li').length;
  const most = found.reduce((one, other) => own(other) > own(one) ? other : one, found[0]);
  for (let each = most; each; each = each.parentElement.closest('details')) each.open = true;
}"""


def evidence(count: int, shape: str) -> Evidence:
    """Return a plan of so many files, with a diff of each changed one."""
    place = Place(source="hub.yaml", line=12, column=5)
    files = []
    for number in range(count):
        path, action = SHAPES[shape](number)
        known: dict[str, Any] = {
            "action": action,
            "path_in_repo": path,
            "size": 1_000 + number,
            "sha256": f"{number:064x}",
        }
        why = {"reason": "artifacts[0].source: data/**", "rule": "artifacts[0].source", "location": place}
        files.append(PlannedFile(**known, **why, source=path, serializer="copy", upload_mode="regular"))
    plan = PlanDocument(
        repo_id="acme/rows",
        repo_type="dataset",
        endpoint="https://huggingface.co",
        revision="main",
        create_pr=False,
        repo_exists=True,
        parent_commit="1" * 40,
        manifest_sha256="2" * 64,
        commit_message="Release v1.0.0",
        tag="v1.0.0",
        bytes_to_send=sum(file.size for file in files),
        settings=(),
        files=tuple(files),
        excluded=(),
        nothing_to_do=False,
        visibility="public",
    )
    lines = (Line(" ", "id,text"), Line("-", "1,The first row as it was."), Line("+", "1,The first row as it is now."))
    changed = [file.path_in_repo for file in files if file.action == "change"]
    diffs = [FileDiff(path, "text", "+1 -1 lines", (Hunk(1, 1, lines),), (), 0, 1_000, 1_003) for path in changed]
    return Evidence(plan, "3" * 64, surprises(plan, diffs), diffs)


def measure(browser: Browser, count: int, shape: str, folder: Path) -> None:
    """Print one row."""
    shown = evidence(count, shape)
    began = time.perf_counter()
    html = review_page(shown)
    made = time.perf_counter() - began
    path = folder / "review.html"
    path.write_text(html)
    runs = [opened(browser, path) for _ in range(ROUNDS)]
    times = "".join(f"{statistics.median(column):>9.2f} s" for column in zip(*runs, strict=True))
    print(f"{count:>9,}  {shape:<12}{len(html) / 1000:>11,.0f} KB{made:>9.2f} s{times}", flush=True)


def opened(browser: Browser, path: Path) -> tuple[float, float, float]:
    """Return the seconds until the page is loaded, shown, and its largest folder is unfolded."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page: Page = context.new_page()
    began = time.perf_counter()
    page.goto(path.as_uri())
    loaded = time.perf_counter() - began
    page.evaluate(SHOWN)
    shown = time.perf_counter() - began
    began = time.perf_counter()
    page.evaluate(UNFOLD)
    page.evaluate(SHOWN)
    unfolded = time.perf_counter() - began
    context.close()
    return loaded, shown, unfolded


def main(counts: list[int]) -> None:
    """Print the table."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    print(f"{'files':>9}  {'shape':<12}{'size':>14}{'made':>11}{'loaded':>11}{'shown':>11}{'unfolded':>11}")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for count in counts:
            for shape in SHAPES:
                measure(browser, count, shape, Path(folder))
        browser.close()


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or list(COUNTS))
