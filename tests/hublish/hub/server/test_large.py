"""Files of gigabytes in both directions, with little memory in the server."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import HfApi

SIZE = 2 << 30
LIMIT = 200 << 20
SERVE = """
import sys
from hublish.hub.server import EmbeddedHub, Limits, serve
limits = Limits(multipart=int(sys.argv[2]))
serve(EmbeddedHub(sys.argv[1], limits=limits), lambda hub: print(hub.endpoint, hub.token, flush=True))
"""


def peak_memory(process: int) -> int:
    """Return the peak resident memory of a process, in bytes."""
    status = Path(f"/proc/{process}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) << 10


@pytest.mark.large
@pytest.mark.parametrize("multipart", [1 << 20, 1 << 40], ids=["parts", "whole"])
def test_two_gigabytes_are_transferred_in_little_memory(tmp_path: Path, transfer: str, multipart: int) -> None:
    block = bytes(range(256)) * 4096
    digest = hashlib.sha256()
    with (tmp_path / "big.bin").open("wb") as file:
        for number in range(SIZE // len(block)):
            file.write(number.to_bytes(8, "big") + block[8:])
            digest.update(number.to_bytes(8, "big") + block[8:])
    command = [sys.executable, "-c", SERVE, str(tmp_path / "hub"), str(multipart)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            endpoint, token = server.stdout.readline().split()
            api = HfApi(endpoint=endpoint, token=token)
            api.create_repo("me/big")
            api.upload_file(repo_id="me/big", path_in_repo="big.bin", path_or_fileobj=tmp_path / "big.bin")
            (tmp_path / "big.bin").unlink()
            with Path(api.hf_hub_download("me/big", "big.bin")).open("rb") as file:
                assert hashlib.file_digest(file, "sha256").digest() == digest.digest()
            assert peak_memory(server.pid) < LIMIT
        finally:
            server.kill()
