"""The `sign` section of hub.yaml: who signs a release, and where the key is."""

from typing import Literal

SigningMethod = Literal["key", "certificate", "sigstore"]
