"""What the command line says of a folder, and whether that is right."""

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
import types
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import bitwise_diff, resume
from benchmarks.fill_docs import HERE

SETTINGS = resume.SETTINGS | {
    "toy.train_videos": 16,
    "data.num_shards": 2,
    "train.steps": 4,
    "train.checkpoint_every": 2,
}
LONGEST = 600  # Seconds of a trial.


def arguments_of(mode: str, folder: Path) -> list[str]:
    """Flags of the command line that read the folder in this mode."""
    records = next(folder.glob("records/toy-*"))
    video = sorted(folder.glob("records/videos/*/*/*/*.mp4"))[0]
    run, module = folder / "run", folder / "run" / "export" / "1"
    sets = [f"--set={key}={value}" for key, value in SETTINGS.items()]
    new = [f"--data={records}", f"--run_dir={folder / 'new'}"]
    return {
        "evaluate": [
            "--mode=evaluate",
            f"--checkpoint={run}",
            f"--data={records}",
        ],
        "train": ["--mode=train", "--recipe=toy", *new, *sets],
        "distill": [
            *("--mode=distill", "--recipe=toy", f"--data={records}"),
            *(f"--run_dir={run}", *sets),
        ],
        "prepare": [
            *("--mode=prepare", "--recipe=toy"),
            *(f"--records_dir={folder / 'prepared'}", *sets),
        ],
        "export": ["--mode=export", f"--checkpoint={run}"],
        "predict": ["--mode=predict", f"--checkpoint={run}", f"--data={video}"],
        "finetune": [
            *("--mode=finetune", "--recipe=toy", *new, *sets),
            f"--checkpoint={module}",
        ],
        "doctor-records": ["--mode=doctor", f"--data={records}"],
        "doctor-run": ["--mode=doctor", f"--checkpoint={run}"],
        "doctor-module": ["--mode=doctor", f"--data={module}"],
    }[mode]


@dataclasses.dataclass(frozen=True)
class Answer:
    """What one start of the command line did.

    Attributes:
      code: exit status; None: it was still running after `LONGEST`.
      screen: all that it wrote.
      result: what is compared with that of a start without damage.
    """

    code: int | None
    screen: str
    result: dict


def start(
    mode: str,
    folder: Path,
    *,
    env: Mapping[str, str | None] = types.MappingProxyType({}),
    before: Sequence[str] = (),
) -> subprocess.Popen:
    """Starts one mode on the folder.

    Args:
      mode: see `arguments_of`.
      folder: a copy of the run.
      env: changes of the environment; None: removed.
      before: words in front of the command.
    """
    # The package of this checkout.
    changed = os.environ | {"PYTHONPATH": str(HERE.parent)} | dict(env)
    return subprocess.Popen(
        [
            *before,
            *(sys.executable, "-m", "d3d_tf.main", *arguments_of(mode, folder)),
        ],
        cwd=folder,
        env={k: v for k, v in changed.items() if v is not None},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def finish(mode: str, folder: Path, process: subprocess.Popen) -> Answer:
    """Waits for what `start` started."""
    try:
        output, _ = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        return Answer(None, (error.output or b"").decode(errors="replace"), {})
    screen = output.decode(errors="replace").replace(str(folder), "")
    code = process.returncode
    result = {} if code else result_of(mode, folder, screen)
    return Answer(code, screen, result)


def ask(mode: str, folder: Path, **options) -> Answer:
    """`start`, and `finish`."""
    return finish(mode, folder, start(mode, folder, **options))


def row(
    group: str, mode: str, fault: str, seed: int, outcome: str, answer: Answer
) -> dict:
    """Of a trial, for the results."""
    return {
        "group": group,
        "mode": mode,
        "trials": 1,
        "seed": seed,
        "fault": fault,
        "outcome": outcome,
        "code": answer.code,
        "said": last_line(answer)[:300],
    }


def result_of(mode: str, folder: Path, screen: str) -> dict:
    """Numbers that a mode left, those of a clock aside."""
    found: dict = {}
    if mode == "predict":
        found["screen"] = screen.strip().splitlines()[-1]
    if mode in ("evaluate", "distill"):
        for results in folder.glob("run/**/results.json"):
            found |= _metrics(results)
    for history in folder.glob("new/checkpoints/*/history.csv"):
        found[str(history.relative_to(folder))] = history.read_text()
    for shard in folder.glob("prepared/*/*.tfrecord"):
        found[shard.name] = hashlib.sha256(shard.read_bytes()).hexdigest()
    if mode == "export":
        found |= {
            key: bitwise_diff.bits(value)
            for key, value in bitwise_diff.module(folder / "run").items()
        }
    return found


def _metrics(results: Path) -> dict:
    try:
        metrics = json.loads(results.read_text())["metrics"]
    except (ValueError, KeyError, TypeError):
        return {str(results): "damaged, and nothing was said"}
    return {
        f"{results.parent.name}/{key}": entry
        for key, entry in metrics.items()
        if "ms_per_video" not in key
    }


def judge(mode: str, answer: Answer, sound: Answer, name: str) -> str:
    """`right`, or what is wrong; `name` is a path that it must name."""
    if answer.code is None:
        return "hangs"
    if answer.code < 0:
        return "crash"
    if "Traceback (most recent" in answer.screen or "{{node" in answer.screen:
        return "trace"
    if answer.code == 0:
        return "right" if answer.result == sound.result else "silent"
    # The doctor's last line is a sum of what stands above it.
    said = answer.screen if mode.startswith("doctor") else last_line(answer)
    path = Path(name)
    named = [path.name]
    # Which of TensorFlow's own files it is nobody need know.
    if path.name.startswith(("ckpt-", "checkpoint")):
        named.append(f"checkpoints/{path.parent.name}")
    if path.name.startswith(("saved_model", "variables")):
        named.append("export/1")
    return "right" if any(word in said for word in named) else "unclear"


def last_line(answer: Answer) -> str:
    """Of the screen, progress bars aside."""
    return answer.screen.replace("\r", "\n").strip().rpartition("\n")[2]
