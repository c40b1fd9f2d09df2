"""Facts of a published card that no longer hold, because people edited the card or replaced a file."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi

import hublish
from hublish.api.session import Session
from hublish.cards.record.false_facts import FalseFact

EXAMPLE = Path(__file__).parents[3] / "examples" / "digits"
REPO = "acme/digits-mlp"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HfApi, Path, str]]:
    """A published model with its card; its Hub runs for all tests."""
    folder = tmp_path_factory.mktemp("digits") / "digits"
    shutil.copytree(EXAMPLE, folder)
    with Session(endpoint="embedded", folder=folder) as session:
        hublish.publish(folder / "hub.yaml", endpoint="embedded", digest_cache=False)
        api = HfApi(endpoint=session.hub.endpoint, token=session.hub.token)
        card = Path(api.hf_hub_download(REPO, "README.md", cache_dir=folder / "cache")).read_text()
        yield api, folder, card


Edited = Callable[[str], tuple[FalseFact, ...]]


@pytest.fixture
def edited(published: tuple[HfApi, Path, str]) -> Edited:
    """Publish another text as the card, and return the facts that do not hold."""
    api, folder, _ = published

    def verify(text: str) -> tuple[FalseFact, ...]:
        api.upload_file(path_or_fileobj=text.encode(), path_in_repo="README.md", repo_id=REPO)
        return hublish.verify(folder / "hub.yaml").facts

    return verify


# The text in the card, the false one, and the fact.
FALSE = [
    ("**Model type:** DigitsMLP", "**Model type:** DigitsCNN", "facts.model.architecture"),
    ("hidden size 32", "hidden size 512", "facts.model.hidden_size"),
    ("2,410 (F32)", "24,100 (F32)", "facts.model.parameters"),
    ("2,410 (F32)", "2,410 (BF16)", "facts.model.dtypes{F32}"),
    ("9.6 KB to load", "9.6 MB to load", "facts.model.memory"),
    ("Apache license 2.0", "MIT", "metadata.license"),
    ("pull acme/digits-mlp", "pull mallory/digits-mlp", "repo.repo_id"),
    ("digits-mlp@v1.0.0", "digits-mlp@v2.0.0", "repo.tag"),
    ('load("acme/digits-mlp"', 'load("mallory/digits-mlp"', "repo.repo_id"),
    ("**Epochs:** 60", "**Epochs:** 600", "facts.training.epochs"),
    ("on Digits (scikit-learn), test", "on MNIST, test", "evaluation[0].dataset.name"),
    ("scikit-learn), test:", "scikit-learn), train:", "evaluation[0].dataset.split"),
    ("| Accuracy | 0.9722 |", "| Accuracy | 0.9922 |", 'evaluation[0].metrics["Accuracy"].text'),
    ("| Accuracy | 0.9722 |", "| F1 | 0.9722 |", 'evaluation[0].metrics["Accuracy"].name'),
    ("| 0.093 |", "| 0.03 |", 'evaluation[0].metrics["Cross entropy (nats)"].text'),
    ("| 10.0 KB |", "| 10.0 GB |", 'files["model.safetensors"].size'),
    ("`config.json` | 459 B", "`settings.json` | 459 B", 'files["config.json"].path'),
    ("0.459 at epoch 1", "9.459 at epoch 1", "pictures.training.alt"),
    ("Training loss from", "Training accuracy from", "pictures.training.alt"),
    ("| 454 B |", "| 554 B |", 'files["metrics.json"].size'),
    ("| Total | 19.9 KB |", "| Total | 99.9 KB |", "files"),
    ("license: apache-2.0", "license: mit", "facts.license"),
    ("pipeline_tag: image-classification", "pipeline_tag: text-generation", "facts.model.pipeline_tag"),
    ("value: 0.972222", "value: 0.992222", "evaluation[0].metrics[0].value"),
    ("value: 0.093003", "value: 0.0093003", "evaluation[0].metrics[1].value"),
    ("name: Digits (scikit-learn)", "name: ImageNet", "evaluation[0].dataset.name"),
    ("split: test", "split: train", "evaluation[0].dataset.split"),
    ("- type: accuracy", "- type: f1", "evaluation[0].metrics[0].type"),
]


@pytest.mark.parametrize(("right", "false", "name"), FALSE)
def test_a_false_fact_is_named_with_its_line(
    published: tuple[HfApi, Path, str], edited: Edited, right: str, false: str, name: str
) -> None:
    card = published[2]
    assert card.count(right) == 1
    found = edited(card.replace(right, false))
    assert [fact.name for fact in found] == [name]
    problem = found[0].problem
    line = card[: card.index(right)].count("\n") + 1
    assert problem.code == "verify.fact"
    assert problem.location is not None
    assert (problem.location.source, problem.location.line) == ("README.md", line)
    assert not found[0].changed


def test_all_false_facts_are_named_at_once(published: tuple[HfApi, Path, str], edited: Edited) -> None:
    text = published[2]
    chosen = [row for index, row in enumerate(FALSE) if index not in (3, 13)]  # others change the same lines
    for right, false, _ in chosen:
        text = text.replace(right, false)
    assert {fact.name for fact in edited(text)} >= {name for _, _, name in chosen}


def swapped(text: str) -> str:
    """Return the card with its sections in the reverse order."""
    head, *sections = text.split("\n## ")
    return "\n## ".join([head, *reversed([section.rstrip("\n") + "\n" for section in sections])])


HONEST: dict[str, Callable[[str], str]] = {
    "another alternative text": lambda text: re.sub('alt="[^"]*"', 'alt="The loss falls over 60 epochs"', text),
    "nothing": lambda text: text,
    "a new section": lambda text: text + "\n## History\n\nVersion 9 had 99 parameters and an accuracy of 0.5.\n",
    "another title": lambda text: text.replace("# Digits MLP", "# A small network for digits"),
    "another summary": lambda text: text.replace("Reads handwritten digits", "Recognizes digits that people wrote"),
    "sections in another order": swapped,
    "a section less": lambda text: text[: text.index("## Evaluation")] + text[text.index("## Files") :],
    "a row less": lambda text: text.replace("| `config.json` | 459 B |\n", ""),
    "rows in another order": lambda text: text.replace(
        "| Accuracy | 0.9722 |\n| Cross entropy (nats) | 0.093 |",
        "| Cross entropy (nats) | 0.093 |\n| Accuracy | 0.9722 |",
    ),
    "a row more": lambda text: text.replace("| Accuracy | 0.9722 |", "| Accuracy | 0.9722 |\n| F1 | 0.97 |"),
    "other words around a number": lambda text: text.replace(
        "- **Memory:** 9.6 KB to load the weights", "- **Memory:** the weights take 9.6 KB"
    ),
    "a sentence in place of a list": lambda text: text.replace(
        "- **Epochs:** 60", "The network was trained for 60 epochs with early stopping."
    ),
    "another form of a number": lambda text: text.replace("2,410 (F32)", "2410 (F32)"),
    "more digits": lambda text: text.replace("| 0.9722 |", "| 0.97222 |"),
    "a percentage": lambda text: text.replace("| 0.9722 |", "| 97.22 % |"),
    "the id of the license": lambda text: text.replace("Apache license 2.0", "apache-2.0"),
    "more metadata": lambda text: text.replace("tags:\n", "language: en\ntags:\n- vision\n"),
    "metadata in another form": lambda text: text.replace("license: apache-2.0", "license: [apache-2.0]"),
    "another result": lambda text: text.replace("    metrics:\n", "    metrics:\n    - type: f1\n      value: 0.5\n"),
    "no results": lambda text: text[: text.index("model-index:")] + text[text.index("---\n\n#") :],
    "Windows line ends": lambda text: text.replace("\n", "\r\n"),
    "metadata that is not of the release": lambda text: f"---\ntags: [a]\n---\n\n{text[text.index('# Digits') :]}",
    "no text": lambda text: text[: text.index("# Digits")],
}


@pytest.mark.parametrize("change", HONEST)
def test_an_edit_that_changes_no_fact_raises_no_alarm(
    published: tuple[HfApi, Path, str], edited: Edited, change: str
) -> None:
    assert [fact.problem.message for fact in edited(HONEST[change](published[2]))] == []


@pytest.fixture
def second(tmp_path: Path) -> Iterator[tuple[HfApi, Path]]:
    """A model whose second version is published; its card shows the changes."""
    folder = tmp_path / "digits"
    shutil.copytree(EXAMPLE, folder)
    manifest = folder / "hub.yaml"
    with Session(endpoint="embedded", folder=folder) as session:
        hublish.publish(manifest, endpoint="embedded", digest_cache=False)
        metrics = folder / "runs" / "best" / "metrics.json"
        metrics.write_text(metrics.read_text().replace("0.972222", "0.973333"))
        manifest.write_text(manifest.read_text().replace("1.0.0", "1.1.0"))
        hublish.publish(manifest, endpoint="embedded", digest_cache=False)
        yield HfApi(endpoint=session.hub.endpoint, token=session.hub.token), folder


def test_a_release_that_is_published_is_not_published_again(second: tuple[HfApi, Path]) -> None:
    api, folder = second
    card = Path(api.hf_hub_download(REPO, "README.md", cache_dir=folder / "cache")).read_text()
    assert "Changes since v1.0.0" in card
    assert hublish.plan(folder / "hub.yaml", endpoint="embedded").nothing_to_do
    local = hublish.status(folder / "hub.yaml", endpoint="embedded").local
    assert local is not None
    assert not local.any
    assert hublish.verify(folder / "hub.yaml").ok


@pytest.mark.parametrize("own", ["", "{{ metadata.license }}: {{ uses }}\n"])
def test_a_text_with_the_commit_stays_when_the_lock_is_committed(tmp_path: Path, own: str) -> None:
    folder = tmp_path / "digits"
    shutil.copytree(EXAMPLE, folder)
    manifest = folder / "hub.yaml"
    text = manifest.read_text().replace("  variables:\n", '  variables:\n    uses: "From {{ facts.git.commit }}."\n')
    if own:
        (folder / "card.md.j2").write_text(own)
        text = text.replace("template: model", "template: card.md.j2")
    manifest.write_text(text)
    commit(folder)
    with Session(endpoint="embedded", folder=folder):
        hublish.publish(manifest, endpoint="embedded", digest_cache=False)
        card = hublish.card(manifest)
        commit(folder)
        assert hublish.card(manifest) == card
        assert hublish.plan(manifest, endpoint="embedded").nothing_to_do


def commit(folder: Path) -> None:
    """Commit all files of a folder, the lock as well."""
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=folder, check=True)


@pytest.mark.parametrize(
    ("file", "before", "after", "names"),
    [
        ("metrics.json", b"0.973333", b"0.999999", {"evaluation[0].metrics[0].value"}),
        ("config.json", b'"hidden_size": 32', b'"hidden_size": 64', {"facts.model.hidden_size"}),
        ("config.json", b"DigitsMLP", b"OtherMLP!", {"facts.model.architecture"}),
    ],
)
def test_a_fact_of_a_file_that_is_replaced_on_the_hub_is_named(
    second: tuple[HfApi, Path], file: str, before: bytes, after: bytes, names: set[str]
) -> None:
    api, folder = second
    data = Path(api.hf_hub_download(REPO, file, cache_dir=folder / "cache")).read_bytes()
    assert before in data
    api.upload_file(path_or_fileobj=data.replace(before, after), path_in_repo=file, repo_id=REPO)
    found = hublish.verify(folder / "hub.yaml")
    assert found.different == (file,)
    assert names <= {fact.name for fact in found.facts}
    assert all(fact.changed and fact.file in (file, "") for fact in found.facts)


def test_a_fact_of_weights_is_read_from_their_header(second: tuple[HfApi, Path]) -> None:
    import numpy as np
    from safetensors.numpy import save

    api, folder = second
    data = save({"w": np.zeros((1000, 1000), np.float32)})
    api.upload_file(path_or_fileobj=data, path_in_repo="model.safetensors", repo_id=REPO)
    found = {fact.name: fact.expected for fact in hublish.verify(folder / "hub.yaml").facts}
    assert found["facts.model.parameters"] == 1_000_000
    assert found['files["model.safetensors"].size'] == len(data)


def test_a_card_that_is_corrected_after_a_file_was_replaced_is_right(second: tuple[HfApi, Path]) -> None:
    api, folder = second
    for file, before, after in (
        ("config.json", '"hidden_size": 32', '"hidden_size": 64'),
        ("README.md", "hidden size 32", "hidden size 64"),
    ):
        text = Path(api.hf_hub_download(REPO, file, cache_dir=folder / "cache")).read_text()
        api.upload_file(path_or_fileobj=text.replace(before, after).encode(), path_in_repo=file, repo_id=REPO)
    assert hublish.verify(folder / "hub.yaml").facts == ()


def test_facts_of_a_file_that_is_deleted_on_the_hub_are_named(second: tuple[HfApi, Path]) -> None:
    api, folder = second
    api.delete_file("config.json", repo_id=REPO)
    found = {fact.name: fact.expected for fact in hublish.verify(folder / "hub.yaml").facts}
    assert found["facts.model.hidden_size"] is None
    assert found['files["config.json"].size'] is None


def test_a_lock_without_facts_is_verified_as_before(second: tuple[HfApi, Path]) -> None:
    _, folder = second
    lock = hublish.verify(folder / "hub.yaml").lock
    earlier = lock.model_copy(update={"facts": None, "card": None})
    assert hublish.verify(folder / "hub.yaml", lock=earlier).ok
    assert ('"lock_version": 2' in lock.to_json(), '"lock_version": 1' in earlier.to_json()) == (True, True)
