"""The files by which a run is known, read; what to do where one is damaged."""

from pathlib import Path

from d3d_tf import config
from d3d_tf.atomic_files import is_remote
from d3d_tf.damaged import naming, read_json, require_sha256
from d3d_tf.errors import UsageError
from d3d_tf.text_lists import read_written_labels

_RECIPE_AGAIN = (
    "remove it and start the command that made the run again, which writes it "
    "and goes on"
)


def read_recipe(folder: Path) -> config.Recipe:
    """A run's recipe.yaml, held to the hash in its origin.json.

    Raises:
      UsageError: it is damaged.
      UserError: origin.json is.
    """
    path = folder / "recipe.yaml"
    try:
        recipe = config.load(path)
    except UsageError as error:
        raise UsageError(
            f"{error} If the file is damaged, {_RECIPE_AGAIN}."
        ) from error
    with naming(path, _RECIPE_AGAIN):
        require_sha256(
            path.read_bytes(), read_origin(folder).get("recipe_sha256")
        )
    return recipe


def read_origin(folder: Path) -> dict:
    """A run's origin.json, of every version.

    A relative path of records is that from where the run was made; it is also
    looked for from each folder that the run lies in.

    Raises:
      UserError: it is missing or damaged.
    """
    origin = read_json(
        folder / "origin.json",
        {"records": (str, None), "teacher": (str, None)},
        "copy that of another copy of the run there, or remove it and "
        "recipe.yaml and start the command that made the run again, which "
        "writes both and goes on",
    )
    if origin["records"] and not is_remote(folder):
        records = Path(origin["records"])
        around = (
            place / records for place in [Path(), *folder.resolve().parents]
        )
        found = (path for path in around if path.exists())
        origin["records"] = str(next(found, origin["records"]))
    return origin


def read_labels(folder: Path) -> list[str]:
    """A run's label_map.txt, held to the hash in its origin.json.

    Raises:
      UserError: one of the two is missing or damaged.
    """
    told = read_origin(folder)
    remedy = "copy that of another copy of the run there"
    if told["records"]:
        remedy = f"copy {told['records']}/label_map.txt there"
    return read_written_labels(
        folder / "label_map.txt", remedy, told.get("labels_sha256")
    )


def read_results(path: Path, folder: Path, form: dict | None = None) -> dict:
    """A results.json.

    Args:
      path: of the file.
      folder: of the run.
      form: what it must hold apart from metrics, see `read_json`.

    Raises:
      UserError: it is damaged.
    """
    return read_json(
        path,
        {"metrics": {str: {"value": float}}} | (form or {}),
        f"--mode=evaluate --checkpoint={folder} makes it again",
    )
