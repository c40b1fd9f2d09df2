"""`hublish review` from the command line."""

import hashlib
import json
from pathlib import Path

from tests.hublish.cli.running import Run


def test_a_page_is_written_beside_its_plan_and_names_the_digest(run: Run, project: Path) -> None:
    run("plan --local --out plan.json")
    shown = run("review plan.json --local").stdout
    digest = hashlib.sha256((project / "plan.json").read_bytes()).hexdigest()
    assert shown.startswith("Review needed: 1 medium risk\n  page  review.html, ")
    assert f"plan  sha256 {digest}" in shown
    assert "hublish publish plan.json --local  once it is approved" in shown
    assert digest in (project / "review.html").read_text()
    published = run("publish plan.json --local").stdout
    assert f"plan      sha256 {digest}" in published
    assert f"plan  sha256 {digest}, as the commit records it" in run("verify --local").stdout


def test_a_page_goes_to_another_file_or_to_standard_output(run: Run, project: Path) -> None:
    assert run("review --local -o site.html -q").stdout == "site.html\n"
    page = (project / "site.html").read_text()
    assert run("review --local -o -").stdout == page
    assert json.loads(run("review --local -o - --json").stdout)["html"] == page
    document = json.loads(run("review --local --json").stdout)
    assert (document["path"], document["verdict"]) == ("review.html", "Review needed: 1 medium risk")
    assert [surprise["code"] for surprise in document["surprises"]] == ["surprise.created"]
    assert run("review --local -o - --open", exits=2).stderr


def test_a_page_that_would_become_part_of_the_release_is_refused(run: Run, project: Path) -> None:
    manifest = project / "hub.yaml"
    manifest.write_text(
        manifest.read_text().replace("  - source: run/*.json", "  - source: run/*.json\n  - source: '*.html'")
    )
    (project / "a.html").write_text("<p>")
    refused = run("review --local", exits=2)
    assert "review.html would become part of the release" in refused.stderr
    assert not (project / "review.html").exists()


def test_a_stale_plan_and_a_manifest_in_its_place_are_refused(run: Run, project: Path) -> None:
    run("plan --local --out plan.json")
    manifest = project / "hub.yaml"
    manifest.write_text(manifest.read_text() + "# changed\n")
    assert "error[plan.stale]" in run("review plan.json --local", exits=1).stderr
    assert "write -f hub.yaml" in run("review hub.yaml --local", exits=2).stderr
