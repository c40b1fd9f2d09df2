"""What a manifest can say of format `flax`."""

from typing import ClassVar

from hublish.formats.declared.jax import JaxFormat


class FlaxFormat(JaxFormat):
    """Format `flax`."""

    name: ClassVar[str] = "flax"
