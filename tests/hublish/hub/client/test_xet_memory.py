"""Bounds for xet, which change neither the user's settings nor the rest of the process."""

import ctypes
import os
import platform
import struct
import subprocess
import sys
from collections.abc import Mapping
from random import Random

import hf_xet
import pytest

from hublish.hub.client.xet_memory import SETTINGS, bounded


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("HF_XET_")]:
        monkeypatch.delenv(name)


def inside(sizes: Mapping[str, int] | None = None, sample: bytes = b"") -> Mapping[str, str]:
    with bounded(sizes or {}, sample):
        return {name: value for name, value in os.environ.items() if name.startswith("HF_XET_")}


def test_the_settings_hold_inside_the_block_alone() -> None:
    before = dict(os.environ)
    assert inside() == SETTINGS
    assert dict(os.environ) == before


def test_they_are_gone_after_a_failure_too() -> None:
    before = dict(os.environ)
    with pytest.raises(RuntimeError), bounded():
        raise RuntimeError
    assert dict(os.environ) == before


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_of_the_user_stays(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "7")
    assert inside() == {**SETTINGS, name: "7"}
    assert os.environ[name] == "7"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("HF_XET_INGESTION_BLOCK_SIZE", ["HF_XET_DATA_INGESTION_BLOCK_SIZE"]),
        ("HF_XET_DATA_XORB_COMPRESSION_POLICY", ["HF_XET_XORB_COMPRESSION_POLICY"]),
        ("HF_XET_MAX_CONCURRENT_FILE_INGESTION", ["HF_XET_DATA_MAX_CONCURRENT_FILE_INGESTION"]),
        (
            "HF_XET_FIXED_UPLOAD_CONCURRENCY",
            ["HF_XET_CLIENT_AC_INITIAL_UPLOAD_CONCURRENCY", "HF_XET_CLIENT_AC_MAX_UPLOAD_CONCURRENCY"],
        ),
    ],
)
def test_a_setting_of_the_user_under_an_older_name_stays(
    monkeypatch: pytest.MonkeyPatch, old: str, new: list[str]
) -> None:
    monkeypatch.setenv(old, "7")
    assert inside() == {old: "7", **{name: value for name, value in SETTINGS.items() if name not in new}}


@pytest.mark.parametrize(
    ("sizes", "policy"),
    [
        ({}, "bg4-lz4"),
        ({"model.safetensors": 10, "tokenizer.json": 9}, "bg4-lz4"),
        ({"model.safetensors": 10, "tokenizer.json": 11}, "lz4"),
        ({"data/train.jsonl": 10}, "lz4"),
        ({"a/pytorch_model.bin": 10}, "bg4-lz4"),
    ],
)
def test_the_share_of_weights_decides_the_compression(sizes: dict[str, int], policy: str) -> None:
    assert inside(sizes)["HF_XET_XORB_COMPRESSION_POLICY"] == policy


@pytest.mark.parametrize(
    ("sample", "policy"),
    [
        (Random(1).randbytes(1 << 16), "none"),
        (Random(1).randbytes((1 << 16) - 1), "bg4-lz4"),  # too few to tell
        (struct.pack("<16384f", *map(Random(1).gauss, [0.0] * 16384, [1.0] * 16384)), "bg4-lz4"),
        (bytes(1 << 16), "bg4-lz4"),
        (b"", "bg4-lz4"),
    ],
    ids=["noise", "little noise", "float32", "zeros", "nothing"],
)
def test_bytes_that_cannot_be_compressed_are_sent_as_they_are(sample: bytes, policy: str) -> None:
    assert inside({"model.safetensors": 10}, sample)["HF_XET_XORB_COMPRESSION_POLICY"] == policy


@pytest.mark.parametrize("name", ["HF_XET_HIGH_PERFORMANCE", "HF_XET_HP"])
def test_whoever_asks_for_speed_at_any_price_gets_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    assert inside() == {name: "1"}


def test_hf_xet_knows_every_one_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name it does not know would be ignored in silence."""
    default = dict(hf_xet.XetConfig().items())
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, "none" if value == "bg4-lz4" else "3mb" if value.endswith("b") else "3")
    changed = {key for key, value in hf_xet.XetConfig().items() if str(value) != str(default[key])}
    assert {f"HF_XET_{key.upper().replace('.', '_')}" for key in changed} == set(SETTINGS)


def test_a_c_library_without_mallopt_works_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    assert inside({"model.safetensors": 10}) == SETTINGS


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="about glibc's malloc")
def test_blocks_that_are_freed_while_sending_go_back_to_the_system() -> None:
    # A heap that one run left behind would serve the next: each runs in a process of its own.
    managers = ("nullcontext()", "bounded({'a.bin': 1})", "bounded()")
    before, sending, receiving = map(_kept_after_freeing_every_second, managers)
    assert sending < before - 40 < receiving


def _kept_after_freeing_every_second(manager: str) -> int:
    """Return the megabytes that a process keeps of 128 after it has freed half of them."""
    script = f"""
from contextlib import nullcontext
from pathlib import Path
from hublish.hub.client.xet_memory import bounded

bytearray(20 << 20)  # as in a program that has freed something large: malloc keeps what comes after
with {manager}:
    blocks = [bytearray(1 << 20) for _ in range(128)]
    del blocks[1::2]
    print(int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20)
"""
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return int(done.stdout)
