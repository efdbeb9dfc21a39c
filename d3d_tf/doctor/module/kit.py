"""The bundled clips, written where a user's own program can read them."""

from importlib import resources
from pathlib import Path

from d3d_tf.atomic_files import write_atomically
from d3d_tf.doctor.module.served import Module

ANSWERS = "answers.json"


def kit_folder(module: Path) -> Path:
    """Where the kit of a module goes: `doctor/RUN-export-VERSION`."""
    parts = [part for part in module.resolve().parts if part != "/"]
    return Path("doctor", "-".join(parts[-3:]))


def bundled_clips() -> list:
    """The package's own, in order of name."""
    package = resources.files("d3d_tf.doctor.module")
    found = package.joinpath("clips").iterdir()
    return sorted(found, key=lambda clip: clip.name)


def write_clips(folder: Path) -> list[Path]:
    """Copies the clips to `folder/clips`; returns them in order of name."""
    (folder / "clips").mkdir(parents=True, exist_ok=True)
    clips = []
    for clip in bundled_clips():
        path = folder / "clips" / clip.name
        write_atomically(path, clip.read_bytes())
        clips.append(path)
    return clips


def write_readme(folder: Path, module: Module, clips: list[Path]) -> Path:
    """Writes what to do with the clips."""
    names = [clip.stem for clip in clips]
    text = f"""# Is your program right for {module.path}?

1. Send each of `clips/` ({", ".join(names)}) through your own program: its
   decoding, its preprocessing, its server or `hub.KerasLayer`. A right one
   gives the module {module.frames} frames from the middle of the video, at
   {module.frame_rate:g} per second (the clips themselves have 50), RGB in
   [0, 1], resized to a short side of {module.info.short_side} pixels, and of
   that the {module.size} x {module.size} pixels in the middle.
2. Save its answers as `{folder / ANSWERS}`:

{_form(module, names)}

3. `python -m d3d_tf.main --mode=doctor --data={module.path} \\
   --answers={folder / ANSWERS}` says whether they are right, or which mistake
   explains them.
"""
    path = folder / "README.md"
    write_atomically(path, text)
    return path


def _form(module: Module, names: list[str]) -> str:
    if not module.classifies:
        return (
            f'       {{"{names[0]}": [VALUE, VALUE, ...], ...}}\n\n'
            "   with all features of a clip, in the module's order."
        )
    labels = module.info.labels
    pairs = ", ".join(f'"{name}": P' for name in labels[:2])
    return (
        f'       {{"{names[0]}": {{{pairs}, ...}}, ...}}\n\n'
        "   P is what your program says of that class, 0 to 1; the most "
        "probable ones\n   are enough. Without names, a list of all "
        "probabilities or logits, or TF\n   Serving's REST response, will do; "
        "a wrong order of the labels then shows only\n   if your program "
        "reorders them."
    )
