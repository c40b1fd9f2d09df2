"""Fill PyTorch modules: copy the tensors of the files into parameters and buffers, without unpickling anything.

torch is never imported here: a caller with a module has imported it.
"""

import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final

from hublish.base.errors import LoadError, UsageError
from hublish.formats.torch import tied
from hublish.schemas.diagnose.problems import Problem

# A class of another architecture misses hundreds of names: an error lists so many.
_SHOWN: Final = 20


def is_module(value: Any) -> bool:
    """Return whether `value` is a `torch.nn.Module`, or a class of them."""
    # Without torch loaded there cannot be a module; importing it here would take seconds.
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    return issubclass(value, torch.nn.Module) if isinstance(value, type) else isinstance(value, torch.nn.Module)


def tensors(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Return numpy arrays as tensors with memory of their own.

    Raises:
        LoadError: naming the first array whose type torch does not have.
    """
    torch, made = sys.modules["torch"], {}
    for name, array in arrays.items():
        try:
            # Copied: the arrays are mapped read-only from the files, and torch warns about such memory.
            made[name] = torch.from_numpy(array.copy())
        except TypeError as error:
            raise LoadError(f"tensor '{name}': {error}") from None
    return made


def fill(module: Any, tensors: Mapping[str, Any], *, strict: bool, device: Any, dtype: Any) -> Any:
    """Load the tensors into the module and return it.

    Args:
        module: the module; tensors that fit are copied even when others are refused.
        tensors: by name.
        strict: refuse names that only one of the two has. A missing name that is tied to a present one is accepted.
        device: the device to move the module to; None leaves it where it is.
        dtype: the type that its floating tensors are cast to; None leaves them.

    Raises:
        LoadError: with every name that does not fit, or a shape that differs.
        UsageError: the device or dtype does not exist.
    """
    # Tensors on the meta device have no memory: the mapped tensors themselves replace them, and moving comes after.
    on_meta = any(tensor.is_meta for tensor in module.state_dict().values())
    if not on_meta:
        _move(module, device, dtype)
    try:
        answer = module.load_state_dict(dict(tensors), strict=False, assign=on_meta)
    except RuntimeError as error:
        # torch's message has a heading, then one line for each tensor.
        lines = [line.strip() for line in str(error).splitlines()]
        problems = [Problem("load.shape", line) for line in lines[1:]]
        msg = f"the weights do not fit {type(module).__name__}"
        hint = "is it the class, and the configuration, of this release?"
        raise LoadError(msg, hint=hint, problems=problems) from None
    # Not by torch's strict mode: it counts tied names as missing, and joins all names to one message.
    if strict:
        _refuse_others(module, tensors, answer.missing_keys, answer.unexpected_keys)
    if on_meta:
        _move(module, device, dtype)
    return module


def moved(tensors: Mapping[str, Any], device: Any, dtype: Any) -> dict[str, Any]:
    """Return the tensors on the device, floating ones in the type; tied tensors stay tied."""
    kind = _dtype(dtype)
    # By identity: tied names share one tensor, which is moved once.
    done: dict[int, Any] = {}
    for tensor in tensors.values():
        floats = tensor.is_floating_point() and kind is not None
        done.setdefault(id(tensor), tensor.to(device=device, dtype=kind if floats else tensor.dtype))
    return {name: done[id(tensor)] for name, tensor in tensors.items()}


def _move(module: Any, device: Any, dtype: Any) -> None:
    if device is None and dtype is None:
        return
    try:
        module.to(device=device, dtype=_dtype(dtype))
    except (RuntimeError, AssertionError, TypeError) as error:  # no such device; torch built without CUDA
        raise UsageError(f"the module cannot be moved: {str(error).splitlines()[0]}") from error


def _dtype(dtype: Any) -> Any:
    torch = sys.modules["torch"]
    found = getattr(torch, dtype.removeprefix("torch."), None) if isinstance(dtype, str) else dtype
    if dtype is not None and not isinstance(found, torch.dtype):
        raise UsageError(f"{dtype!r} is not a torch type", hint="name one, such as float16, float32 or bfloat16")
    return found


def _refuse_others(module: Any, tensors: Mapping[str, Any], missing: Iterable[str], unexpected: Iterable[str]) -> None:
    # A file holds one of several tied tensors; the module shares it, so the others are filled as well.
    ties = tied(module.state_dict())
    filled = {ties.get(name, name) for name in tensors}
    lacking = [name for name in missing if ties.get(name, name) not in filled]
    problems = [Problem("load.missing", f"the release has no tensor '{name}'") for name in lacking]
    problems += [Problem("load.unexpected", f"the module has no tensor '{name}'") for name in unexpected]
    if not problems:
        return
    if (more := len(problems) - _SHOWN) > 0:
        problems = [*problems[:_SHOWN], Problem("load.more", f"and {more} more")]
    msg = f"the weights do not fit {type(module).__name__}"
    raise LoadError(msg, problems=problems, hint="strict=False loads what fits")
