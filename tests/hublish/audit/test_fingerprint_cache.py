"""The cache of fingerprints: with it and without it, every result is the same."""

import os
import random
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.audit import fingerprint_cache
from hublish.audit.fingerprint import Inspection, Interest, fingerprint
from hublish.audit.fingerprint_cache import FingerprintCache, Known, Place
from hublish.audit.member_secrets import HiddenSecret
from hublish.audit.secret_scan import Secret
from hublish.base.content import Content, InMemory, OnDisk
from tests.file_changes import grow, replace_by_copy, rewrite_with_mtime_restored, truncate
from tests.hublish.audit.payloads import PICKLES
from tests.pipeline.staging import wait_for_a_tick
from tests.planted_tokens import TOKENS

SECOND = 1_000_000_000
EVERYTHING = Interest()
TOKEN = TOKENS["huggingface-token"](random.Random(7))


class Clock:
    """A clock that a test sets; it begins an hour after the machine's."""

    def __init__(self) -> None:
        self.time = time.time_ns() + 3600 * SECOND

    def __call__(self) -> int:
        return self.time


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "hublish" / "fingerprints.sqlite"


@pytest.fixture
def cache(path: Path) -> FingerprintCache:
    return FingerprintCache(path, Clock())


def read(content: Content, interest: Interest = EVERYTHING) -> Known:
    found = fingerprint(content, interest, lambda _: None)
    return Known(found.sha256, found.blob_id, found.links, found.inspection, interest)


def keep(cache: FingerprintCache, *paths: Path, interest: Interest = EVERYTHING) -> None:
    contents = [OnDisk.at(path) for path in paths]
    cache.keep([(place(content), read(content, interest), cache.now()) for content in contents])


def place(content: Content) -> Place:
    found = Place.of(content)
    assert found is not None
    return found


def found(cache: FingerprintCache, path: Path) -> Known | None:
    return cache.find([place(OnDisk.at(path))])[0]


def file(tmp_path: Path, data: bytes = b"some bytes", name: str = "a.txt") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def test_a_file_is_known_to_the_next_process(tmp_path: Path, cache: FingerprintCache, path: Path) -> None:
    one = file(tmp_path)
    assert found(cache, one) is None
    assert not path.parent.parent.exists(), "a question creates nothing"
    keep(cache, one)
    assert found(FingerprintCache(path, Clock()), one) == read(OnDisk.at(one))


def test_only_the_owner_can_read_or_write_the_cache(tmp_path: Path, cache: FingerprintCache, path: Path) -> None:
    keep(cache, file(tmp_path))
    assert [each.stat().st_mode & 0o077 for each in (path, path.parent)] == [0, 0]


def test_bytes_in_memory_are_read(cache: FingerprintCache) -> None:
    assert Place.of(InMemory(b"a")) is None
    assert cache.fingerprints([InMemory(b"a")], EVERYTHING) == (None,)


@pytest.mark.parametrize("change", [grow, truncate, rewrite_with_mtime_restored, replace_by_copy, Path.touch])
def test_a_changed_file_is_unknown(tmp_path: Path, cache: FingerprintCache, change: Callable[[Path], None]) -> None:
    one = file(tmp_path)
    keep(cache, one)
    wait_for_a_tick(one)
    change(one)
    assert found(cache, one) is None


def test_a_file_in_the_place_of_another_is_unknown(tmp_path: Path, cache: FingerprintCache) -> None:
    one, other = file(tmp_path), file(tmp_path, b"other byte", "b.txt")
    keep(cache, one)
    assert found(cache, other) is None
    # Some file systems give an inode to another file, and keep no ctime of their own.
    same = place(OnDisk.at(one)).identity
    assert cache.find([Place(str(other), same)]) == (None,)


