"""Numbers and names read as a person writes them, and links lead nowhere else."""

from typing import Any

import pytest

from hublish.cards import wording
from hublish.pipeline.render_card.escaping import as_text


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (wording.size, 90_852_864, "90.9 MB"),
        (wording.size, "unknown", "unknown"),
        (wording.short, 0, "0"),
        (wording.short, 4163, "4,163"),
        (wording.short, 10_000, "10K"),
        (wording.short, 22_713_216, "22.7M"),
        (wording.short, 999_960, "1M"),
        (wording.short, 999_949, "999.9K"),
        (wording.short, 999_960_000, "1B"),
        (wording.short, 7_241_732_096, "7.2B"),
        (wording.short, 1_000_000_000_000, "1T"),
        (wording.short, None, "None"),
        (wording.digits, 60_000, "60,000"),
        (wording.digits, 3.0, "3"),
        (wording.digits, 2.5, "2.5"),
        (wording.digits, True, "True"),
        (wording.digits, float("nan"), "nan"),
        (wording.score, 0.972222, "0.9722"),
        (wording.score, 93.12345, "93.12"),
        (wording.score, 1e-05, "1e-05"),
        (wording.score, 1.0, "1.0"),
        (wording.score, 32, "32"),
        (wording.score, 12_345.6, "12,346"),
        (wording.score, float("inf"), "inf"),
        (wording.score, "adamw", "adamw"),
        (wording.duration, 0.25, "0.25 s"),
        (wording.duration, 59.7, "1 min"),
        (wording.duration, 3723, "1 h 2 min"),
        (wording.duration, 86_400, "1 d"),
        (wording.duration, -1, "-1"),
        (wording.release_name, "v1.0.0", "v1.0.0"),
        (wording.release_name, "0123456789abcdef0123456789abcdef01234567", "commit 0123456"),
        (wording.release_name, "x" * 40, "x" * 40),
        (wording.format_name, "parquet", "Parquet"),
        (wording.format_name, "csv", "CSV"),
        (wording.format_name, "imagefolder", "images"),
        (wording.format_name, "vortex", "vortex"),
        (wording.language, "de", "German"),
        (wording.language, "es", "Spanish"),
        (wording.language, "EN", "English"),
        (wording.language, "tlh-x", "tlh-x"),
        (wording.license, "apache-2.0", "Apache license 2.0"),
        (wording.license, "mine", "mine"),
        (wording.url_link, "https://example.org/a?b=c", "<https://example.org/a?b=c>"),
        (wording.url_link, "https://example.org and more", "https://example.org and more"),
        (wording.url_link, "javascript:alert(1)", "javascript:alert(1)"),
    ],
)
def test_a_value_is_written(write: Any, value: Any, text: str) -> None:
    assert write(value) == text


@pytest.mark.parametrize(("number", "text"), [(1, "1 file"), (0, "0 files"), (12_000, "12,000 files")])
def test_a_number_has_its_noun(number: int, text: str) -> None:
    assert wording.quantity(number, "file") == text
    assert wording.quantity(number, "entry", "entries").endswith("y" if number == 1 else "ies")


@pytest.mark.parametrize(
    ("repo_id", "kind", "link"),
    [
        ("acme/x_1", "", "[acme/x\\_1](https://huggingface.co/acme/x_1)"),
        ("gpt2", "", "[gpt2](https://huggingface.co/gpt2)"),
        ("acme/d", "datasets", "[acme/d](https://huggingface.co/datasets/acme/d)"),
        ("../../etc", "", ""),
        ("a/b/c", "", ""),
        ("a](https://evil.example) [b", "", ""),
        ("/content/model", "", ""),
        ("acme/x", "evil", ""),
    ],
)
def test_only_the_id_of_a_repo_becomes_a_link_to_the_hub(repo_id: str, kind: str, link: str) -> None:
    assert wording.hub_link(repo_id, kind) == link


@pytest.mark.parametrize(
    ("target", "link"),
    [
        ("https://example.org/license", "[my\\_license](https://example.org/license)"),
        ("LICENSE.md", "[my\\_license](LICENSE.md)"),
        ("a b(c).md", "[my\\_license](a%20b%28c%29.md)"),
        ("javascript:alert(1)", "my\\_license"),
        ("//evil.example", "my\\_license"),
        ("data:text/html,x", "my\\_license"),
        ("", "my\\_license"),
    ],
)
def test_a_link_leads_to_the_web_or_into_the_repo(target: str, link: str) -> None:
    assert wording.link("my_license", target, as_text).replace("my_license", "my\\_license") == link


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("\n\n# a\n\n\n\nb\n   \n\nc\n\n", "# a\n\nb\n\nc\n"),
        ("a  \nb", "a  \nb\n"),
        ("```\n\n\n\na\n```\n\n\nb", "```\n\n\n\na\n```\n\nb\n"),
        ("~~~~\n```\n\n\n~~~\n\n\n~~~~~\n\n\nb", "~~~~\n```\n\n\n~~~\n\n\n~~~~~\n\nb\n"),
        ("- a\n\n  ```py\n  x\n\n\n  y\n  ```\n\n\n- b", "- a\n\n  ```py\n  x\n\n\n  y\n  ```\n\n- b\n"),
        ("```\nnever closed\n\n\n", "```\nnever closed\n"),
        ("", "\n"),
    ],
)
def test_blank_lines_are_tidied_outside_of_code(text: str, tidied: str) -> None:
    assert wording.tidy(text) == tidied
    assert wording.tidy(tidied) == tidied


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("image-classification", "Image classification"),
        ("text-to-image", "Text-to-Image"),
        ("fill-mask", "Fill-Mask"),
        ("tabular-to-text", "Tabular to text"),
        ("my-task", "my-task"),
        ("{{ x }}", "{{ x }}"),
    ],
)
def test_a_task_has_the_name_that_the_hub_shows(identifier: str, name: str) -> None:
    assert wording.task(identifier) == name


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("accuracy", "Accuracy"),
        ("f1", "F1"),
        ("mean_iou", "Mean IoU"),
        ("roc_auc", "ROC AUC"),
        ("exact-match", "Exact match"),
        ("acc_norm", "acc_norm"),
        ("My Score", "My Score"),
    ],
)
def test_a_metric_that_the_hub_knows_has_a_name(identifier: str, name: str) -> None:
    assert wording.metric(identifier) == name
