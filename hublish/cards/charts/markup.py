"""The HTML that shows a picture in a card."""

from typing import Final

from hublish.cards.charts.drawing import escaped

# Characters with a meaning in Markdown, which readers of links and of code look for within tags as well.
_MARKDOWN: Final = "[]()`*_{}|\\"


def picture_element(alt: str, light: str, dark: str) -> str:
    """Return a `<picture>` that follows the color scheme of its reader.

    Its lines are one HTML block of Markdown: it begins with a tag alone on a line, and has no blank line.

    Args:
        alt: the data in words.
        light: the address of the version for light pages, which every other reader gets as well.
        dark: the address of the version for dark pages.
    """
    text = escaped(alt)
    for character in _MARKDOWN:
        text = text.replace(character, f"&#{ord(character)};")
    return (
        "<picture>\n"
        f'  <source media="(prefers-color-scheme: dark)" srcset="{escaped(dark)}">\n'
        f'  <img alt="{text}" src="{escaped(light)}">\n'
        "</picture>"
    )
