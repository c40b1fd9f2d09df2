"""Serializer `flax`: the state of a Flax module, or a tree of parameters, as safetensors."""

import sys
from typing import Any

from hublish.base.errors import SerializationError
from hublish.formats.jax import Jax


class Flax(Jax, row="flax"):
    """What serializer `jax` holds, and modules and states of `flax.nnx`.

    Of a module, its parameters and other variables but not its random state: `nnx.Param`, `nnx.BatchStat` and the
    like. `rebuild` gives nested dicts, which `nnx.update(model, nnx.restore_int_paths(tree))` puts back into a module;
    the parameters of a `flax.linen` module are such dicts already.
    """

    def holds(self, value: Any) -> bool:
        """Whether it is a module or a state of `flax.nnx`."""
        return _nnx_of(value) is not None

    def tree(self, source: Any) -> Any:
        """Return the variables of a module or a state as nested dicts; any other tree as it is."""
        nnx = _nnx_of(source)
        if nnx is None:
            return source
        state = nnx.state(source) if isinstance(source, nnx.Module) else source
        _, kept = nnx.split_state(state, nnx.RngState, ...)
        if not kept:
            msg = f"the {type(source).__name__} has no variables"
            raise SerializationError(msg)
        return nnx.to_pure_dict(kept)


def _nnx_of(value: Any) -> Any:
    """Return the module `flax.nnx` when the value is one of its modules or states, else None."""
    nnx = sys.modules.get("flax.nnx")  # a value of its types cannot exist before it was imported
    return nnx if nnx is not None and isinstance(value, nnx.Module | nnx.State) else None
