"""Folders of files, empty or with lines, in the layouts of data sets."""

import pytest


@pytest.fixture
def tree(tmp_path):
    """`tree("videos", "a/1.mp4", {"b.csv": "text"})`: the folder."""

    def make(root, *given):
        folder = tmp_path / root
        folder.mkdir(parents=True, exist_ok=True)
        for item in given:
            for name, text in (
                item if isinstance(item, dict) else {item: ""}
            ).items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        return folder

    return make
