"""A card as one file: chips from its metadata, pictures inside it, and nothing from elsewhere."""

import base64
import re

import pytest

from hublish.pages.card_page import MOST_PICTURE, Shown, card_page

PNG = b"\x89PNG\r\n\x1a\n"
SHOWN = Shown("acme/digits", "dataset", "v1.0.0", "https://huggingface.co")
FILES = {"figures/a b.png": PNG, "plot.svg": b"<svg/>", "huge.png": b"x" * (MOST_PICTURE + 1), "page.html": b"<p>"}


def page(card: str, shown: Shown = SHOWN) -> str:
    return card_page(card, shown, FILES.get)


def test_metadata_is_shown_as_chips_with_links_to_what_they_name() -> None:
    html = page("---\nlicense: mit\nlanguage: [en, de]\nbase_model: acme/base\ntags: [a]\n---\n\ntext\n")
    texts = re.findall(r"<li><span>([^<]+)</span> (?:<a href=\"([^\"]+)\">)?([^<]+)", html)
    assert texts == [
        ("language", "", "en"),
        ("language", "", "de"),
        ("license", "", "mit"),
        ("base model", "https://huggingface.co/acme/base", "acme/base"),
        ("tag", "", "a"),
    ]


@pytest.mark.parametrize(
    "target",
    [
        "figures/a%20b.png",
        "./figures/a%20b.png",
        "/datasets/acme/digits/resolve/v1.0.0/figures/a%20b.png?download=true",
    ],
)
def test_a_picture_of_the_release_is_part_of_the_page(target: str) -> None:
    assert f"data:image/png;base64,{base64.b64encode(PNG).decode()}" in page(f"![x]({target})")


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere/x.png",
        "//elsewhere/x.png",
        "/etc/x.png",
        "none.png",
        "huge.png",
        "page.html",
        "/datasets/acme/another/resolve/main/plot.svg",
        "/acme/digits/resolve/main/plot.svg",
    ],
)
def test_any_other_picture_is_not_loaded(target: str) -> None:
    html = page(f"![what it shows]({target})")
    assert '<img alt="what it shows">' in html


def test_a_link_to_a_file_leads_to_its_page_on_the_hub() -> None:
    assert 'href="https://huggingface.co/datasets/acme/digits/blob/v1.0.0/LICENSE"' in page("[x](LICENSE)")


def test_the_policy_permits_the_style_of_the_page_and_pictures_inside_it_only() -> None:
    html = page("text")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    assert policy
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/=]+'; img-src data:; base-uri 'none'; form-action 'none'",
        policy[1],
    )
    assert html.index("Content-Security-Policy") < html.index("<style>")


@pytest.mark.parametrize("metadata", ["a: [", "- a\n- b", "license: 3\ntags: [1, null, {a: b}]\nlanguage: ''"])
def test_metadata_that_cannot_be_shown_is_left_out(metadata: str) -> None:
    html = page(f"---\n{metadata}\n---\n\nThe text.\n")
    assert "The text." in html
    assert "<li>" not in html


@pytest.mark.parametrize("value", ["</li><script>alert(1)</script>", "{{ 7 * 7 }}", "\" onclick='x'", "<!--"])
def test_a_hostile_value_stays_text(value: str) -> None:
    html = card_page(
        f"---\nlicense: {value!r}\ntags: [{value!r}]\ndatasets: [{value!r}]\n---\n\nx\n",
        Shown(value, "model", value, "https://huggingface.co"),
        FILES.get,
    )
    assert "<script" not in html
    assert "onclick='" not in html
    assert "49" not in re.sub(r"sha256-[^']+|<style>.*?</style>", "", html, flags=re.DOTALL)
    assert html.count("<!--") == 0
