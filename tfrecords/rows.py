"""What rows of manifest.json say of classes."""


def labels_of(row: dict) -> list[int]:
    """All class indices of a row of manifest.json."""
    return row.get("labels", [row["label"]])


def digested(row: dict) -> list:
    """What the digest of a data set knows of a used row of manifest.json.

    A single class is a number, as it was before there could be several.
    """
    label = row.get("labels", row["label"])
    return [row["id"], row["sha256"], label, row["frames"]]
