"""The view of a release in a folder."""

from pathlib import Path

from hublish.base.values import Release
from hublish.cli.views.build import BuildView
from hublish.cli.views.phrases import RepeatedOptions
from tests.hublish.cli.running import Golden
from tests.hublish.cli.views.values import Make, Show


def test_a_build_names_the_folder_and_the_next_command(make: Make, show: Show, golden: Golden) -> None:
    release = Release(make.project(), (make.file("README.md", 900), make.file("model.safetensors", 4_200_000)))
    view = BuildView(release, Path("dist"), RepeatedOptions(" -f a/hub.yaml", "", " --set v=1"))
    golden("build", show(view))
    assert list(view.quiet()) == ["dist"]
    assert view.document()["folder"] == "dist"
