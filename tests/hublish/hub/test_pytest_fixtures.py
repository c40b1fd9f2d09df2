"""The pytest plugin, used by another project in its own folder and process."""

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

SUITE = """
    import os, subprocess, sys
    from pathlib import Path

    import huggingface_hub
    import pytest
    from huggingface_hub import HfApi, constants

    BEFORE = dict(vars(constants)), dict(os.environ)
    MADE_BEFORE = HfApi()

    @pytest.mark.parametrize("turn", [1, 2])
    def test_the_hub_is_empty_and_receives_all_calls(embedded_hub, turn, tmp_path):
        api = HfApi()
        assert not api.repo_exists("me/model")
        large = os.urandom(11_000_000)
        huggingface_hub.create_repo("me/model")
        api.upload_file(path_or_fileobj=b"{}", path_in_repo="config.json", repo_id="me/model")
        api.upload_file(path_or_fileobj=large, path_in_repo="large.bin", repo_id="me/model")
        assert Path(huggingface_hub.hf_hub_download("me/model", "large.bin")).read_bytes() == large
        assert Path(huggingface_hub.snapshot_download("me/model")).is_relative_to(os.environ["HF_HOME"])
        assert {repo.repo_id for repo in huggingface_hub.scan_cache_dir().repos} == {"me/model"}
        assert api.whoami()["name"] == "me"

    def test_processes_call_the_hub_too(embedded_hub):
        script = "from huggingface_hub import HfApi; print(HfApi().create_repo('me/other').endpoint)"
        ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert ran.stdout.strip() == embedded_hub.endpoint
        assert HfApi().repo_exists("me/other")

    def test_a_saved_token_is_private_to_the_test(embedded_hub):
        alice = embedded_hub.add_user("alice")
        del os.environ["HF_TOKEN"]
        assert huggingface_hub.get_token() is None
        Path(constants.HF_TOKEN_PATH).write_text(alice)
        assert HfApi().whoami()["name"] == "alice"

    def test_without_the_fixture_nothing_changes():
        assert constants.ENDPOINT == BEFORE[0]["ENDPOINT"]
        assert huggingface_hub.hf_api.api.endpoint == BEFORE[0]["ENDPOINT"]
        assert {k: v for k, v in vars(constants).items() if k.isupper()} == {
            k: v for k, v in BEFORE[0].items() if k.isupper()
        }
        assert {k: v for k, v in os.environ.items() if k.startswith("HF_")} == {
            k: v for k, v in BEFORE[1].items() if k.startswith("HF_")
        }
"""


@pytest.fixture
def elsewhere(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Return another project, as strict about warnings as this one, on a machine that is set to offline."""
    pytester.makeini("[pytest]\nfilterwarnings =\n    error\naddopts = --strict-config --strict-markers\n")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(pytester.path / "not-touched"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    return pytester


def test_each_test_of_another_project_gets_an_empty_hub(elsewhere: pytest.Pytester) -> None:
    elsewhere.makepyfile(SUITE)
    elsewhere.runpytest_subprocess("-q").assert_outcomes(passed=5)
    assert not (elsewhere.path / "not-touched").exists()


def test_pytest_lists_the_fixture_with_its_description(elsewhere: pytest.Pytester) -> None:
    elsewhere.runpytest_subprocess("--fixtures", "-q").stdout.fnmatch_lines(
        ["embedded_hub -- *", "    A Hugging Face Hub on loopback*"]
    )


def test_the_plugin_can_be_switched_off(elsewhere: pytest.Pytester) -> None:
    elsewhere.makepyfile("def test_it(embedded_hub): ...")
    elsewhere.runpytest_subprocess("-p", "no:hublish").assert_outcomes(errors=1)


def test_the_plugin_imports_no_heavy_modules_before_its_first_use() -> None:
    heavy = ["numpy", "pydantic", "huggingface_hub", "yaml", "uvicorn", "jinja2", "dulwich", "httpx2"]
    loaded = "sorted(name for name in sys.modules if name.partition('.')[0] in sys.argv)"
    script = f"import sys, hublish.hub.pytest_fixtures; print(*{loaded})"
    ran = subprocess.run([sys.executable, "-c", script, *heavy], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
