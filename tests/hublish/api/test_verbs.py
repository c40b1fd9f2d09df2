"""Importing the verbs loads no server and no format."""

import subprocess
import sys

import hublish

NOT_NEEDED = ("numpy", "ml_dtypes", "safetensors", "jinja2", "uvicorn", "dulwich", "lz4", "blake3", "huggingface_hub")


def test_the_verbs_load_no_server_and_no_format_before_it_is_used() -> None:
    script = f"import sys, hublish.api; print(' '.join(m for m in {NOT_NEEDED!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_every_public_name_can_be_imported() -> None:
    assert all(getattr(hublish, name) for name in hublish.__all__)