@pytest.mark.parametrize(
    ("age", "times", "is_kept"),
    [
        (SECOND, (), True),
        (21_000_000, (), True),
        (19_000_000, (), False),
        (0, (), False),
        (-SECOND, (), False),
        (SECOND, (-3600,), True),
        (SECOND, (+3600,), False),
    ],
    ids=["a second", "two ticks", "less", "at once", "later", "an old mtime", "an mtime in the future"],
)
def test_a_file_that_may_change_within_its_tick_is_not_kept(
    tmp_path: Path, path: Path, age: int, times: tuple[int, ...], is_kept: bool
) -> None:
    one = file(tmp_path)
    for shift in times:
        os.utime(one, (one.stat().st_mtime + shift,) * 2)
    clock = Clock()
    clock.time = one.stat().st_ctime_ns + age
    cache = FingerprintCache(path, clock)
    keep(cache, one)
    assert (found(cache, one) is not None) == is_kept


@pytest.mark.parametrize("mtime_ns", [-(10**18), 0, 1 << 63, 1 << 70])
def test_any_time_of_a_file_can_be_asked_for(tmp_path: Path, cache: FingerprintCache, mtime_ns: int) -> None:
    content = OnDisk.at(file(tmp_path))
    odd = Place("odd", content.identity._replace(mtime_ns=mtime_ns))
    cache.keep([(odd, read(content), cache.now())])
    assert (cache.find([odd])[0] is not None) == (mtime_ns < cache.now())


def test_times_in_whole_seconds_are_of_a_coarse_clock(tmp_path: Path, cache: FingerprintCache) -> None:
    one = place(OnDisk.at(file(tmp_path)))
    coarse = Place(one.path, one.identity.__class__(1, 1, 10, 5 * SECOND, 6 * SECOND))
    known = read(InMemory(b"x"))
    for age, is_kept in ((1.9, False), (2.1, True)):
        cache.keep([(coarse, known, int((6 + age) * SECOND))])
        assert (cache.find([coarse])[0] is not None) == is_kept


def test_entries_from_the_future_do_not_count(tmp_path: Path, path: Path) -> None:
    clock = Clock()
    cache, one = FingerprintCache(path, clock), file(tmp_path)
    keep(cache, one)
    clock.time -= 1
    assert found(cache, one) is None
    clock.time += 1
    assert found(cache, one) is not None


