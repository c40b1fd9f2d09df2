"""`verify --attestations`, `show hub.lock` and `pull` say who signed a release, in every format."""

import json
from pathlib import Path

import pytest

from tests.attested_release import BUILDER, FILES, Readers, attested, key_signer, write_folder
from tests.hublish.cli.running import Run
from tests.signing_keys import key

SIGNER = key_signer().signed_by.name


@pytest.fixture
def release(project: Path) -> Path:
    """Return a signed folder, beside a trust.yaml in the current folder."""
    Readers(project).by_key()
    return write_folder(project / "model", attested(key_signer()))


@pytest.mark.usefixtures("release")
def test_a_folder_that_is_as_it_was_signed(run: Run) -> None:
    shown = run("verify --attestations model").stdout
    assert shown.startswith("model\nsigned  by acme\n  ok rule 1 of trust.yaml (line 4) applies to acme/digits and ")
    assert f"  ok signed by acme, key {SIGNER}\n" in shown
    assert "Next: model_signing verify key model --signature model/model.sig " in shown
    assert run("verify --attestations model --quiet").stdout == ""
    document = json.loads(run("verify --attestations model --json").stdout)
    assert (document["ok"], document["subject"], document["by"]) == (True, "model", "rule 1 of trust.yaml (line 4)")
    assert document["signature"]["signed_by"] == {
        "method": "key",
        "name": SIGNER,
        "provider": None,
        "log_index": None,
    }
    assert document["signature"]["builder"] == BUILDER
    assert document["signature"]["problems"] == []
    assert "**ok** `model`" in run("verify --attestations model --format markdown").stdout
    assert run("verify --attestations model --format agent").stdout


def test_a_changed_folder_ends_with_exit_code_1(run: Run, release: Path) -> None:
    (release / "config.json").write_text("{}")
    shown = run("verify --attestations model", exits=1).stdout
    assert "NOT TRUSTED  acme/digits\n" in shown
    assert (
        "  no 'config.json' has other bytes than were signed [trust.files]\n  hint: the files are not those " in shown
    )
    assert "--ignore-missing" not in shown
    assert "model_signing" not in shown
    assert run("verify --attestations model --quiet", exits=1).stdout == "config.json\n"
    document = json.loads(run("verify --attestations model --json", exits=1).stdout)
    assert [problem["code"] for problem in document["signature"]["problems"]] == ["trust.files"]
    assert "**FAILED** `model`" in run("verify --attestations model --format markdown", exits=1).stdout
    audited = run("audit model --quiet", exits=1).stdout
    assert audited == "model/config.json: trust.files\n"


def test_files_that_were_not_pulled_may_be_missing(run: Run, release: Path) -> None:
    (release / "config.json").unlink()
    assert "Next: add --ignore-missing" in run("verify --attestations model", exits=1).stdout
    assert "the 5 here have the signed bytes" in run("verify --attestations model --ignore-missing").stdout


def test_a_folder_without_a_rule_is_a_usage_error(run: Run, project: Path) -> None:
    write_folder(project / "plain", FILES)
    ended = run("verify --attestations plain", exits=2)
    assert "no rule of a trust.yaml applies" in ended.stderr


def test_an_invalid_policy_shows_its_line(run: Run, release: Path) -> None:
    policy = release.parent / "trust.yaml"
    policy.write_text(policy.read_text().replace("signers: [acme]", "signers: [acne]"))
    ended = run("verify --attestations model", exits=1)
    assert "trust.yaml:4:" in ended.stderr
    assert "did you mean 'acme'?" in ended.stderr


def test_a_published_release_is_shown_with_its_signer(run: Run, project: Path) -> None:
    (project / "acme.pem").write_bytes(key().private)
    with (project / "hub.yaml").open("a") as manifest:
        manifest.write("sign: {method: key, private_key: acme.pem}\n")
    run("publish --local -y -q")
    Readers(project).by_key()
    pulled = run("pull acme/digits-mlp --local").stdout
    assert "signed  by acme\n  ok rule 1 of trust.yaml (line 4) applies to acme/digits-mlp" in pulled
    assert json.loads(run("pull acme/digits-mlp --local --json").stdout)["signature"]["signer"] == "acme"
    assert "signed  by acme" in run("load acme/digits-mlp --local").stdout
    assert "signed  by acme" in run("verify --local").stdout
    shown = run("show hub.lock").stdout
    assert f"signed   key {SIGNER}" in shown
    assert "builder  https://hublish.github.io/hublish/builders/local" in shown
    document = json.loads(run("show hub.lock --json").stdout)
    assert document["signature"]["signer"] == SIGNER
    assert [file["path_in_repo"] for file in document["locked"]] == sorted(
        file["path_in_repo"] for file in document["locked"]
    )
    assert run("show hub.lock --quiet").stdout == f"{document['commit']}\n"
    assert "signed: `key" in run("show hub.lock --format markdown").stdout
    assert "model.safetensors" in run("show hub.lock --all").stdout
    (project / "trust.yaml").unlink()
    assert "It is signed; the signature was not verified" in run("pull acme/digits-mlp --local").stdout
