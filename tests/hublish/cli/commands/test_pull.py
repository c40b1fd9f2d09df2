"""`hublish pull`: pickles, from the command line."""

import json
import pickle
from pathlib import Path

from tests.hublish.cli.running import Run

MANIFEST = "repo: {repo_id: acme/pickled}\nartifacts: [{source: model.pkl}]\npolicy: {pickle: allow}\n"


def test_a_pickle_needs_the_option_and_is_named_in_a_warning(project: Path, run: Run) -> None:
    (project / "model.pkl").write_bytes(pickle.dumps(pickle.Pickler))
    (project / "hub.yaml").write_text(MANIFEST)
    run("publish --local -y")
    line = "pull acme/pickled --local --local-dir out"
    refused = run(line, exits=1)
    assert "error[policy.refused]" in refused.stderr
    assert "'model.pkl': the content is a pickle" in refused.stderr
    assert "--allow-pickle" in refused.stderr
    assert not (project / "out" / "model.pkl").exists()
    permitted = run(f"{line} --allow-pickle")
    assert "'model.pkl': the content is a pickle" in permitted.stderr
    assert "hublish load acme/pickled --allow-pickle" in permitted.stdout
    assert (project / "out" / "model.pkl").exists()
    document = json.loads(run(f"{line} --allow-pickle --json").stdout)
    assert [warning["code"] for warning in document["warnings"]] == ["policy.pickle"]
