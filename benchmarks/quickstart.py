"""`make quickstart`: runs docs/quickstart.ipynb and keeps what it shows.

What belongs to one machine or one run (versions, times) is left out.
"""

import os
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from benchmarks.fill_docs import HERE

NOTEBOOK = HERE.parent / "docs" / "quickstart.ipynb"
METADATA = {
    "kernelspec": {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}
# Not ours, on the newest lane: tensorflow-hub 0.16.1 imports pkg_resources.
WARNINGS = "ignore::UserWarning:tensorflow_hub"


def execute(path: Path, folder: Path):
    """The notebook at `path`, run in `folder` by this Python.

    Raises:
      nbclient.exceptions.CellExecutionError: a cell failed.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
        # What TensorFlow's C++ logs is no output of a cell.
        extra_arguments=["--IPKernelApp.capture_fd_output=False"],
    )
    client.execute(env=os.environ | {"PYTHONWARNINGS": WARNINGS})
    notebook.metadata = nbformat.from_dict(METADATA)
    return notebook


def main() -> None:
    """Runs the notebook in place."""
    with tempfile.TemporaryDirectory() as folder:
        notebook = execute(NOTEBOOK, Path(folder))
    nbformat.write(notebook, NOTEBOOK)


if __name__ == "__main__":
    main()
