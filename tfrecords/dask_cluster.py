"""A Dask cluster that prepares: it is looked at before the first video.

Beam's DaskRunner does the work. Beam has no short name for it, and puts 128
elements (shards, here) into a task where nobody says how many; and what a
cluster lacks it would tell after hours, or never.
"""

import argparse
import asyncio
import json
import logging
import os
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from d3d_tf.atomic_files import is_remote
from d3d_tf.errors import UsageError, UserError
from d3d_tf.needs import require_dask

RUNNER = "apache_beam.runners.dask.dask_runner.DaskRunner"
NAMES = ("dask", "daskrunner", RUNNER.lower())
# The same everywhere: they read what is sent, or make the bytes. The scheduler
# also unpacks what is sent.
PACKAGES = ("d3d_tf", "apache_beam", "av", "numba")
CONNECT_SECONDS = 10


def checked(
    beam_args: list[str] | None, records_dir: str, inputs: Sequence[str | None]
) -> list[str] | None:
    """Beam's flags; for `--runner=dask` those that its DaskRunner needs.

    Args:
      beam_args: as they were given; other runners' are returned unchanged.
      records_dir: where records will be written; every worker must see it.
      inputs: folders that every worker must see, too, or None.

    Raises:
      UsageError: no address.
      UserError: the extra is missing, or the cluster cannot do this work.
    """
    if not beam_args or _runner(beam_args).lower() not in NAMES:
        return beam_args
    require_dask()
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.dask.dask_runner import DaskOptions

    args = [*beam_args, f"--runner={RUNNER}"]
    options = (
        PipelineOptions(args)
        .view_as(DaskOptions)
        .get_all_options(drop_default=True, current_only=True)
    )
    sizes = [options.pop(key, 0) for key in ("npartitions", "partition_size")]
    if not any(sizes):
        args.append("--dask_partition_size=1")
    if not {"address", "scheduler_file"} & options.keys():
        raise UsageError(
            "--runner=dask needs --dask_client_address=tcp://HOST:8786, the "
            f"address of a scheduler; got {' '.join(beam_args)!r}. Start one "
            "with `dask scheduler`, and on each machine `dask worker "
            "tcp://HOST:8786`."
        )
    with _connected(options) as client:
        _require_versions(client.get_versions(packages=PACKAGES))
        _require_folders(client, records_dir, inputs)
    return args


def _runner(beam_args: list[str]) -> str:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--runner", default="")
    return parser.parse_known_args(beam_args)[0].runner


def _connected(options: dict[str, Any]) -> Any:
    """A client of the cluster.

    Raises:
      UserError: no scheduler answers.
    """
    from distributed import Client

    # They tell of every connection that ends; Beam's level is the user's.
    level = logging.getLogger("apache_beam").level
    for name in ("distributed", "distributed.client", "distributed.core"):
        logging.getLogger(name).setLevel(level)
    file, seconds = options.get("scheduler_file", ""), options.get("timeout")
    if not isinstance(seconds, int):
        seconds = CONNECT_SECONDS
    try:
        address = options.get("address") or _address_in(file)
        # Client() waits for ever where something else answers, such as the
        # dashboard, or where there is no file.
        asyncio.run(asyncio.wait_for(_greet(address, seconds), seconds + 1))
        with warnings.catch_warnings():  # Beam's own client repeats them.
            warnings.simplefilter("ignore")
            return Client(**options, set_as_default=False)
    except (OSError, ValueError, KeyError, asyncio.TimeoutError) as error:
        why = str(error).partition("\n")[0] or "what answers is not a scheduler"
        raise UserError(
            f"No Dask scheduler answers at {options.get('address') or file} "
            f"({why}). Expected is an address such as tcp://HOST:8786, as "
            "`dask scheduler` prints it."
        ) from error


def _address_in(file: str) -> str:
    return json.loads(Path(file).read_text())["address"]


async def _greet(address: str, seconds: int) -> None:
    from distributed.comm import connect
    from distributed.security import Security

    keys = Security().get_connection_args("client")
    comm = await connect(address, timeout=seconds, **keys)
    await comm.close()


def _require_versions(found: dict[str, Any]) -> None:
    """Every process has the packages that this one has.

    Raises:
      UserError: one has not, or there is no worker.
    """
    if not found["workers"]:
        raise UserError(
            "The Dask scheduler has no workers: start them, on each machine "
            "`dask worker ADDRESS`, and then the same again."
        )
    ours = found["client"]["packages"]
    nodes = {f"worker {name}": node for name, node in found["workers"].items()}
    for name, node in {"scheduler": found["scheduler"], **nodes}.items():
        theirs = node["packages"]
        for package in ("python", *PACKAGES):
            if _told(theirs, package) != _told(ours, package):
                raise UserError(
                    f"The Dask {name} has {_told(theirs, package)}, and this "
                    f"process {_told(ours, package)}: install the same on "
                    "every machine, with `pip install 'd3d_tf[data,dask]'`."
                )


def _told(packages: dict[str, Any], name: str) -> str:
    """A package and its version; of Python what pickles depend on."""
    version = packages.get(name)
    if name == "python" and version:
        version = ".".join(version.split(".")[:2])
    return f"{name} {version}" if version else f"no {name}"


def _require_folders(
    client: Any, records_dir: str, inputs: Sequence[str | None]
) -> None:
    """Every worker sees the same folders under the same names.

    Raises:
      UserError: one does not.
    """
    _require_places(client, [place for place in inputs if place])
    if is_remote(records_dir):
        return
    Path(records_dir).mkdir(parents=True, exist_ok=True)
    # A worker may have another folder of that name.
    with tempfile.NamedTemporaryFile(dir=records_dir, prefix=".seen-") as file:
        mark = os.path.join(records_dir, os.path.basename(file.name))
        _require_places(client, [mark])


def _require_places(client: Any, places: list[str]) -> None:
    for place in places:
        for worker, there in client.run(os.path.exists, place).items():
            if not there:
                raise UserError(
                    f"The Dask worker {worker} does not see {place}, which is "
                    "here: name folders by absolute paths, on a file system "
                    "that all workers mount in the same place."
                )
