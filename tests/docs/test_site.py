"""The built site: every link leads somewhere, and no page needs a network."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from docs.generate.manifest_fields import declared_fields
from docs.generate.schema_fields import all_fields
from hublish.cli.commands import ENTRIES
from hublish.codes.entry import DOCUMENTATION
from hublish.codes.explained import EXPLAINED
from tests.docs.html_pages import read, target

# Hosts that the documentation links to. A new one is a decision: its pages must stay where they are.
HOSTS = {
    "arxiv.org",
    "docs.github.com",
    "docs.gitlab.com",
    "docs.sigstore.dev",
    "github.com",
    "huggingface.co",
    "jinja.palletsprojects.com",
    "keepachangelog.com",
    "pypi.org",
    "semver.org",
    "slsa.dev",
    "www.conventionalcommits.org",
}


def pages(site: Path) -> list[Path]:
    found = sorted(site.rglob("*.html"))
    assert len(found) > len(ENTRIES) + len(EXPLAINED)
    return found


def is_external(reference: str) -> bool:
    return bool(urlsplit(reference).scheme)


def is_file_of_the_site(page: Path, reference: str) -> bool:
    own = not is_external(reference) and not reference.startswith("//")
    return own and target(page, reference.partition("?")[0])[0].is_file()


def test_every_link_inside_of_the_site_leads_to_a_page_and_an_anchor(site: Path) -> None:
    broken = []
    for page in pages(site):
        # The page for an address that does not exist has absolute links.
        inside = [link for link in read(page).links if not is_external(link)] if page.name != "404.html" else []
        for link in inside:
            path, anchor = target(page, link)
            if not path.is_file() or (anchor and path.suffix == ".html" and anchor not in read(path).anchors):
                broken.append(f"{page.relative_to(site)}: {link}")
    assert broken == []


def test_every_link_to_another_site_is_secure_and_leads_to_a_known_host(site: Path) -> None:
    addresses = {link for page in pages(site) for link in read(page).links if is_external(link)}
    assert addresses
    wrong = {each for each in addresses if urlsplit(each).scheme != "https" or urlsplit(each).hostname not in HOSTS}
    assert wrong == set()


def test_no_page_loads_anything_from_another_site(site: Path) -> None:
    elsewhere = []
    for page in pages(site):
        loaded = read(page).loaded if page.name != "404.html" else ()
        elsewhere += [f"{page.relative_to(site)}: {each}" for each in loaded if not is_file_of_the_site(page, each)]
    assert elsewhere == []


def test_no_style_sheet_loads_anything_from_another_site(site: Path) -> None:
    sheets = "\n".join(path.read_text("utf-8") for path in site.rglob("*.css"))
    addresses = re.findall(r"(?:url\(\s*|@import\s+)['\"]?([^'\")\s]+)", sheets)
    assert addresses
    assert [each for each in addresses if each.startswith(("http:", "https:", "//"))] == []


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_command_has_a_page(site: Path, entry: object) -> None:
    name = str(getattr(entry, "name", "")).replace(" ", "-")
    assert "Examples" in (site / "reference" / "commands" / f"{name}.html").read_text("utf-8")


@pytest.mark.parametrize("code", EXPLAINED)
def test_every_code_has_a_page_at_its_address(site: Path, code: str) -> None:
    entry = EXPLAINED[code]
    path = site / entry.url.removeprefix(DOCUMENTATION) / "index.html"
    assert entry.fix.partition("`")[0].partition("'")[0] in path.read_text("utf-8")


def test_every_field_of_the_manifest_has_an_anchor(site: Path) -> None:
    names = {field.name for field in all_fields(declared_fields())}
    assert len(names) > 50
    assert names <= read(site / "reference" / "manifest.html").anchors
