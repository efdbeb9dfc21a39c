"""Summarises a record folder, and what was left out, in a few lines."""

from d3d_tf.data.dataset import HELD_OUT, Dataset

SHOWN = 10  # Lines of the quarantine.


def describe(dataset: Dataset) -> str:
    """A few lines for people: counts, left-out files and the reasons."""
    info = dataset.info
    counts = dict(dataset.splits)
    if dataset.held_out:
        held_out = sum(dataset.shards(HELD_OUT).values())
        counts["held out of the training"] = held_out
    splits = ", ".join(f"{n} {name}" for name, n in counts.items())
    lines = [
        f"records: {dataset.folder}: {splits}; {len(dataset.classes)} classes; "
        + _stored(dataset)
    ]
    if info["num_trimmed"]:
        seconds = info["recipe"]["data"]["max_seconds"]
        lines.append(
            f"  {info['num_trimmed']} videos were cut after {seconds:g} s "
            "(data.max_seconds)"
        )
    # Records of earlier versions, and of other tools, do not say either.
    if missing := info.get("num_missing_frames"):
        lines.append(
            f"  {info['num_with_missing_frames']} videos lack {missing} frames "
            "in their middle, lost by damage or a camera; the frame before is "
            "shown instead (missing_frames in manifest.json)"
        )
    if joined := info.get("num_joined"):
        lines.append(
            f"  {joined} files are several recordings, one after the other "
            "(recordings in manifest.json)"
        )
    for split, count in info.get("listed", {}).items():
        lines.append("  " + _coverage(split, count))
    lines += [f"  {note}" for note in info.get("notes", ())]
    if files := info.get("files"):
        lines.append("  " + _files(files))
    skipped = dataset.skipped()
    for row in skipped[:SHOWN]:
        lines.append(f"  left out {row['path']}: {row['skipped']}")
    if (more := len(skipped) - SHOWN) > 0:
        lines.append(f"  and {more} more, see quarantine.csv")
    if empty := info["empty_classes"]:
        shown = ", ".join(empty[:5]) + (", ..." if len(empty) > 5 else "")
        lines.append(f"  {len(empty)} classes have no video: {shown}")
    return "\n".join(lines)


def _stored(dataset: Dataset) -> str:
    """What a record holds besides RGB frames."""
    if "features" in dataset.info:
        of_video = dataset.info["features"]["video_level"]
        return "means of features" if of_video else "features of frames"
    if not dataset.flow:
        return "no flow"
    clipped = 100 * dataset.info["clipped_flow"]
    return f"{clipped:.2g} % of flow vectors clipped"


def _files(files: dict) -> str:
    """How many files were used, quarantined and not tried."""
    text = (
        f"{files['found']} files: {files['used']} used, "
        f"{files['quarantined']} quarantined"
    )
    if rules := files["left_out"]:
        count = sum(rule["count"] for rule in rules.values())
        text += f", {count} not tried: {describe_rules(rules)}"
    return text


def describe_rules(rules: dict[str, dict]) -> str:
    """How many files each rule leaves out; see `Listing.left_out`."""
    return ", ".join(
        f"{rule['count']} {name} (such as {rule['example']})"
        for name, rule in rules.items()
    )


def _coverage(split: str, count: dict) -> str:
    """Videos of the list that exist, counted as in D3D (section 5.1)."""
    lost = count["missing"] + count["skipped"]
    text = (
        f"{split}: {count['used']} of the {count['listed']} listed videos "
        f"({-100 * lost / count['listed']:.1f} %): {count['missing']} not on "
        f"disk, {count['skipped']} not usable"
    )
    worst = sorted(
        count["missing_by_class"].items(), key=lambda item: -item[1][0]
    )[:3]
    named = [f"{name} {gone} of {there}" for name, (gone, there) in worst]
    return text + (f"; most in {', '.join(named)}" if named else "")
