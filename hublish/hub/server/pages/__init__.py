"""Pages of the Hub for a person with a browser: read-only, rendered here, without a script.

web_page.py          how each page is made: for whom, from which template, with which headers
login.py             the login by token
repo_lists.py        the repositories of all types or of one
repo_visit.py        one repository at a revision: its frame, and the addresses in its texts
repo_page.py         the card and the facts of a repository
file_pages.py        folders, files, and their bytes for a browser
file_summaries.py    the headers of weights and tables
commit_pages.py        the history, and a commit with its diffs
discussion_pages.py  discussions and pull requests
"""
