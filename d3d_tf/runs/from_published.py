"""A published checkpoint by name: downloaded, verified, converted, kept."""

import os
from pathlib import Path

import d3d_tf
from d3d_tf.caches import cache_folder as cache_folder_of_user
from d3d_tf.caches import home_cache
from d3d_tf.errors import UserError
from d3d_tf.locks import locked
from d3d_tf.runs.convert import convert
from d3d_tf.runs.folder import Run
from d3d_tf.screen import say
from d3d_tf.weights.download import fetch
from d3d_tf.weights.published import Published, catalog


def cache_folder() -> Path:
    """$D3D_TF_CACHE, ~/.cache/d3d_tf/weights, or one of temporary files.

    Raises:
      UserError: nothing can be written anywhere.
    """
    given = os.environ.get("D3D_TF_CACHE")
    if given:
        return Path(given)
    home = home_cache()
    # By the real user's rights, as TensorFlow asks; a home may be another's.
    if home and os.access(home / "weights", os.R_OK | os.X_OK):
        return home / "weights"
    folder = cache_folder_of_user()
    if folder is None:
        raise UserError(
            "There is no folder to keep weights in: set D3D_TF_CACHE to one "
            "that you may write in."
        )
    return folder / "weights"


def published_run(name: str) -> Run:
    """The run folder of a published checkpoint; makes it the first time.

    Files that lie in CACHE/NAME already are used, so that nothing is fetched
    where there is no network.

    Raises:
      UserError: it cannot be downloaded, written or converted.
    """
    entry = catalog()[name]
    folder = cache_folder() / name
    run = Run(folder / f"run-{d3d_tf.__version__}")
    if run.exists():
        return run
    with locked(folder):
        if not run.exists():
            say(f"{name}: {entry.citation} ({entry.licence})")
            prefix = download(entry, folder)
            convert(prefix, run.folder, entry.settings, published=entry)
    return run


def download(entry: Published, folder: Path) -> Path:
    """Makes the checkpoint's files be in a folder; their prefix there."""
    stem = entry.address.rsplit("/", 1)[-1]
    for ending, digest in entry.files.items():
        fetch(f"{entry.address}{ending}", folder / f"{stem}{ending}", digest)
    return folder / stem


def convert_given(
    given: str, out: Path, settings: list[str], sample: str | None
) -> None:
    """`--mode=convert`: of a file, or of a published name.

    Raises:
      UserError: as `convert` and `published_run`.
    """
    entry = None
    if given in catalog() and not list(Path(given).parent.glob(f"{given}.*")):
        entry = catalog()[given]
        folder = cache_folder() / given
        folder.mkdir(parents=True, exist_ok=True)
        given = str(download(entry, folder))
        settings = [*entry.settings, *settings]
    convert(given, out, settings, sample=sample, published=entry)
