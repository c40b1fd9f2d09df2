"""SARIF: valid by the schema, the same bytes every time, stable fingerprints, and no text that becomes a link.

`sarif-schema-2.1.0.json` is the schema of OASIS, unchanged: "Static Analysis Results Interchange Format (SARIF) Version
2.1.0 Errata 01", sarif-2.1/schema in github.com/oasis-tcs/sarif-spec, under the IPR policy of OASIS.
"""

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hublish.base.errors import UsageError
from hublish.base.values.audited import AuditFinding
from hublish.base.visible_text import visible
from hublish.cli.report.sarif import Places, sarif_log
from hublish.codes.explained import RULES
from hublish.schemas.diagnose.problems import Location, Problem
from tests.hublish.audit.payloads import call
from tests.hublish.cli.running import Run
from tests.planted_tokens import TOKENS

TOKEN = TOKENS["huggingface-token"](random.Random(11))
SCHEMA = json.loads(Path(__file__).with_name("sarif-schema-2.1.0.json").read_text())
VALIDATOR = jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)
HERE = Places(Path("/work"), Path("/work"))


def valid(log: dict[str, Any]) -> dict[str, Any]:
    assert [error.message for error in VALIDATOR.iter_errors(log)] == []
    (only,) = log["runs"]
    return dict(only)


def results(*findings: AuditFinding, subject: str = "") -> list[dict[str, Any]]:
    return list(valid(sarif_log(findings, HERE, subject))["results"])


def finding(message: str = "found", path: str = "a.txt", line: int = 0, **more: Any) -> AuditFinding:
    place = Location(f"/work/{path}", line, 3) if line else None
    return AuditFinding(Problem("policy.secret", message, path=path, location=place), path, f"/work/{path}", **more)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from strings(each)


def test_a_log_without_findings_is_valid_and_lists_every_rule() -> None:
    run = valid(sarif_log([], HERE))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(RULES)
    for rule in rules:
        assert rule["helpUri"] == f"https://hublish.github.io/hublish/errors/{rule['id']}/"
        assert all(len(rule[name]["text"]) <= 1024 for name in ("shortDescription", "fullDescription"))
        severity = rule["properties"].get("security-severity")
        assert severity is None or 0 < float(severity) <= 10
    assert run["tool"]["driver"]["informationUri"] == "https://hublish.github.io/hublish/"
    assert (run["results"], run["invocations"]) == ([], [{"executionSuccessful": True}])


def test_a_result_has_its_rule_its_level_and_its_place() -> None:
    (result,) = results(finding(line=7))
    assert (result["ruleId"], list(RULES)[result["ruleIndex"]], result["level"]) == (
        "policy.secret",
        "policy.secret",
        "error",
    )
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "a.txt", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 7, "startColumn": 3},
    }


def test_an_end_of_a_place_is_the_column_after_it() -> None:
    place = Location("/work/hub.yaml", 2, 3, 2, 9)
    (result,) = results(AuditFinding(Problem("manifest.type", "no", location=place)))
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 9}


def test_a_code_outside_of_the_audit_gets_a_rule_of_its_own() -> None:
    run = valid(sarif_log([AuditFinding(Problem("card.template", "no")), AuditFinding(Problem("odd", "no"))], HERE))
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == ["card.template", "odd"]
    assert "helpUri" not in rules[-1], "a code of another package has no page"


def test_a_waived_finding_is_suppressed_with_its_reason_and_comes_last() -> None:
    first, second = results(finding("one", waived="a test"), finding("two"))
    assert ("suppressions" in first, first["message"]["text"]) == (False, "a.txt: two")
    assert second["suppressions"] == [{"kind": "external", "status": "accepted", "justification": "a test"}]


def test_a_fingerprint_survives_lines_above_and_differs_between_findings() -> None:
    def prints(*findings: AuditFinding) -> list[str]:
        return [result["partialFingerprints"]["primaryLocationLineHash"] for result in results(*findings)]

    before = prints(finding(line=3), finding(line=9), finding("other", line=9), finding(path="b.txt", line=3))
    after = prints(finding(line=30), finding(line=90), finding("other", line=90), finding(path="b.txt", line=30))
    assert before == after
    assert len(set(before)) == 4


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("a b#c?d%.txt", "a%20b%23c%3Fd%25.txt"),
        ("\u00fc/\u202e.txt", "%C3%BC/%E2%80%AE.txt"),
        (os.fsdecode(b"bad\xff"), "bad%FF"),
        ("a\nb", "a%0Ab"),
        ("c:/x", "c%3A/x"),
        ("https://evil", "https%3A/evil"),
    ],
)
def test_a_name_is_encoded_byte_by_byte(name: str, uri: str) -> None:
    (result,) = results(finding(path=name))
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri
    assert os.path.normpath(os.fsdecode(unquote_to_bytes(uri))) == os.path.normpath(name)


def test_a_file_outside_of_the_root_has_an_absolute_uri() -> None:
    one = AuditFinding(Problem("policy.pickle", "no"), "a", "/elsewhere/a b")
    (result,) = results(one)
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///elsewhere/a%20b"}


