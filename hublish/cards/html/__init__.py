"""Cards as HTML, for a person with a browser.

markdown_html.py  Markdown as safe HTML, by the rules of GitHub's dialect
card_page.py      one file with a card, as the Hub would show it
"""
