"""What a TensorFlow Serving deployment needs beside the module.

The files are for people to edit: one that is there is never written again.
"""

from pathlib import Path

from d3d_tf.atomic_files import write_atomically

# TensorFlow Serving takes only folders with a number for versions.
FOLDER = "serving"
MODEL = "d3d"
# Read in public deployments; not run by us. It serves older modules too.
OLDEST_IMAGE = "2.19.1"
# What goes through the network at once; the last one is the largest.
BATCH_SIZES = (1, 2, 4, 8)

_ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
_INSIDE = f"/models/{MODEL}"
_FLAGS = (
    f"--model_config_file={_INSIDE}/{FOLDER}/models.config",
    "--enable_batching=true",
    f"--batching_parameters_file={_INSIDE}/{FOLDER}/batching_parameters.txt",
    # New versions are found, loaded, and only then the old one is dropped.
    "--file_system_poll_wait_seconds=30",
)


def write_serving_files(export: Path, *, tensorflow: str) -> Path:
    """Writes `models.config`, batching parameters, compose file and command.

    Args:
      export: parent of the version folders.
      tensorflow: the version that saved the module; the server's is no older.

    Returns:
      `export/serving`.
    """
    image = f"tensorflow/serving:{_newer(tensorflow, OLDEST_IMAGE)}"
    folder = export / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {
        "models.config": _models_config(),
        "batching_parameters.txt": _batching_parameters(),
        "compose.yaml": _compose(image),
        "docker_run.sh": _docker_run(image),
    }.items():
        if not (folder / name).exists():
            write_atomically(folder / name, text)
    return folder


def _newer(*versions: str) -> str:
    return max(versions, key=lambda text: [int(n) for n in text.split(".")[:2]])


def _models_config() -> str:
    return f"""\
# tensorflow_serving/config/model_server_config.proto. The newest version is
# served; to keep another one, add to config:
#   model_version_policy {{ specific {{ versions: 1 }} }}
model_config_list {{
  config {{
    name: "{MODEL}"
    base_path: "{_INSIDE}"
    model_platform: "tensorflow"
  }}
}}
"""


def _batching_parameters() -> str:
    sizes = "\n".join(f"allowed_batch_sizes: {size}" for size in BATCH_SIZES)
    return f"""\
# BatchingParameters of session_bundle_config.proto. Clips of different lengths
# are not put into one batch, and must not be padded: keep all clients of a
# model at one number of frames.
max_batch_size {{ value: {BATCH_SIZES[-1]} }}
{sizes}
# How long the first clip of a batch waits for others.
batch_timeout_micros {{ value: 5000 }}
# Batches at once: the number of cores, or 1 or 2 for a GPU.
num_batch_threads {{ value: 4 }}
# More than these are refused as UNAVAILABLE, and clients try again.
max_enqueued_batches {{ value: 64 }}
"""


def _compose(image: str) -> str:
    flags = "\n".join(f"      - {flag}" for flag in _FLAGS)
    return f"""\
# docker compose up, in this folder. For a GPU take the image's -gpu variant and
# reserve the device. Ports: 8500 gRPC, 8501 REST, on this machine only.
services:
  serving:
    image: {image}
    environment:
      # Else it is off on many processors, and networks are slow on them.
      {_ONEDNN}: "1"
    command:
{flags}
    volumes:
      - ..:{_INSIDE}:ro
    ports:
      - 127.0.0.1:8500:8500
      - 127.0.0.1:8501:8501
    healthcheck:
      # The ports open when the model is loaded.
      test: ["CMD", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8501"]
      interval: 10s
      start_period: 60s
    restart: unless-stopped
"""


def _docker_run(image: str) -> str:
    flags = " \\\n  ".join(_FLAGS)
    return f"""\
#!/bin/sh
# The same as compose.yaml: sh docker_run.sh
exec docker run --rm -p 127.0.0.1:8500:8500 -p 127.0.0.1:8501:8501 \\
  -e {_ONEDNN}=1 \\
  -v "$(CDPATH= cd "$(dirname "$0")/.." && pwd):{_INSIDE}:ro" \\
  {image} \\
  {flags}
"""
