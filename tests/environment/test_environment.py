"""A part of `make audit-environment`; and the oracle distinguishes pickles from clean files without the audit."""

import io
import sys
import sysconfig
import zlib
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.environment import __main__
from tests.environment.auditing import PICKLE, audit_some, files_below
from tests.environment.oracle import holds_a_pickle
from tests.faults.projects import rounds
from tests.hublish.audit.payloads import CLEAN, PICKLES, call

# One of so many files is audited; a prime, so that it is not always the same one of a package.
EVERY = 61
FOLDERS = [Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib"))]
# Only a loader that repairs, decrypts or skips leading bytes reads these, or one with other extensions; and the
# standard library has no lz4.
BEYOND_THE_ORACLE = (
    *("torch's zip, encrypted", "torch's zip, wrong checksum", "behind leading bytes", "a registered extension"),
    *("cut off behind the call, protocol 4", "cut off in the middle of data", "joblib's lz4"),
)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_files_of_this_environment_are_not_refused_without_reason(folder: Path) -> None:
    paths = [path for path in files_below(folder) if "test" not in path.parts]
    share = audit_some(islice(paths, 0, None, max(1, EVERY // rounds(1))))
    assert [refusal for refusal in share.refusals if refusal.problem.code == PICKLE and not refusal.justified] == []
    assert share.files > len(paths) / EVERY - 1 > 10


@pytest.mark.parametrize("name", sorted(set(PICKLES) - set(BEYOND_THE_ORACLE)))
def test_the_oracle_finds_a_pickle(name: str) -> None:
    assert holds_a_pickle(PICKLES[name]())


def test_the_oracle_finds_a_pickle_in_the_old_format_of_joblib() -> None:
    assert holds_a_pickle(b"ZF0x10               " + zlib.compress(call()))


def test_the_oracle_finds_a_pickle_in_an_attribute_of_an_hdf5_file() -> None:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.create_group("group").attrs["FILTERS"] = np.bytes_(call(0))
    assert holds_a_pickle(stream.getvalue())


@pytest.mark.parametrize("content", CLEAN.values(), ids=CLEAN)
def test_the_oracle_finds_no_pickle_in_a_clean_file(content: Callable[[], bytes]) -> None:
    assert not holds_a_pickle(content())


def test_a_false_refusal_is_printed_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "model.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(100))
    (tmp_path / "model.pkl").write_bytes(call())
    (tmp_path / "notes.txt").write_text("clean")
    assert __main__.main([str(tmp_path), "--processes", "1"]) == 1
    printed = capsys.readouterr().out
    assert "pickles to other readers as well: 1" in printed
    assert f"false refusals: 1\n  {tmp_path}/model.7z: " in printed
    assert "3 files" in printed


def test_true_pickles_alone_do_not_fail(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(call())
    assert __main__.main([str(tmp_path), "--processes", "1"]) == 0


def test_an_empty_folder_fails(tmp_path: Path) -> None:
    assert __main__.main([str(tmp_path), "--processes", "1"]) == 1


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(sys.executable)
    assert list(files_below(tmp_path)) == []
