"""Requests that try to exhaust a hub: for the tests, and for `benchmarks/attacks.py`, which prints the figures."""

import base64
import hashlib
import json
import random
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from huggingface_hub import CommitOperationAdd, HfApi

MB = 1 << 20

SERVE = """
import sys
from hublish.hub.server import EmbeddedHub, serve
def show(hub):
    print(hub.endpoint, hub.token, hub.add_user("mallory"), flush=True)
serve(EmbeddedHub(sys.argv[1]), show)
"""


@dataclass
class Target:
    """A hub in a process of its own, with a public repository; `open` keeps connections until the end of an attack."""

    process: int
    endpoint: str
    mallory: str
    open: ExitStack = field(default_factory=ExitStack)

    def peak(self) -> int:
        """Return the peak resident memory of the hub in MB."""
        status = Path(f"/proc/{self.process}/status").read_text()
        return next(int(line.split()[1]) >> 10 for line in status.splitlines() if line.startswith("VmHWM"))

    def ask(
        self, method: str, path: str, body: bytes | None = None, token: str = "", **headers: str
    ) -> tuple[int, bytes]:
        """Send a request as a client would; return the status and the body, 0 for a connection that broke."""
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        url = path if path.startswith("http") else self.endpoint + path
        try:
            with urllib.request.urlopen(
                urllib.request.Request(url, body, headers, method=method), timeout=120
            ) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except OSError:
            return 0, b""

    def connect(self) -> socket.socket:
        """Open a connection that stays open until the end of the attack."""
        parts = urlsplit(self.endpoint)
        connection = socket.create_connection((parts.hostname, parts.port or 80), timeout=60)
        self.open.callback(connection.close)
        return connection

    def send(self, head: str, *parts: bytes, times: int = 1, read: bool = True) -> int:
        """Send raw bytes, the last part several times, and return the status of the response, if any."""
        connection = self.connect()
        try:
            connection.sendall(head.replace("\n", "\r\n").encode() + b"".join(parts[:-1]))
            for _ in range(times if parts else 0):
                connection.sendall(parts[-1])
            if not read:
                return 0
            return int(connection.recv(65536)[9:12] or b"0")
        except OSError:  # closed by the server
            with suppress(OSError):
                return int(connection.recv(65536)[9:12] or b"0")
            return 0

    def answers_within(self) -> float:
        """Return the seconds until clean requests are answered."""
        began = time.monotonic()
        for path in ("/api/models/me/public", "/me/public/resolve/main/a.txt", "/api/models/me/public/tree/main"):
            assert self.ask("GET", path)[0] == 200
        return time.monotonic() - began


