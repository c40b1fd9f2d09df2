"""The class that a load plan names comes from the release or an installed package, and from nowhere else."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hublish.base.errors import IntegrityError, LoadError
from hublish.base.values import LocalRelease
from hublish.base.values.downloads import module_path
from hublish.pipeline.restore.target_class import import_target
from tests.pipeline.restore.releases import COMMIT, checked

CODE = """\
from __future__ import annotations
from dataclasses import dataclass

@dataclass
class Net:
    arrays: dict

    class Head: ...

function = len
"""


@pytest.fixture
def release(tmp_path: Path) -> LocalRelease:
    folder = tmp_path / "release"
    (folder / "acme").mkdir(parents=True)
    (folder / "net.py").write_text(CODE)
    (folder / "acme" / "deep.py").write_text(CODE)
    (folder / "loud.py").write_text("raise RuntimeError('half way')")
    return checked(folder, revision=COMMIT)


def test_a_target_names_the_file_of_its_module() -> None:
    assert module_path("digits_mlp:DigitsMLP") == "digits_mlp.py"
    assert module_path("acme.models:A.B") == "acme/models.py"


@pytest.mark.parametrize(
    ("target", "name"), [("net:Net", "Net"), ("net:Net.Head", "Net.Head"), ("acme.deep:Net", "Net")]
)
def test_a_class_comes_from_a_file_of_a_pinned_release(target: str, name: str, release: LocalRelease) -> None:
    assert import_target(target, release).__qualname__ == name


def test_a_lock_pins_as_well_as_a_commit(release: LocalRelease) -> None:
    pinned = checked(release.folder, locked=True)
    assert import_target("net:Net", pinned) is import_target("net:Net", release)


def test_a_release_module_and_a_module_of_the_caller_do_not_hide_each_other(
    release: LocalRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = object()
    monkeypatch.setitem(sys.modules, "net", own)
    assert import_target("net:Net", release).__name__ == "Net"
    assert sys.modules["net"] is own


def test_code_of_an_unpinned_release_is_not_run(release: LocalRelease) -> None:
    with pytest.raises(LoadError, match=r"net\.py of the release, and main may hold other code") as caught:
        import_target("net:Net", checked(release.folder))
    assert f'revision="{COMMIT}"' in caught.value.hint


def test_code_that_changed_after_the_check_is_not_run(release: LocalRelease) -> None:
    (release.folder / "net.py").write_text(CODE + "import os; os._exit(3)\n")
    with pytest.raises(IntegrityError, match="changed after it was checked"):
        import_target("net:Net", release)


def test_code_that_fails_leaves_no_module_behind(release: LocalRelease) -> None:
    before = set(sys.modules)
    with pytest.raises(RuntimeError, match="half way"):
        import_target("loud:Net", release)
    assert set(sys.modules) == before


@pytest.mark.parametrize("target", ["net:Gone", "net:function", "net:Net.arrays"])
def test_a_target_that_is_not_a_class_is_refused(target: str, release: LocalRelease) -> None:
    with pytest.raises(LoadError, match="has no class"):
        import_target(target, release)


def test_an_installed_package_needs_no_pin(release: LocalRelease) -> None:
    assert import_target("pytest:Item", replace(release, files=())).__name__ == "Item"


@pytest.fixture
def shadow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that precedes an installed one in sys.path, and another that is not installed at all."""
    marker = "raise SystemExit('ran')"
    (tmp_path / "iniconfig.py").write_text(marker)
    (tmp_path / "beside_me.py").write_text(marker)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.partition(".")[0] == "iniconfig"]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.usefixtures("shadow")
@pytest.mark.parametrize(
    "target", ["os:PathLike", "subprocess:Popen", "beside_me:Net", "iniconfig:IniConfig", "no.such:X"]
)
def test_modules_that_pip_did_not_install_are_not_imported(target: str, release: LocalRelease) -> None:
    with pytest.raises(LoadError, match="neither in the release nor an installed package"):
        import_target(target, release)


def test_a_module_that_an_installed_package_lacks_is_named(release: LocalRelease) -> None:
    with pytest.raises(LoadError, match=r"pytest\.nothing cannot be imported"):
        import_target("pytest.nothing:X", release)
