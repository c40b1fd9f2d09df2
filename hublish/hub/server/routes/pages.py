"""The pages for a person with a browser, each imported by its first visit: most servers have none."""

from importlib import import_module

from hublish.hub.server.http import Request, Response
from hublish.hub.server.stores import Hub


class Page:
    """The handler of a page: `Page("file_pages", "tree")`."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def __call__(self, hub: Hub, request: Request) -> Response:
        """Return the page."""
        handler = getattr(import_module(f"hublish.hub.server.pages.{self._module}"), self._name)
        response = handler(hub, request)
        assert isinstance(response, Response)
        return response


index = Page("repo_lists", "index")
of_type = Page("repo_lists", "of_type")
repo = Page("repo_page", "show")
tree = Page("file_pages", "tree")
blob = Page("file_pages", "blob")
media = Page("file_pages", "media")
history = Page("commit_pages", "history")
commit = Page("commit_pages", "commit")
discussions = Page("discussion_pages", "conversation_list")
discussion = Page("discussion_pages", "conversation")
