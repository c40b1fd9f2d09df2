"""`hublish check` runs before every commit, so it imports only what it uses. `make bench-startup` measures it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hublish.base.isolated_python import available_cores

ROOT = Path(__file__).parents[3]
DIGITS = ROOT / "examples" / "digits"

ARRAYS = ("numpy", "ml_dtypes", "safetensors")
NETWORK = ("huggingface_hub", "httpx", "requests", "hf_xet")
HUB = ("uvicorn", "httptools", "dulwich", "lz4", "blake3")
OTHERS = ("tqdm", "ruamel.yaml", "asyncio", "sqlite3", "multiprocessing")
# Every command imports these: the command line, its parser, and the reports.
COMMON = (
    "argparse ast bisect collections contextlib copy copyreg dataclasses dis enum errno fnmatch functools gc gettext "
    "importlib inspect io ipaddress json keyword linecache ntpath opcode operator pathlib re reprlib shlex token "
    "tokenize types typing unicodedata urllib warnings weakref"
)
HELP = f"{COMMON} bz2 locale lzma shutil textwrap zlib"
# All but a few come with pydantic and yaml; the child process that renders the card takes `subprocess`.
CHECK = (
    f"{HELP} array base64 binascii contextvars datetime decimal difflib fcntl fractions hashlib heapq hmac html math "
    "numbers platform random secrets select selectors signal string struct subprocess sysconfig tempfile threading "
    "time uuid zipfile zoneinfo"
)
MODELS = "annotated_types pydantic pydantic_core typing_extensions typing_inspection yaml"
PERMITTED = {
    "check": (CHECK, MODELS if available_cores() > 1 else f"{MODELS} jinja2 markupsafe pickle"),
    "files --help": (HELP, ""),
    "--version": (COMMON, ""),
}
OURS = ("hublish.api.publish", "hublish.pipeline.publish", "hublish.hub.client.hub", "hublish.schemas.documents.lock")


def loaded(*words: str, folder: Path) -> set[str]:
    """Return the modules that a finished command has imported, beyond those of the interpreter."""
    script = (
        "import sys\nbefore = {*sys.modules}\nfrom hublish.cli import main\n"
        f"sys.argv[1:] = {[*words]!r}\nassert main() == 0\n"
        "import json\nprint(json.dumps(sorted({*sys.modules} - before)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.fixture(params=["examples/digits", "hub.yaml.example"])
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with a release that is converted to safetensors and has a card."""
    shutil.copytree(DIGITS, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    if request.param == "hub.yaml.example":
        shutil.copyfile(ROOT / "hub.yaml.example", tmp_path / "hub.yaml")
        shutil.copyfile(DIGITS / "runs" / "best" / "metrics.json", tmp_path / "metrics.json")
        (tmp_path / "results.json").write_text('{"top1": 0.97, "macro_f1": 0.96}')
    return tmp_path


def test_a_check_imports_no_arrays_no_client_and_no_server(example: Path) -> None:
    modules = loaded("check", folder=example)
    assert "hublish.pipeline.render_card.render_card" in modules
    assert modules.isdisjoint({*ARRAYS, *NETWORK, *HUB, *OTHERS, *OURS})


@pytest.mark.parametrize("command", PERMITTED)
def test_a_command_imports_no_further_package(command: str, example: Path) -> None:
    standard, others = ({*names.split()} for names in PERMITTED[command])
    # Private modules are parts of others, and differ from version to version.
    found = {name for name in loaded(*command.split(), folder=example) if "." not in name and name[0] != "_"}
    found -= {"hublish", "cython_runtime", *sys.builtin_module_names}
    assert found - sys.stdlib_module_names <= others
    # The standard library's own imports are those of the version that developers use.
    if sys.version_info[:2] == (3, 11):
        assert found & sys.stdlib_module_names <= standard


def test_a_check_searches_for_no_plugins(example: Path) -> None:
    modules = loaded("check", folder=example)
    assert modules.isdisjoint({"importlib.metadata", "email", "concurrent.futures"})
    # These inspect files of formats that the release does not have.
    assert modules.isdisjoint({"hublish.audit.pickles", "hublish.audit.hdf5_files", "hublish.audit.numpy_arrays"})


def test_a_custom_template_is_left_to_the_child_process(example: Path) -> None:
    text = (example / "hub.yaml").read_text()
    (example / "hub.yaml").write_text(text.replace("  template: model\n", "  template: own.md.j2\n"))
    (example / "own.md.j2").write_text("{{ repo.repo_id }}\n")
    assert "jinja2" not in loaded("check", folder=example)


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["check", "--help"], ["publish", "--help"], ["schema"], ["schema", "lock"]]
)
def test_help_and_schemas_import_neither_documents_nor_pipelines(words: list[str], tmp_path: Path) -> None:
    modules = loaded(*words, folder=tmp_path)
    assert modules.isdisjoint({"pydantic", "yaml", "jinja2", *ARRAYS, *NETWORK, *HUB, *OTHERS, *OURS})
    # Its rules take longer to compile than the rest of such a run.
    assert "hublish.schemas.secrets.masking" not in modules


def test_listing_the_files_imports_neither_client_nor_server() -> None:
    modules = loaded("files", folder=DIGITS)
    assert modules.isdisjoint({*NETWORK, *HUB, "hublish.api.publish", "hublish.hub.client.hub"})


def test_the_renderer_imports_neither_documents_nor_the_hub() -> None:
    script = "import json, sys, hublish.pipeline.render_card.template_sandbox; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    modules = set(json.loads(done.stdout))
    assert modules.isdisjoint(
        {"pydantic", "yaml", *ARRAYS, *NETWORK, *HUB, "hublish.schemas.documents.manifest", "hublish.cli"}
    )
