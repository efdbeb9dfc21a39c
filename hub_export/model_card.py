"""README.md of a module: what it is, what it takes, how good it is."""

from d3d_tf.tasks import DEFAULT, task_of

ONEDNN = """\
Set `TF_ENABLE_ONEDNN_OPTS=1` in the environment, also of a server, before
TensorFlow is imported: on x86 processors without AVX-512 VNNI or AVX-VNNI it
leaves oneDNN off, and the network is several times slower there."""
_OUTPUT = {
    "classification": "logits, `[batch, {num_classes}]`; class names, in "
    "order, are in `assets/labels.txt`",
    "feature_vector": "features, `[batch, channels]`: the mean over the clip "
    "of what the logits of its network are made of",
    "feature_map": "the endpoint {endpoint}, `[batch, time', height', width', "
    "channels]`",
}


def model_card(description: dict) -> str:
    """The card.

    Args:
      description: the content of `module.json`. What it does not have is left
        out.
    """
    sections = [
        _opening(description),
        _usage(description),
        _signatures(description),
        *evidence(description),
    ]
    return joined(sections)


def evidence(description: dict) -> list[str]:
    """The sections of all cards: results, parity, origin."""
    return [
        _results(description),
        _parity(description),
        _origin(description),
    ]


def joined(sections: list[str]) -> str:
    """The card of sections, which may be empty."""
    return "\n\n".join(section for section in sections if section) + "\n"


def _opening(told: dict) -> str:
    name = told.get("recipe", "Video network")
    clip = told["input"]
    output = _OUTPUT[told["kind"]].format(**told)
    lines = [
        f"# {name}: {told['kind'].replace('_', ' ')}",
        "",
        "A video network exported by d3d_tf (Distilled 3D Networks, Stroud et "
        "al., WACV 2020). RGB only: no optical flow is needed.",
        "",
        f"Input: `[batch, time, height, width, 3]` {clip['colour']}, float32 "
        "in [0, 1] or uint8 in 0..255.",
        f"It was trained on clips of {clip['frames']} frames of {clip['size']} "
        f"x {clip['size']} pixels"
        + at_rate(told)
        + f", the middle of frames with a short side of {clip['short_side']}.",
        "",
        f"Output: {output}.",
    ]
    return "\n".join(lines)


def at_rate(told: dict) -> str:
    """How a clip is sampled, if that is known."""
    rate = told.get("frame_rate")
    if told.get("sampling") == "segments":
        return ", one of each of so many equal parts of a video"
    return f" at {rate:g} frames per second" if rate else ""


def _usage(told: dict) -> str:
    return f"""## Use

```python
import tensorflow_hub as hub

layer = hub.KerasLayer("FOLDER OF THIS FILE", trainable=True)
output = layer(frames)  # float32 [batch, {told["input"]["frames"]}, \
{told["input"]["size"]}, {told["input"]["size"]}, 3] in [0, 1]
```

With Keras 3: `keras.layers.TFSMLayer(FOLDER, call_endpoint="infer",
call_training_endpoint="train")`.

{ONEDNN}"""


def _signatures(told: dict) -> str:
    clip = told["input"]
    outputs = ", ".join(f"`{n}`" for n in told["signatures"]["serving_default"])
    pixels = f"`[batch, time, {clip['size']}, {clip['size']}, 3]`"
    return f"""## Signatures

| name | `frames` |
|---|---|
| `serving_default` | float32 {pixels} in [0, 1] |
| `frames_uint8` | uint8 {pixels} |
| `frames_encoded` | JPEG or PNG, string `[batch, time]`, of any size |

They return {outputs}; a clip has {clip["shortest"]} to {clip["longest"]}
frames. Anything else is refused with INVALID_ARGUMENT.
Warm-up requests: {told["warm_up"]}."""


def _results(told: dict) -> str:
    metrics = told.get("metrics")
    if not metrics:
        return ""
    rows = [
        f"| {name} | {_number(entry)} |"
        for name, entry in metrics.items()
        if name.startswith(("student/", "baseline/"))
    ]
    protocol = told.get("protocol")
    return "\n".join(
        [
            "## Results",
            "",
            *([f"Protocol: {protocol}.", ""] if protocol else []),
            *([f"Data set: {_dataset(told)}.", ""] if _dataset(told) else []),
            "| metric | value [95 % interval], n |",
            "|---|---|",
            *rows,
        ]
    )


def _number(entry) -> str:
    if not isinstance(entry, dict):
        return f"{entry}"
    text = f"{entry['value']:.4g}"
    if entry.get("ci95"):
        text += " [{:.4g}, {:.4g}]".format(*entry["ci95"])
    return text + (f", {entry['n']}" if "n" in entry else "")


def _dataset(told: dict) -> str:
    dataset = told.get("dataset")
    if not dataset:
        return ""
    return (
        f"{dataset['name']}, {dataset['num_videos']} videos, digest "
        f"{dataset['digest']}"
    )


def _parity(told: dict) -> str:
    lines = [
        "## Parity",
        "",
        "Largest difference from the network it was exported from, on random "
        "clips, in units of the largest output if that is above 1:",
        "",
        "| way in | difference |",
        "|---|---|",
        *(f"| {k} | {v:.1e} |" for k, v in told["max_difference"].items()),
    ]
    if "bound" in told:
        lines += [
            "",
            f"Up to {told['bound']:.1e} was allowed. Last bits of clips and "
            "weights alone move the network's own answers by "
            f"{told['sensitivity']:.1e}; as much may one machine differ from "
            "another.",
        ]
    if told.get("unfolded_because"):
        lines += ["", f"Not folded for serving: {told['unfolded_because']}."]
    videos = told.get("videos")
    if videos:
        lines += ["", f"Videos: {videos['note']}."]
    if videos and videos["ways"]:
        agreement = task_of(told.get("task", DEFAULT)).agreement
        lines += [
            "",
            f"| the same video through | n | {agreement.title} | largest "
            "difference of a probability |",
            "|---|---|---|---|",
            *(
                f"| {way} | {row['n']} | {100 * row[agreement.name]:.1f} % | "
                f"{row['max_probability_difference']:.1e} |"
                for way, row in videos["ways"].items()
            ),
        ]
    return "\n".join(lines)


def _origin(told: dict) -> str:
    rows = {
        "recipe hash": told.get("recipe_hash"),
        "SHA-256 of the labels": told["labels_sha256"],
        "flow of the teacher": told.get("flow_recipe"),
        "weights from": told.get("weights"),
        "TensorFlow": told["tensorflow"],
    }
    lines = [f"| {key} | {value} |" for key, value in rows.items() if value]
    return "\n".join(["## Origin", "", "| what | |", "|---|---|", *lines])
