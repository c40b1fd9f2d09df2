"""`hublish hub serve` as a process, for shells and for programs."""

import json
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from huggingface_hub._oidc import exchange_oidc_token

from hublish import EmbeddedHub
from tests.hublish.cli.running import DEADLINE, Run
from tests.hublish.hub.server import oidc_issuer


@contextmanager
def serving(project: Path, environ: dict[str, str], options: str = "") -> Iterator[tuple[subprocess.Popen[str], str]]:
    words = [sys.executable, "-m", "hublish", "hub", "serve", *shlex.split(options)]
    with subprocess.Popen(
        words, cwd=project, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline()
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_served_hub_prints_its_address_responds_and_stops(
    project: Path, environ: dict[str, str], number: signal.Signals
) -> None:
    with serving(project, environ, "--token hf_local --root hub") as (process, line):
        endpoint = re.fullmatch(r"export HF_ENDPOINT=(http://127\.0\.0\.1:\d+) HF_TOKEN=hf_local\n", line)
        assert endpoint is not None
        assert HfApi(endpoint=endpoint[1], token="hf_local").whoami()["name"]
        process.send_signal(number)
        assert process.wait(DEADLINE) == 0
    assert (project / "hub").is_dir()


def test_a_served_hub_tells_a_person_what_to_open_and_opens_it(
    project: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    # The opener of a browser is a program of the person's choice.
    opened = tmp_path / "opened"
    environ = environ | {"BROWSER": f"{sys.executable} -c \"open('{opened}', 'w').write('%s')\""}
    with serving(project, environ, "--open") as (process, line):
        endpoint = re.search(r"HF_ENDPOINT=(\S+)", line)
        assert endpoint is not None
        assert process.stderr is not None
        notes = [process.stderr.readline(), process.stderr.readline()]
        assert notes[1] == f"Pages for a browser: {endpoint[1]}\n"
        with urllib.request.urlopen(endpoint[1], timeout=DEADLINE) as answer:
            assert b"<title>Repositories</title>" in answer.read()
        process.terminate()
        process.wait(DEADLINE)
    assert opened.read_text() == endpoint[1]


def test_a_served_hub_can_be_read_by_a_program(project: Path, environ: dict[str, str]) -> None:
    with serving(project, environ, "--json") as (_, line):
        served = json.loads(line)
        assert HfApi(endpoint=served["endpoint"], token=served["token"]).whoami()["name"]
        assert Path(served["root"]) == project / ".hublish" / "hub"


def test_users_are_chosen_by_name_and_token(project: Path, environ: dict[str, str]) -> None:
    with serving(project, environ, "--user eve:hf_of_eve --user=ann:of:ann --json") as (_, line):
        served = json.loads(line)
        for name, token in (("eve", "hf_of_eve"), ("ann", "of:ann")):
            assert HfApi(endpoint=served["endpoint"], token=token).whoami()["name"] == name
        assert "eve" not in line


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("eve", "a name, a colon and a token"),
        (":secret-of-eve", "a name, a colon and a token"),
        ("secret-of-eve", "a name, a colon and a token"),
        ("eve:secret of eve", "visible ASCII"),
        ("eve/x:secret-of-eve", "invalid name"),
        ("me:secret-of-eve", "owner"),
    ],
)
def test_a_user_that_cannot_be_added_is_refused_without_showing_the_token(run: Run, value: str, problem: str) -> None:
    error = run(f"hub serve --user '{value}'", exits=2).stderr
    assert problem in error
    assert "secret" not in error


def test_a_port_in_use_is_an_error(run: Run, tmp_path: Path) -> None:
    with EmbeddedHub(tmp_path / "other") as hub:
        port = hub.endpoint.rpartition(":")[2]
        error = run(f"hub serve --port {port}", exits=1).stderr
    assert f"cannot listen on 127.0.0.1:{port}" in error
    assert "another --port" in error


def test_jobs_of_trusted_publishers_need_no_token(project: Path, environ: dict[str, str]) -> None:
    with oidc_issuer.running() as issuer:
        publisher = {"resource": "me/model", "issuer": issuer.url, "claims": {"repository": "acme/training"}}
        (project / "publishers.json").write_text(json.dumps([publisher]))
        with serving(project, environ, "--trusted-publishers publishers.json --json") as (_, line):
            served = json.loads(line)
            HfApi(endpoint=served["endpoint"], token=served["token"]).create_repo("me/model")
            given = exchange_oidc_token(
                subject_token=issuer.token(served["endpoint"]), resource="me/model", endpoint=served["endpoint"]
            )
            job = HfApi(endpoint=served["endpoint"], token=given["access_token"])
            assert job.upload_file(path_or_fileobj=b"x", path_in_repo="a.txt", repo_id="me/model").oid


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "cannot be read"), ("{}", "not a list"), ('[{"resource": "me/model"}]', "publisher 1 must have")],
)
def test_a_file_of_publishers_that_is_not_one_is_refused(
    run: Run, project: Path, content: str | None, problem: str
) -> None:
    if content is not None:
        (project / "publishers.json").write_text(content)
    error = run("hub serve --trusted-publishers publishers.json", exits=2).stderr
    assert "publishers.json" in error
    assert problem in error
