"""`hublish check` must start fast: reading a manifest loads no client, no template engine, no arrays."""

import subprocess
import sys

import pytest

SLOW = ("huggingface_hub", "jinja2", "numpy", "httpx", "requests", "uvicorn", "dulwich", "ml_dtypes", "asyncio")


@pytest.mark.parametrize("module", ["documents.manifest_yaml", "json_schema.generate", "documents.card_metadata"])
def test_the_documents_load_nothing_slow(module: str) -> None:
    script = f"import sys, hublish.schemas.{module}; print(' '.join(m for m in {SLOW!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