@contextmanager
def target(root: Path) -> Iterator[Target]:
    """Serve a hub in a process of its own."""
    with subprocess.Popen([sys.executable, "-c", SERVE, str(root)], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            endpoint, token, mallory = server.stdout.readline().split()
            api = HfApi(endpoint=endpoint, token=token)
            api.create_repo("me/public")
            text = random.Random(1).randbytes(4 * MB).hex().encode()
            adds = [CommitOperationAdd("a.txt", b"a"), CommitOperationAdd("big.txt", text)]
            api.create_commit("me/public", adds, commit_message="x")
            HfApi(endpoint=endpoint, token=mallory).create_repo("mallory/own")
            yield Target(server.pid, endpoint, mallory)
        finally:
            server.kill()


Attack = Callable[[Target], object]
ATTACKS: list[Attack] = []


def attack(function: Attack) -> Attack:
    """Add a function to the attacks."""
    ATTACKS.append(function)
    return function


def head(path: str, *lines: str, method: str = "POST") -> str:
    """Return a request line and headers."""
    return "\n".join([f"{method} {path} HTTP/1.1", "Host: hub", *lines, "", ""])


def zeros(megabytes: int) -> bytes:
    """Return zeros as a raw deflate stream: the compressed block of one megabyte, again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)) * megabytes + packer.flush()


YAML, PATHS = "/api/validate-yaml", "/api/models/me/public/paths-info/main"
FETCH, COMMIT = "/me/public.git/git-upload-pack", "/api/models/mallory/own/commit/main"


@attack
def body_that_expands(hub: Target) -> None:
    start = b"\x1f\x8b\x08" + bytes(7)
    data = bytes(300 * MB)
    large = start + zeros(300) + struct.pack("<II", zlib.crc32(data), len(data))
    members = zlib.compress(b"", wbits=31) * 50_000
    for bomb, status in ((large, 413), (members, 400), (large[:1000], 400), (b"\x1f\x8b" + bytes(99), 400)):
        assert hub.ask("POST", FETCH, bomb, **{"Content-Encoding": "gzip"})[0] == status


@attack
def bodies_larger_than_the_limit(hub: Target) -> None:
    for path in (YAML, PATHS, FETCH):
        assert hub.send(head(path, "Content-Length: 99999999999")) == 413
        assert hub.send(head(path, "Content-Length: 9" + "9" * 17)) == 413
        chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
        assert hub.send(head(path, "Transfer-Encoding: chunked"), chunk, times=200) in (413, 0)


@attack
def bodies_of_callers_without_rights(hub: Target) -> None:
    for path in ("/api/repos/create", COMMIT, "/api/models/me/public/branch/x", "/api/models/me/public/discussions"):
        assert hub.send(head(path, "Content-Length: 60000000"), bytes(100)) in (401, 403)
        assert hub.send(head(path, "Content-Length: 60000000", "Authorization: Bearer hf_x"), bytes(100)) == 401


@attack
def unfinished_bodies(hub: Target) -> None:
    for number in range(200):
        hub.send(head((YAML, PATHS, FETCH)[number % 3], "Content-Length: 2000000"), bytes(1_900_000), read=False)


@attack
def unfinished_bodies_of_a_user(hub: Target) -> None:
    token = f"Authorization: Bearer {hub.mallory}"
    oid = hashlib.sha256(bytes(9)).hexdigest()
    wanted = json.dumps({"operation": "upload", "objects": [{"oid": oid, "size": 10 * MB}]}).encode()
    _, answer = hub.ask("POST", "/mallory/own.git/info/lfs/objects/batch", wanted, hub.mallory)
    upload = urlsplit(json.loads(answer)["objects"][0]["actions"]["upload"]["href"]).path
    for _ in range(60):
        hub.send(head(COMMIT, "Content-Length: 90000000", token), bytes(900_000), read=False)
        hub.send(head(upload, "Content-Length: 10000000", method="PUT"), bytes(900_000), read=False)
        hub.send(head("/api/repos/create", "Content-Length: 9000000", token), bytes(900_000), read=False)


@attack
def headers_without_end(hub: Target) -> None:
    line = b"X-A: " + b"a" * 1000 + b"\r\n"
    chunked = head(YAML, "Transfer-Encoding: chunked")
    for status, start, part, times in (
        (414, "GET /", b"a" * 100_000, 200),
        (431, "GET / HTTP/1.1\nX: ", b"a" * 100_000, 200),
        (431, "GET / HTTP/1.1\n", line, 20_000),
        (431, "GET / HTTP/1.1\n", b"a:b\r\n" * 1000, 1000),
        (431, "GET / HTTP/1.1\n", b"a" * 100_000, 200),
        (0, chunked + "1;", b"a" * 100_000, 200),
        (0, chunked + "0\n", line, 20_000),
        (0, chunked + "0\nX: ", b"a" * 100_000, 200),
    ):
        assert hub.send(start, part, times=times) in (status, 0), start[:60]


@attack
def many_requests_at_once(hub: Target) -> None:
    for _ in range(10):
        hub.send("", (head("/api/models/me/public", method="GET").replace("\n", "\r\n").encode()) * 3000, read=False)


@attack
def silent_connections(hub: Target) -> None:
    for number in range(700):
        hub.send("GET / HTTP/1.1\nX: " if number % 2 else "", read=False)


@attack
def responses_that_are_not_read(hub: Target) -> None:
    for _ in range(150):
        hub.send(head("/me/public/resolve/main/big.txt", method="GET"), read=False)


@attack
def deep_and_wide_json(hub: Target) -> None:
    for body in (
        b"[" * 1_900_000,
        b'{"content":' * 100_000,
        b'{"content":[' + b"[]," * 600_000 + b"[]]}",
        b'{"content":"' + b"\\ud83d\\ude00" * 150_000 + b'"}',
        b'{"content":' + b"9" * 1_900_000 + b"}",
        b'{"content":"' + b'\\"' * 900_000,
    ):
        for path in (YAML, "/me/public.git/info/lfs/objects/batch"):
            assert (status := hub.ask("POST", path, body)[0]) in (200, 400, 401), (path, body[:20], status)
        assert hub.ask("POST", "/api/repos/create", body * 7, hub.mallory)[0] in (400, 413)


@attack
def long_lists_of_paths(hub: Target) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"paths=a&" * 90_000, b"paths=" + b"a/" * 900_000, b"&" * 1_900_000, b"paths=%61" * 200_000):
        for _ in range(3):
            assert (status := hub.ask("POST", PATHS, body, **form)[0]) in (200, 400, 413), (body[:20], status)
    query = "&".join(f"expand={number}" for number in range(1500))
    assert hub.ask("GET", f"/api/models/me/public?{query}")[0] in (200, 400, 414)
    for span in (",".join(f"{at}-{at}" for at in range(5000)), "9" * 5000 + "-", "-" + "9" * 5000, "0-" + "9" * 30):
        assert (status := hub.ask("GET", "/me/public/resolve/main/big.txt", Range=f"bytes={span}")[0]) in (
            200,
            206,
            416,
        ), (span[:20], status)


@attack
def wants_and_haves(hub: Target) -> None:
    have = b"".join(b"0032have %040x\n" % number for number in range(39_000))
    commit = json.loads(hub.ask("GET", "/api/models/me/public")[1])["sha"]
    options = b" side-band-64k thin-pack ofs-delta"
    want = b"want " + commit.encode() + options + b"\n"
    hub.ask("POST", FETCH, b"%04x" % (len(want) + 4) + want + b"0000" + have + b"0009done\n")
    hub.ask("POST", FETCH, (b"%04x" % (len(want) + 4) + want) * 18_000 + b"00000009done\n")
    hub.ask("POST", FETCH, b"ffff" + bytes(60_000))


@attack
def commits_that_grow(hub: Target) -> None:
    start = b'{"key":"header","value":{"summary":"s"}}\n'
    gone = b'{"key":"deletedFile","value":{"path":"%d"}}\n'
    folders = b"/".join([b"a"] * 120)
    content = base64.b64encode(bytes(9 * MB))
    for body in (
        start + b'{"key":"file","value":{"path":[' + b"[]," * 4_000_000 + b"[]]}}",
        start + b'{"key":"file","value":' + b"[" * 10_000_000,
        start + b"".join(gone % number for number in range(101_000)),
        start + b"".join(b'{"key":"deletedFile","value":{"path":"%d/%s"}}\n' % (at, folders) for at in range(1700)),
        start + b'{"key":"file","value":{"path":"a","content":"' + b"A" * (20 * MB),
        start
        + b"".join(
            b'{"key":"file","value":{"path":"%d","encoding":"base64","content":"%s"}}\n' % (at, content)
            for at in range(6)
        ),
    ):
        assert hub.ask("POST", COMMIT, body, hub.mallory)[0] in (200, 400, 404, 413)


@attack
def uploads_in_many_parts(hub: Target) -> None:
    objects = [{"oid": f"{number:064x}", "size": 499 * 10**9} for number in range(1000)]
    wanted = {"operation": "upload", "transfers": ["multipart"], "objects": objects}
    status, answer = hub.ask(
        "POST", "/mallory/own.git/info/lfs/objects/batch", json.dumps(wanted).encode(), hub.mallory
    )
    assert status == 200
    assert len(answer) < 10 * MB


@attack
def long_differences(hub: Target) -> None:
    lines = [random.Random(at).randbytes(900_000).hex(" ", 2).replace(" ", "\n").encode() for at in range(4)]
    api = HfApi(endpoint=hub.endpoint, token=hub.mallory)
    adds = [CommitOperationAdd(f"{at}.txt", text) for at, text in enumerate(lines)]
    api.create_commit("mallory/own", adds, commit_message="x")
    adds = [CommitOperationAdd(f"{at}.txt", text[::-1]) for at, text in enumerate(lines)]
    opened = api.create_commit("mallory/own", adds, commit_message="x", create_pr=True)
    assert hub.ask("GET", f"/api/models/mallory/own/discussions/{opened.pr_num}?diff=1")[0] == 200


@attack
def xet_uploads_that_claim_too_much(hub: Target) -> None:
    _, token = hub.ask("GET", "/api/models/mallory/own/xet-write-token/main", None, hub.mallory)
    given = json.loads(token)
    cas, key = given["casUrl"], given["accessToken"]
    start = struct.pack("<32sQQ", b"HFRepoMetaData\0UigEj{\x81W\x83\xa5\xbd\xd9\\\xcd\xd1J\xa9", 2, 0)
    empty = struct.pack("<32sIIQ", bytes(32), 0, 0, 0)
    term = struct.pack("<32sIIII", b"x" * 32, 0, 1, 0, 0xFFFFFFFF)
    for shard in (
        start + struct.pack("<32sIIQ", b"f" * 32, 0, 0xFFFFFFFF, 0) + bytes(4800),
        start + empty * 400_000,
        start + b"".join(struct.pack("<QQQQIIQ", at, 0, 0, 0, 0, 0, 0) for at in range(400_000)),
        start + struct.pack("<32sIIQ", b"f" * 32, 0, 400_000, 0) + term * 400_000 + b"\xff" * 48,
    ):
        assert (answer := hub.ask("POST", f"{cas}/v1/shards", shard, key))[0] == 400, answer
    frame = zlib.compress(bytes(1000))
    chunk = bytes([0, *len(frame).to_bytes(3, "little"), 1, *(128 << 10).to_bytes(3, "little")]) + frame
    tiny = bytes([0, 1, 0, 0, 0, 1, 0, 0]) + b"x"
    for xorb in (chunk * 1000, tiny * 9000, bytes(67 * MB), b"\0\xff\xff\xff\0\xff\xff\xff"):
        assert (answer := hub.ask("POST", f"{cas}/v1/xorbs/default/{'0' * 64}", xorb, key))[0] == 400, answer


@attack
def pushes_that_claim_too_much(hub: Target) -> None:
    def packed(count: int, entries: bytes) -> bytes:
        body = struct.pack(">4sLL", b"PACK", 2, count) + entries
        return body + hashlib.sha1(body).digest()

    line = b"%s %s refs/heads/x\0report-status\n" % (b"0" * 40, b"1" * 40)
    command = b"%04x%s0000" % (len(line) + 4, line)
    tiny = b"".join(b"\x34" + zlib.compress(struct.pack("<L", at)) for at in range(90_000))
    # 12 MB of zeros in 12 kB, again and again; and deltas whose base never comes.
    blob = b"\xb0\x80\x80\x2e" + zlib.compress(bytes(12_058_624))
    delta = b"\x7f\x00" + b"1" * 20 + zlib.compress(bytes(15))
    for pack in (
        packed(90_000, tiny),
        packed(40, blob * 40),
        packed(20_000, delta * 20_000),
        packed(1, b"\x33\x78\x9c" + zeros(300) + zlib.adler32(bytes(300 * MB)).to_bytes(4)),
        packed(0xFFFFFFFF, tiny),
    ):
        sent = ("POST", "/mallory/own.git/git-receive-pack", command + pack, hub.mallory)
        threads = [threading.Thread(target=hub.ask, args=sent) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def run(hub: Target, function: Attack) -> tuple[int, float]:
    """Run an attack while clean requests are sent; return the growth of the hub in MB and their longest time."""
    before = hub.peak()
    slowest = 0.0
    hub.open = ExitStack()
    with hub.open:
        failures: list[BaseException] = []

        def guarded() -> None:
            try:
                function(hub)
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=guarded)
        thread.start()
        while thread.is_alive():
            slowest = max(slowest, hub.answers_within())
            thread.join(0.2)
        slowest = max(slowest, hub.answers_within())
        if failures:
            raise failures[0]
    return hub.peak() - before, slowest
