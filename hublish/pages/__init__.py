"""Pages for a person with a browser: one HTML file each, which loads nothing and runs nothing.

frame.py          the templates of pages, and the policy that each page carries
markdown_html.py  Markdown as safe HTML, by the rules of GitHub's dialect
card_page.py      a card, as the Hub would show it
"""
