"""Packs d3d_tf/, tfrecords/ and hub_export/ as one package, `d3d_tf`."""

import re
from pathlib import Path

from setuptools import find_packages, setup

FOLDERS = {
    "d3d_tf": "d3d_tf",
    "d3d_tf.tfrecords": "tfrecords",
    "d3d_tf.hub_export": "hub_export",
}
PACKAGES = [
    package + inner
    for package, folder in FOLDERS.items()
    for inner in ["", *(f".{name}" for name in find_packages(folder))]
]
VERSION = re.search(
    r'^__version__ = "(.+)"$',
    Path("d3d_tf/__init__.py").read_text(),
    re.MULTILINE,
).group(1)

setup(
    name="d3d_tf",
    version=VERSION,
    description="Distilled 3D networks for video, in TensorFlow",
    author="The d3d_tf Authors",
    license="Apache-2.0",
    package_dir=FOLDERS,
    packages=PACKAGES,
    package_data={
        "": ["*.html", "*.json", "*.txt", "*.yaml", "class_lists/*"],
        # PEP 561: type checkers read the annotations of the installed package.
        "d3d_tf": ["py.typed"],
    },
    entry_points={"console_scripts": ["d3d_tf = d3d_tf.main:console"]},
    # What the lanes are tested with; numba and others end there.
    python_requires=">=3.10,<3.14",
    install_requires=[
        "absl-py",
        "numpy",
        "pydantic>=2",
        "pyyaml",
        # tensorflow-hub 0.16.1 imports pkg_resources, which 82 removed.
        "setuptools<81",
        # TensorFlow brings it no longer; it writes the training curves.
        "tensorboard",
        "tensorflow>=2.15",
        # Brings tf-keras, the Keras 2 of TensorFlow 2.16 and newer.
        "tensorflow-hub>=0.16.1",
        "tqdm",
    ],
    extras_require={
        "data": [
            "apache-beam",
            "av",
            "numba",
            "opencv-contrib-python-headless",
        ],
        # Preparation on a Dask cluster.
        "dask": ["apache-beam[dask]"],
        "report": ["jinja2", "matplotlib"],
        "card": [
            "keras==2.15.0",
            "tensorflow==2.15.1",
            "tensorflow-addons==0.23.0",
            "tensorflow-io==0.36.0",
            # Its import of tensorflow-datasets needs protobuf 4.
            "tensorflow-metadata<1.16",
            "tf-models-official==2.15.0",
        ],
        # --mode=convert of PyTorch's checkpoints.
        "torch": ["torch>=2.0"],
        "gpu": ["tensorflow[and-cuda]"],
        # Object stores; tensorflow-io ends at TensorFlow 2.15.
        "s3": [
            "etils[epath]",
            "tensorflow==2.15.1",
            "tensorflow-io==0.36.0",
        ],
        # d3d_tf.hub_export.client, without TensorFlow: pip install --no-deps
        # d3d_tf, and these.
        "client": [
            "av",
            "grpcio",
            "numpy",
            "opencv-python-headless",
            "protobuf",
        ],
        "serving": ["tensorflow-serving-api"],
        "bench": ["matplotlib"],
        "dev": [
            "import-linter",
            "mypy",
            "pytest",
            "ruff",
            "types-PyYAML",
            "types-tqdm",
        ],
    },
)
