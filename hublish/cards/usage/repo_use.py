"""Snippets for repos that are not models: datasets, Spaces and kernels."""

from collections.abc import Iterator, Mapping
from typing import Any

from hublish.cards.usage.subject import Snippet, Subject, as_list, literal


def dataset_snippets(subject: Subject) -> Iterator[Snippet]:
    """Yield the code that loads a dataset; one with several configurations is loaded by the name of the first."""
    names = _config_names(subject)
    config = f", {literal(names[0])}" if len(names) > 1 else ""
    lines = [
        "from datasets import load_dataset",
        "",
        f"dataset = load_dataset({subject.quoted}{config}{subject.pinned})",
        "print(dataset)",
    ]
    yield Snippet("datasets", "python", "\n".join(lines), "pip install datasets")


def space_snippets(subject: Subject) -> Iterator[Snippet]:
    """Yield the code that calls a Gradio app; the apps of other SDKs have no interface that code can use."""
    if subject.metadata.get("sdk") == "gradio":
        lines = [
            "from gradio_client import Client",
            "",
            f"client = Client({subject.quoted})",
            "client.view_api()  # lists the endpoints, with their parameters",
        ]
        yield Snippet("gradio", "python", "\n".join(lines), "pip install gradio_client")


def kernel_snippets(subject: Subject) -> Iterator[Snippet]:
    """Yield the code that loads a compute kernel for the machine it runs on."""
    lines = [
        "from kernels import get_kernel",
        "",
        f"kernel = get_kernel({subject.quoted}{subject.pinned})",
        "print(dir(kernel))",
    ]
    yield Snippet("kernels", "python", "\n".join(lines), "pip install kernels torch")


def _config_names(subject: Subject) -> list[str]:
    data = subject.facts.get("data", {})
    known = as_list(subject.metadata.get("configs")) or as_list(data.get("configs"))
    return [name for each in known if (name := _name_of(each))]


def _name_of(config: Any) -> str:
    name = config.get("config_name") if isinstance(config, Mapping) else None
    return name if isinstance(name, str) else ""
