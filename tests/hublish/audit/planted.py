"""The places where secrets are found in practice, each as the bytes of a file with a given secret."""

import gzip
import json
import struct
import zipfile
from collections.abc import Callable

import numpy as np
from safetensors.numpy import save as save_safetensors

from tests.hublish.audit.payloads import zipped

NOISE = "import os\n\n# See the documentation for what this_is_a_rather_long_identifier_for does.\nvalue = 3\n" * 30


def notebook(secret: str) -> bytes:
    """Return a notebook whose cell printed the secret."""
    output = {"output_type": "stream", "name": "stdout", "text": ["logged in\n", f"token: {secret}\n"]}
    return json.dumps(
        {"cells": [{"cell_type": "code", "source": ["login()"], "outputs": [output]}], "nbformat": 4}
    ).encode()


def gguf(secret: str) -> bytes:
    """Return a GGUF file whose one key is the secret."""
    key, value = b"general.description", secret.encode()
    pair = struct.pack("<Q", len(key)) + key + struct.pack("<IQ", 8, len(value)) + value
    return b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + pair + bytes(1000)


PLACES: dict[str, Callable[[str], bytes]] = {
    "train.py": lambda secret: f"{NOISE}login(token='{secret}')\n{NOISE}".encode(),
    "README.md": lambda secret: f"# Usage\n\n    export TOKEN={secret}\n".encode(),
    "notebook.ipynb": notebook,
    "training_args.json": lambda secret: json.dumps({"push_to_hub": True, "hub_token": secret}).encode(),
    "settings.txt": lambda secret: f"[login]\r\ntoken={secret}\r\n".encode("utf-16"),
    "model.safetensors": lambda secret: save_safetensors({"w": np.zeros(9, np.float32)}, {"command": secret}),
    "model.gguf": gguf,
    "logs.zip": lambda secret: zipped({"run/log.txt": f"{NOISE}{secret}\n".encode()}, zipfile.ZIP_DEFLATED),
    "log.txt.gz": lambda secret: gzip.compress(f"{NOISE}{secret}\n".encode()),
    "long_line.csv": lambda secret: b"a," * 700_000 + secret.encode() + b"," + b"b," * 700_000,
}
"""Places where secrets are found in practice, by the name of the file."""
