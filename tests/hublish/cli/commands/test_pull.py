"""`hublish pull`: pickles, from the command line."""

import json
import pickle
from pathlib import Path

import pytest

from tests.hublish.cli.running import Run

MANIFEST = """\
repo: {repo_id: acme/pickled}
artifacts: [{source: model.pkl}, {source: run/weights.npz}]
policy: {pickle: allow}
"""


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


@pytest.mark.parametrize(
    ("files", "more", "loads"),
    [
        ({"config.json": "{}", "run/weights.npz": None}, "", True),
        ({"config.json": "{}"}, "", False),
        ({"train.csv": "a\n1\n"}, ", repo_type: dataset", False),
        ({"run/weights.npz": None}, ", repo_type: dataset", False),
        ({"index.html": "x", "run/weights.npz": None}, ", repo_type: space, space_sdk: static", False),
    ],
)
def test_load_is_the_next_step_where_it_opens_arrays(
    files: dict[str, str | None], more: str, loads: bool, project: Path, run: Run
) -> None:
    for name, text in files.items():
        if text is not None:
            (project / name).write_text(text)
    sources = "".join(f"  - source: {name}\n" for name in files)
    (project / "hub.yaml").write_text(f"repo: {{repo_id: acme/next{more}}}\nartifacts:\n{sources}")
    run("publish --local -y")
    kind = "dataset" if "dataset" in more else "space" if "space" in more else "model"
    shown = run(f"pull acme/next --local --repo-type {kind}").stdout
    assert ("hublish load" in shown) is loads
    run(f"load acme/next --local --repo-type {kind}", exits=0 if "run/weights.npz" in files else 1)
