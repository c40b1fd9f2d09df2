"""Secrets that were never issued, assembled here so that no literal in the repository looks like one."""

import base64
import gzip
import json
import random
import string
import struct
import zipfile
from collections.abc import Callable

import numpy as np
from safetensors.numpy import save as save_safetensors

from tests.hublish.audit.payloads import zipped

LETTERS = string.ascii_letters
ALPHANUMERIC = LETTERS + string.digits
URL_SAFE = ALPHANUMERIC + "_-"
HEX = "0123456789abcdef"
BASE32 = string.ascii_uppercase + "234567"
BASE64 = ALPHANUMERIC + "+/"


class Issuer:
    """Draws tokens, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def draw(self, alphabet: str, length: int) -> str:
        return "".join(self._random.choices(alphabet, k=length))

    def token(self) -> str:
        """Return a JSON Web Token."""
        parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": self.draw(ALPHANUMERIC, 12), "exp": 1}]
        texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
        return ".".join([*texts, self.draw(URL_SAFE, 43)])

    def key(self, kind: str) -> str:
        """Return a PEM key."""
        lines = [self.draw(BASE64, 64) for _ in range(6)]
        rule = "-" * 5
        return "\n".join(
            [f"{rule}BEGIN {kind}PRIVATE " + f"KEY{rule}", *lines, f"{rule}END {kind}PRIVATE " + f"KEY{rule}"]
        )


KINDS: dict[str, Callable[[Issuer], str]] = {
    "huggingface-token": lambda issuer: "hf" + "_" + issuer.draw(LETTERS, 34),
    "huggingface-jwt": lambda issuer: "hf" + "_jwt_" + issuer.token(),
    "huggingface-oauth-token": lambda issuer: "hf" + "_oauth_" + issuer.draw(ALPHANUMERIC, 60),
    "huggingface-organization-token": lambda issuer: "api" + "_org_" + issuer.draw(LETTERS, 34),
    "aws-access-key-id": lambda issuer: "AK" + "IA" + issuer.draw(BASE32, 16),
    "aws-secret-access-key": lambda issuer: 'aws_secret_access_key = "' + issuer.draw(BASE64, 40) + '"',
    "github-token": lambda issuer: "gh" + "p_" + issuer.draw(ALPHANUMERIC, 36),
    "github-fine-grained-token": lambda issuer: (
        "github" + "_pat_" + issuer.draw(ALPHANUMERIC, 22) + "_" + issuer.draw(ALPHANUMERIC, 59)
    ),
    "gitlab-token": lambda issuer: "gl" + "pat-" + issuer.draw(URL_SAFE, 20),
    "anthropic-key": lambda issuer: "sk" + "-ant-api03-" + issuer.draw(URL_SAFE, 93),
    "openai-project-key": lambda issuer: "sk" + "-proj-" + issuer.draw(URL_SAFE, 120),
    "openai-key": lambda issuer: "sk" + "-" + issuer.draw(ALPHANUMERIC, 48),
    "openrouter-key": lambda issuer: "sk" + "-or-v1-" + issuer.draw(HEX, 64),
    "google-api-key": lambda issuer: "AI" + "za" + issuer.draw(URL_SAFE, 35),
    "google-oauth-secret": lambda issuer: "GOC" + "SPX-" + issuer.draw(URL_SAFE, 28),
    "slack-token": lambda issuer: "xo" + "xb-" + issuer.draw(string.digits, 12) + "-" + issuer.draw(ALPHANUMERIC, 24),
    "slack-webhook": lambda issuer: (
        "https://hooks.slack"
        ".com/services/T" + issuer.draw(BASE32, 9) + "/B" + issuer.draw(BASE32, 9) + "/" + issuer.draw(ALPHANUMERIC, 24)
    ),
    "npm-token": lambda issuer: "np" + "m_" + issuer.draw(ALPHANUMERIC, 36),
    "pypi-token": lambda issuer: "py" + "pi-AgEIcHlwaS5vcmc" + issuer.draw(URL_SAFE, 120),
    "stripe-key": lambda issuer: "sk" + "_live_" + issuer.draw(ALPHANUMERIC, 24),
    "sendgrid-key": lambda issuer: "S" + "G." + issuer.draw(URL_SAFE, 22) + "." + issuer.draw(URL_SAFE, 43),
    "groq-key": lambda issuer: "gs" + "k_" + issuer.draw(ALPHANUMERIC, 52),
    "replicate-token": lambda issuer: "r" + "8_" + issuer.draw(ALPHANUMERIC, 37),
    "wandb-key": lambda issuer: "WANDB_API_KEY=" + issuer.draw(HEX, 40),
    "databricks-token": lambda issuer: "da" + "pi" + issuer.draw(HEX, 32),
    "digitalocean-token": lambda issuer: "do" + "p_v1_" + issuer.draw(HEX, 64),
    "docker-token": lambda issuer: "dck" + "r_pat_" + issuer.draw(URL_SAFE, 27),
    "vault-token": lambda issuer: "hv" + "s." + issuer.draw(URL_SAFE, 95),
    "azure-storage-key": lambda issuer: "AccountKey=" + issuer.draw(BASE64, 86) + "==",
    "telegram-bot-token": lambda issuer: issuer.draw("123456789", 10) + ":A" + "A" + issuer.draw(URL_SAFE, 33),
    "xai-key": lambda issuer: "xa" + "i-" + issuer.draw(ALPHANUMERIC, 80),
    "perplexity-key": lambda issuer: "pp" + "lx-" + issuer.draw(ALPHANUMERIC, 48),
    "slack-app-token": lambda issuer: (
        "xa" + "pp-1-A" + issuer.draw(BASE32, 10) + "-" + issuer.draw(string.digits, 13) + "-" + issuer.draw(HEX, 64)
    ),
    "json-web-token": lambda issuer: issuer.token(),
    "private-key": lambda issuer: issuer.key("RSA "),
}
"""For every rule, a function that draws a token."""

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
