"""House rules that no linter checks."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PRODUCT = ("hublish", "pipeline", "schemas", "templates")
CODE = (*PRODUCT, "tests", "examples", "benchmarks", "docs", ".ci")
TEXTS = (
    *CODE,
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "Makefile",
    "mkdocs.yml",
    "pyproject.toml",
    "hub.yaml.example",
    "skills",
    ".github",
)
LONGEST_FILE, LONGEST_TEST_FILE, LONGEST_FUNCTION = 400, 400, 40  # tables make tests longer
MACHINE_PATH = re.compile(r"(?<![\w.~}-])/(?:home|Users|root|work|mnt)/\w")
# A stage that CONTRIBUTING.md uses as an example.
FUTURE_PATHS = {"pipeline/sign/"}
PROMISE = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")


def files(*tops: str, suffix: str = "") -> Iterator[Path]:
    """Yield every file under the given tops, each once: the links of hublish/ are not followed."""
    for top in tops:
        found = [ROOT / top] if (ROOT / top).is_file() else sorted((ROOT / top).rglob("*"))
        yield from (path for path in found if path.is_file() and path.suffix.endswith(suffix) and own(path))


def own(path: Path) -> bool:
    inside = path.relative_to(ROOT)
    linked = any((ROOT / parent).is_symlink() for parent in inside.parents)
    return not linked and "__pycache__" not in inside.parts and ".hublish" not in inside.parts


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    nodes = ast.walk(ast.parse(path.read_text()))
    return (node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the number of lines of a function without its docstring."""
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return (function.end_lineno or 0) - ((first.end_lineno or 0) if documented else function.lineno)


@pytest.mark.parametrize(
    ("top", "limit"), [(top, LONGEST_TEST_FILE if top == "tests" else LONGEST_FILE) for top in CODE]
)
def test_no_file_is_longer_than_the_limit(top: str, limit: int) -> None:
    lines = {relative(path): len(text(path).splitlines()) for path in files(top, suffix=".py")}
    assert {path: count for path, count in lines.items() if count > limit} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        f"{relative(path)}:{function.lineno} {function.name}": length(function)
        for path in files(*PRODUCT, suffix=".py")
        for function in functions(path)
        if length(function) > LONGEST_FUNCTION
    }
    assert long == {}


@pytest.mark.parametrize(
    ("rule", "tops"),
    [
        pytest.param(MACHINE_PATH, [top for top in TEXTS if top != "tests"], id="a path on one machine"),
        pytest.param(PROMISE, TEXTS, id="postponed work"),
    ],
)
def test_no_text_holds(rule: re.Pattern[str], tops: list[str]) -> None:
    found = {
        relative(path): match.group()
        for path in files(*tops)
        if (match := rule.search(text(path))) and path != Path(__file__)
    }
    assert found == {}


@pytest.mark.parametrize("name", ["pipeline", "schemas", "templates", "hub.yaml.example"])
def test_the_package_reaches_the_code_through_a_relative_link(name: str) -> None:
    link = ROOT / "hublish" / name
    assert link.is_symlink()
    assert link.readlink() == Path("..") / name


def test_every_test_is_in_the_folder_that_mirrors_its_subject() -> None:
    tests = [path.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")]
    misplaced = [test.as_posix() for test in tests if test.parts[0] in PRODUCT and not (ROOT / test.parent).is_dir()]
    assert misplaced == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", ".ci/run", ".github/workflows/ci.yml"])
def test_every_make_target_in_a_text_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = set(re.findall(r"(?:^|`|run: |^\s*)make ([a-z-]+)", (ROOT / page).read_text(), flags=re.MULTILINE))
    assert named <= targets


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_path_in_a_text_exists(page: str) -> None:
    content = (ROOT / page).read_text()
    tops = {path.name for path in ROOT.iterdir()} - {".hublish"}
    quoted = {each for each in re.findall(r"`([\w./-]+)`", content) if each.split("/")[0] in tops}
    linked = set(re.findall(r"\]\((?!https:)([^)#]+)\)", content))
    # PyPI shows README.md, where a relative link leads nowhere.
    linked |= set(re.findall(r"\]\(https://github\.com/hublish/hublish/(?:blob|tree)/main/([^)#]+)\)", content))
    named = (quoted | linked) - FUTURE_PATHS
    assert named
    assert sorted(path for path in named if not (ROOT / path).exists()) == []


def test_the_table_of_contents_names_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == set(re.findall(r"^([a-z-]+):.*## ", makefile, flags=re.MULTILINE))


def requirements(lock: str) -> dict[str, list[Requirement]]:
    """Return the locked versions by name; a package can have one for each Python."""
    entries = (ROOT / ".ci" / lock).read_text().replace("\\\n", " ").splitlines()
    found: dict[str, list[Requirement]] = {}
    for entry in entries:
        if entry and not entry.lstrip().startswith("#"):
            requirement = Requirement(entry.partition(" --hash")[0])
            found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


@pytest.mark.parametrize(
    ("lock", "groups"),
    [
        ("run.lock", ["build"]),
        ("sign.lock", ["build", "sign"]),
        ("dev.lock", ["test", "lint", "dev"]),
        ("browser.lock", ["test", "browser"]),
        ("docs.lock", ["docs"]),
    ],
)
def test_a_lock_satisfies_pyproject(lock: str, groups: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    known = {**project["dependency-groups"], **project["project"]["optional-dependencies"]}
    listed = [entry for group in groups for entry in known[group] if isinstance(entry, str)]
    locked = requirements(lock)
    for wanted in map(Requirement, [*project["project"]["dependencies"], *listed]):
        versions = [next(iter(each.specifier)).version for each in locked.get(canonicalize_name(wanted.name), [])]
        assert versions, f"{lock} lacks {wanted.name}: run `make lock`"
        assert all(wanted.specifier.contains(version) for version in versions), f"{lock}: run `make lock` for {wanted}"


@pytest.mark.parametrize(
    "lock",
    [
        "run.lock",
        "sign.lock",
        "dev.lock",
        "minilm.lock",
        "clients.lock",
        "browser.lock",
        "docs.lock",
        "client-0.36.lock",
        "client-1.2.lock",
    ],
)
def test_a_lock_holds_exact_versions_with_hashes_and_names_no_host(lock: str) -> None:
    entries = (ROOT / ".ci" / lock).read_text().replace("\\\n", " ").splitlines()
    pinned = [entry for entry in entries if entry and not entry.lstrip().startswith("#")]
    assert pinned
    assert all("==" in entry and "--hash=sha256:" in entry and "://" not in entry for entry in pinned)