def test_other_rules_make_every_entry_unknown(
    tmp_path: Path, cache: FingerprintCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = file(tmp_path)
    keep(cache, one)
    monkeypatch.setattr(fingerprint_cache, "_rules_version", lambda: b"other")
    assert found(cache, one) is None


def test_the_version_of_the_rules_follows_their_code(monkeypatch: pytest.MonkeyPatch) -> None:
    compute = fingerprint_cache._rules_version.__wrapped__
    before = compute()
    assert compute() == before
    for folder in ("audit", "formats", "base", "schemas/secrets"):
        others = [each for each in fingerprint_cache._RULES if each != folder]
        with monkeypatch.context() as patched:
            patched.setattr(fingerprint_cache, "_RULES", others)
            assert compute() != before


PAYLOADS = {
    "clean": b"text\n",
    "binary": bytes(range(256)) * 64,
    "empty": b"",
    "secret": f"line\n  {TOKEN}\n".encode(),
    "secret in binary": b"\0\1\2" * 100 + TOKEN.encode() + b"\0" * 100,
    "pickle": next(iter(PICKLES.values()))(),
    "pickle with secret": next(iter(PICKLES.values()))() + TOKEN.encode(),
}
INTERESTS = [Interest(pickles, secrets) for pickles, secrets in product([True, False], repeat=2)]


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_every_question_is_answered_as_by_reading(tmp_path: Path, cache: FingerprintCache, payload: bytes) -> None:
    one = file(tmp_path, payload)
    for kept, asked in product(INTERESTS, repeat=2):
        keep(cache, one, interest=kept)
        (known,) = cache.fingerprints([OnDisk.at(one)], asked)
        is_enough = kept.pickles >= asked.pickles and kept.secrets >= asked.secrets
        expected = fingerprint(OnDisk.at(one), asked, lambda _: None) if is_enough else None
        assert known == expected


def test_an_entry_with_one_digest_answers_for_that_digest_only(tmp_path: Path, cache: FingerprintCache) -> None:
    content = OnDisk.at(file(tmp_path))
    known = Known("ab" * 32, None, 1, Inspection(), EVERYTHING)
    cache.keep([(place(content), known, cache.now())])
    assert cache.find([place(content)]) == (known,)
    assert cache.fingerprints([content], EVERYTHING) == (None,)


def test_no_secret_is_in_the_cache(tmp_path: Path, cache: FingerprintCache, path: Path) -> None:
    one = file(tmp_path, PAYLOADS["secret"])
    keep(cache, one)
    assert found(cache, one) == read(OnDisk.at(one))
    assert TOKEN.encode()[8:] not in path.read_bytes()


texts = st.text(max_size=30)
secrets = st.builds(Secret, texts, texts, st.integers(1, 2**40), st.integers(1, 2**40))
inspections = st.builds(
    Inspection,
    st.none() | texts,
    st.lists(st.builds(HiddenSecret, secrets, st.none() | texts), max_size=3).map(tuple),
    texts,
    st.booleans(),
)
knowledge = st.builds(
    Known,
    st.none() | st.binary(min_size=32, max_size=32).map(bytes.hex),
    st.none() | st.binary(min_size=20, max_size=20).map(bytes.hex),
    st.integers(1, 65_000),
    inspections,
    st.builds(Interest, st.booleans(), st.booleans()),
)


@given(knowledge)
def test_an_entry_survives_packing(known: Known) -> None:
    packed = fingerprint_cache._packed(b"k" * 16, known, 5)
    assert fingerprint_cache._unpacked(b"k" * 16, packed, 5) == known
    assert fingerprint_cache._unpacked(b"K" * 16, packed, 5) is None
    for at in range(len(packed)):
        damaged = bytearray(packed)
        damaged[at] ^= 1
        assert fingerprint_cache._unpacked(b"k" * 16, bytes(damaged), 5) is None


def damage(data: bytes, chance: random.Random) -> bytes:
    """Return the bytes of a file after an accident."""
    at, length = chance.randrange(len(data)), chance.choice([1, 8, 512, 4096])
    return chance.choice(
        [
            data[:at],
            data[:at] + chance.randbytes(length) + data[at + length :],
            data[:at] + bytes(length) + data[at + length :],
            data[:at] + data[at + length :],
            chance.randbytes(length) + data,
            data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :],
        ]
    )


def test_a_damaged_cache_never_changes_a_result(tmp_path: Path, cache: FingerprintCache, path: Path) -> None:
    chance = random.Random(200)
    files = [file(tmp_path, chance.randbytes(20), f"{number}.bin") for number in range(99)]
    places, true = [place(OnDisk.at(one)) for one in files], [read(OnDisk.at(one)) for one in files]
    entries = list(zip(places, true, [cache.now()] * len(files), strict=True))
    cache.keep(entries)
    whole, wrong, lost = path.read_bytes(), [], 0
    for number in range(200):
        path.write_bytes(damage(whole, chance))
        # Among all entries, which are read, and among a few, which are looked up.
        known = cache.find(places[: chance.choice([9, 99])])
        lost += None in known
        wrong += [number for one, other in zip(known, true, strict=False) if one not in (None, other)]
        cache.keep(entries)
        if cache.find(places) != tuple(true) or cache.find(places[:9]) != tuple(true[:9]):
            wrong.append(number)
    assert not wrong
    assert lost > 20


def make_pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