def test_a_finding_about_the_whole_is_placed_at_the_subject_and_standard_input_nowhere() -> None:
    (result,) = results(AuditFinding(Problem("policy.count", "too many")), subject="/work/models")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "models"
    (result,) = results(AuditFinding(Problem("manifest.type", "no", location=Location("<stdin>", 1, 1))))
    assert "locations" not in result


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("[click](https://evil)", r"[click\](https://evil)"),
        ("{0} and {name}", "{{0}} and {{name}}"),
        ("a\u202eb\x1b[31m", r"a\u202eb\x1b[31m"),
    ],
)
def test_a_hostile_text_is_neither_a_link_nor_a_placeholder_nor_a_control(message: str, shown: str) -> None:
    (result,) = results(finding(message))
    assert result["message"]["text"] == f"a.txt: {shown}"


def test_more_results_than_github_accepts_keep_the_errors_and_say_so() -> None:
    warning = AuditFinding(Problem("policy.portability", "no", severity="warning"), "a", "/work/a")
    log = sarif_log([warning] * 25_001 + [finding()], HERE)
    (run,) = log["runs"]
    assert (len(run["results"]), run["results"][0]["level"]) == (25_000, "error")
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith("2 more findings")
    valid({**log, "runs": [{**run, "results": run["results"][:2]}]})


def test_a_command_that_failed_says_why() -> None:
    run = valid(sarif_log([], HERE, successful=False, error=UsageError("no {such} thing")))
    (invocation,) = run["invocations"]
    (note,) = invocation["toolExecutionNotifications"]
    assert (invocation["executionSuccessful"], note["message"]["text"]) == (False, "no {{such}} thing")
    assert note["descriptor"] == {"id": "usage.invalid"}


TEXTS = st.text(max_size=30)


@given(code=TEXTS, message=TEXTS, path=TEXTS, reason=TEXTS | st.none(), line=st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_any_finding_gives_a_valid_log(code: str, message: str, path: str, reason: str | None, line: int) -> None:
    place = Location(path, line, 1) if line else None
    log = sarif_log([AuditFinding(Problem(code, message, path=path, location=place), path, path, reason)], HERE)
    valid(json.loads(json.dumps(log)))
    assert all(visible(text, keep="\n") == text for text in strings(log["runs"][0]["results"]))


def test_audit_writes_a_log_of_the_same_bytes_each_time(run: Run, project: Path) -> None:
    (project / "run" / "old.bin").write_bytes(call())
    (project / "run" / "key.json").write_text(f'{{"a": 1,\n "token": "{TOKEN}"}}\n')
    ended = run("audit . --format sarif", exits=1)
    found = valid(json.loads(ended.stdout))["results"]
    assert [(one["ruleId"], one["locations"][0]["physicalLocation"]["region"]["startLine"]) for one in found] == [
        ("policy.secret", 2),
        ("policy.pickle", 1),
    ]
    assert run("audit . --format sarif", exits=1).stdout == ended.stdout
    assert TOKEN not in ended.stdout + ended.stderr
    assert str(project) not in ended.stdout


def test_check_writes_the_problems_of_the_manifest_with_their_lines(run: Run, project: Path) -> None:
    manifest = project / "hub.yaml"
    manifest.write_text(manifest.read_text() + "artefacts: []\n")
    ended = run("check --format sarif", exits=1)
    (result,) = valid(json.loads(ended.stdout))["results"]
    location = result["locations"][0]["physicalLocation"]
    assert (result["ruleId"], location["artifactLocation"]["uri"]) == ("manifest.unknown_key", "hub.yaml")
    assert location["region"]["startLine"] == manifest.read_text().count("\n")
    assert "error[manifest.unknown_key]" in ended.stderr


def test_a_warning_of_check_is_a_result_and_its_exit_code_stays(run: Run) -> None:
    found = valid(json.loads(run("check --format sarif").stdout))["results"]
    assert {one["level"] for one in found} == {"warning"}


@pytest.mark.parametrize("command", ["plan", "files", "publish", "verify", "explain x"])
def test_a_command_without_findings_refuses_the_format(run: Run, command: str) -> None:
    ended = run(f"{command} --format sarif", exits=2)
    assert "invalid choice: 'sarif'" in ended.stderr
    assert valid(json.loads(ended.stdout))["invocations"][0]["executionSuccessful"] is False


def test_paths_are_relative_to_the_workspace_or_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "repo" / "models"
    inner.mkdir(parents=True)
    (tmp_path / "repo" / ".git").mkdir()
    (inner / "link").symlink_to("/etc/passwd")
    monkeypatch.chdir(inner)
    base = {"uriBaseId": "%SRCROOT%"}
    assert Places.here({}).artifact("a.bin") == {"uri": "models/a.bin", **base}
    assert Places.here({}).artifact("link") == {"uri": "models/link", **base}
    assert Places.here({"GITHUB_WORKSPACE": str(tmp_path)}).artifact("../a") == {"uri": "repo/a", **base}
