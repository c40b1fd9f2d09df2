"""Parameters of a training run, from the files in which authors and libraries keep them."""

from typing import Any

import pytest

from hublish.cards.facts.fact import as_tree
from tests.hublish.cards.facts.releases import Files, derived

PREFIX = "training.hyperparameters."
TOKEN = "hf_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cE1gI3k"
ARGUMENTS = {
    "per_device_train_batch_size": 8,
    "learning_rate": 3e-4,
    "logging_steps": 5,
    "output_dir": "out",
    "fp16": None,
}


def parameters(files: Files, **others: Any) -> dict[str, Any]:
    """Return the parameters by name."""
    facts = derived(files, **others)
    return {name.removeprefix(PREFIX): fact.value for name, fact in facts.items() if name.startswith(PREFIX)}


CASES: dict[str, tuple[Files, dict[str, Any]]] = {
    "JSON": ({"params.json": {"lr": 0.1, "layers": 2, "shuffle": True}}, {"lr": 0.1, "layers": 2, "shuffle": True}),
    "YAML": ({"params.yaml": "lr: 1e-4\nname: adam\n"}, {"lr": 1e-4, "name": "adam"}),
    "YAML as .yml": ({"params.yml": "lr: 1\n"}, {"lr": 1}),
    "levels": ({"params.yaml": "train:\n  lr: 0.1\n  opt:\n    b1: 0.9\n"}, {"train/lr": 0.1, "train/opt/b1": 0.9}),
    "a dot in a name": ({"params.json": {"train.lr": 1, "a..b": 2}}, {"train/lr": 1, "a//b": 2}),
    "a dot and a level": ({"params.json": {"a.b": 1, "a": {"b": 2}}}, {"a/b": 1}),
    "a list": ({"params.json": {"sizes": [1, 2, None]}}, {"sizes": [1, 2]}),
    "hparams of Lightning": ({"lightning_logs/version_0/hparams.yaml": "hidden: 8\n"}, {"hidden": 8}),
    "hyperparameters.json": ({"hyperparameters.json": {"lr": 1}}, {"lr": 1}),
    "args.yaml": ({"args.yaml": "epochs: 3\n"}, {"epochs": 3}),
    "arguments of a Trainer": (
        {"training_args.json": ARGUMENTS},
        {"per_device_train_batch_size": 8, "learning_rate": 3e-4},
    ),
    "the file above comes first": ({"a/params.json": {"lr": 1, "b": 2}, "params.json": {"lr": 3}}, {"lr": 3, "b": 2}),
    "a section of config.json": ({"config.json": {"training": {"lr": 0.1, "a": {"b": 1}}}}, {"lr": 0.1, "a/b": 1}),
    "a section that is a flag": ({"config.json": {"training": True}}, {}),
    "another file": ({"other.json": {"lr": 1}, "my_params.json": {"lr": 1}}, {}),
    "not numbers": ({"params.json": '{"a": NaN, "b": Infinity, "c": 1e999, "d": 1' + "0" * 5000 + ', "e": 1}'}, {}),
    "infinity alone": ({"params.json": '{"a": NaN, "b": -Infinity, "c": 1e999, "e": 1}'}, {"e": 1}),
    "an integer beyond JavaScript's": ({"params.json": {"a": 1 << 60, "b": 5}}, {"b": 5}),
    "duplicate keys in JSON": ({"params.json": '{"lr": 1, "lr": 2}'}, {"lr": 2}),
    "duplicate keys in YAML": ({"params.yaml": "lr: 1\nlr: 2\n"}, {}),
    "an alias": ({"params.yaml": "a: &x 1\nb: *x\n"}, {}),
    "a tag": ({"params.yaml": "a: !!python/object/apply:os.system [ls]\n"}, {}),
    "a list at the top": ({"params.json": [1], "params.yaml": "- 1\n"}, {}),
    "damaged": ({"params.json": "{", "params.yaml": "a: [", "args.json": b"\xff\xfe\0"}, {}),
    "deep": ({"params.json": '{"a":' * 100_000}, {}),
    "deep and closed": ({"params.json": '{"a":' * 500 + "1" + "}" * 500}, {}),
    "too large": ({"params.json": {"a": "x" * (300 << 10)}}, {}),
    "a token": ({"params.json": {"key": TOKEN, "lr": 1}}, {"lr": 1}),
    "a password": (
        {"params.json": {"db_password": "hunter2", "api_key": "x", "wandb.token": "y", "max_tokens": 5}},
        {"max_tokens": 5},
    ),
    "other names of credentials": ({"params.json": {"hfToken": "x", "apiKey": "y", "SECRETS": ["z"], "pwd": "a"}}, {}),
    "a long list": ({"params.json": {"ids": list(range(101)), "few": [1]}}, {"few": [1]}),
    "an address with a password": ({"params.json": {"db": "postgres://admin:S3cretPassw0rd99@db.acme.io/x"}}, {}),
    "paths of the author": (
        {"params.json": {"a": "/home/alice/x", "b": "~/x", "c": "C:\\x", "d": "../x", "e": "x/y"}},
        {"e": "x/y"},
    ),
    "text of several lines": (
        {"params.json": {"a": "x\ny", "b": "\u202ex", "c": "\ud800", "d": "x" * 201, "e": ""}},
        {},
    ),
    "odd names": ({"params.json": {"": 1, "a\nb": 2, "x" * 300: 3, "ok": 4}}, {"ok": 4}),
}


@pytest.mark.parametrize("case", CASES)
def test_reads_the_parameters(case: str) -> None:
    files, expected = CASES[case]
    assert parameters(files) == expected
    as_tree(derived(files).values())


def test_names_the_file_and_the_key() -> None:
    fact = derived({"x/params.yaml": "train:\n  lr: 0.1\n"})[f"{PREFIX}train/lr"]
    assert (fact.file, fact.key, fact.released) == ("x/params.yaml", "train.lr", True)


def test_names_the_section_of_a_configuration() -> None:
    fact = derived({"config.json": {"training": {"lr": 0.1}}})[f"{PREFIX}lr"]
    assert (fact.file, fact.key) == ("config.json", "training.lr")


def test_files_beside_the_release_complete_it() -> None:
    assert parameters({"params.json": {"a": 1}}, beside={"params.yaml": "a: 2\nb: 3\n"}) == {"a": 1, "b": 3}


def test_bounds_the_number_of_parameters() -> None:
    assert len(parameters({"params.json": {f"p{index}": index for index in range(1000)}})) == 200