@pytest.mark.parametrize(
    "obstruct",
    [
        lambda path: path.parent.parent.write_text("a file in the place of HF_HOME"),
        lambda path: (path.parent.parent.mkdir(), path.parent.write_text("a file")),
        lambda path: path.mkdir(parents=True),
        lambda path: (path.parent.mkdir(parents=True), path.symlink_to(path.with_name("elsewhere"))),
        lambda path: (path.parent.mkdir(parents=True), make_pipe(path)),
    ],
    ids=["no folder", "no folder below it", "a folder", "a link", "a pipe"],
)
def test_a_place_that_cannot_be_used_is_left_alone(
    tmp_path: Path, cache: FingerprintCache, path: Path, obstruct: Callable[[Path], object]
) -> None:
    obstruct(path)
    one = file(tmp_path)
    keep(cache, one)
    assert found(cache, one) is None
    assert not path.with_name("elsewhere").exists()


@pytest.mark.parametrize("shared", ["file", "folder"])
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o720, 0o702])
def test_a_cache_that_others_can_write_does_not_count(
    tmp_path: Path, cache: FingerprintCache, path: Path, shared: str, mode: int
) -> None:
    one = file(tmp_path)
    keep(cache, one)
    before = path.read_bytes()
    (path if shared == "file" else path.parent).chmod(mode)
    assert found(cache, one) is None
    keep(cache, one, file(tmp_path, b"more", "b"))
    assert path.read_bytes() == before


def test_a_locked_cache_is_not_waited_for_long(
    tmp_path: Path, cache: FingerprintCache, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint_cache, "_PATIENCE", 0.01)
    one, other = file(tmp_path), file(tmp_path, b"b", "b")
    keep(cache, one)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    assert found(cache, one) is None
    keep(cache, other)
    holder.execute("ROLLBACK")
    holder.close()
    assert found(cache, one) is not None, "the file of another process is not taken for a damaged one"
    assert found(cache, other) is None


def test_the_oldest_entries_make_room(tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    cache = FingerprintCache(path, clock)
    monkeypatch.setattr(fingerprint_cache, "_MOST_ENTRIES", 10)
    files = [file(tmp_path, b"", str(number)) for number in range(25)]
    for one in files:
        clock.time += 1
        keep(cache, one)
    assert [one.name for one in files if found(cache, one)] == [str(number) for number in range(15, 25)]


WRITER = """
    import random, sys
    from pathlib import Path
    from hublish.audit.fingerprint import Interest, fingerprint
    from hublish.audit.fingerprint_cache import FingerprintCache, Known, Place
    from hublish.base.content import OnDisk

    cache = FingerprintCache(Path(sys.argv[1]))
    contents = [OnDisk.at(Path(name)) for name in sorted(sys.argv[2:])]
    read = [fingerprint(content, Interest(), lambda _: None) for content in contents]
    for _ in range(20):
        known = cache.fingerprints(contents, Interest())
        assert all(one in (None, other) for one, other in zip(known, read))
        some = random.sample(list(zip(contents, read)), 10)
        cache.keep(
            (Place.of(content), Known(one.sha256, one.blob_id, one.links, one.inspection, Interest()), cache.now())
            for content, one in some
        )
    print(sum(one is not None for one in cache.fingerprints(contents, Interest())))
"""


def run(script: str, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_twenty_processes_share_the_cache(tmp_path: Path, path: Path) -> None:
    files = [file(tmp_path, f"file {number}".encode(), f"{number}.txt") for number in range(60)]
    writers = [run(WRITER, path, *files) for _ in range(20)]
    results = [writer.communicate(timeout=300) for writer in writers]
    assert [error for _, error in results] == [""] * 20
    assert max(int(count) for count, _ in results) == 60


def test_a_full_disk_costs_only_the_cache(tmp_path: Path, path: Path) -> None:
    limited = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n" + textwrap.dedent(WRITER)
    files = [file(tmp_path, f"file {number}".encode(), f"{number}.txt") for number in range(60)]
    output, error = run(limited, path, *files).communicate(timeout=300)
    assert error == ""
    assert int(output) < 60
