"""Programs that call a module, as users write them: OpenCV and hub.KerasLayer.

They share no code with the doctor. `mistakes` says what each does wrong.
"""

import cv2
import numpy as np
import tensorflow_hub as hub


def read(path) -> list[np.ndarray]:
    """BGR, as OpenCV reads."""
    video = cv2.VideoCapture(str(path))
    frames = []
    while True:
        there, frame = video.read()
        if not there:
            return frames
        frames.append(frame)


def choose(frames, count, mistakes):
    """The files have 50 frames per second, the modules want 25."""
    if "first frames" in mistakes:
        return frames[:count]
    if "spread" in mistakes:
        places = np.linspace(0, len(frames) - 1, count)
        return [frames[int(place)] for place in places]
    step = {"every frame": 1, "half rate": 4}
    for mistake, by in step.items():
        if mistake in mistakes:
            frames = frames[::by]
            break
    else:
        frames = frames[::2]
    if "first clip" in mistakes:
        return frames[:count]
    start = (len(frames) - count) // 2
    return frames[start : start + count]


def square(frame, short_side, size, mistakes):
    if "squeezed" in mistakes:
        return cv2.resize(frame, (size, size), interpolation=cv2.INTER_AREA)
    if "small" in mistakes:
        short_side = size
    height, width = frame.shape[:2]
    scale = short_side / height
    frame = cv2.resize(
        frame,
        (round(width * scale), short_side),
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
    )
    top, left = (short_side - size) // 2, (frame.shape[1] - size) // 2
    return frame[top : top + size, left : left + size]


def clip_of(path, *, frames, size, short_side, mistakes=()) -> np.ndarray:
    chosen = choose(read(path), frames, mistakes)
    pictures = []
    for frame in chosen:
        frame = square(frame, short_side, size, mistakes)
        if "BGR" not in mistakes:
            frame = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        if "mirrored" in mistakes:
            frame = cv2.flip(frame, 1)
        pictures.append(frame)
    if "reversed" in mistakes:
        pictures.reverse()
    clip = np.array(pictures, np.float32)
    if "bytes" in mistakes:
        return clip
    if "signed" in mistakes:
        return clip / 127.5 - 1
    clip /= 255
    if "ImageNet" in mistakes:
        clip -= np.array([0.485, 0.456, 0.406], np.float32)
        clip /= np.array([0.229, 0.224, 0.225], np.float32)
    return clip


def names_of(labels, mistakes) -> list[str]:
    """What the program takes for the name of each output."""
    if "sorted" in mistakes:
        return sorted(labels)
    if "labels reversed" in mistakes:
        return labels[::-1]
    if "background" in mistakes:  # Output 0 is taken for none of them.
        return [*labels[1:], labels[0]]
    return list(labels)


def answers(
    module, clips, labels, *, frames, size, short_side, mistakes=()
) -> dict:
    """By clip, {label: probability}."""
    layer = hub.KerasLayer(str(module))
    names = names_of(labels, mistakes)
    found = {}
    for clip in clips:
        given = clip_of(
            clip,
            frames=frames,
            size=size,
            short_side=short_side,
            mistakes=mistakes,
        )
        logits = layer(given[None]).numpy()[0].astype(float)
        scores = np.exp(logits - logits.max())
        scores /= scores.sum()
        found[clip.stem] = dict(zip(names, scores.tolist(), strict=True))
    return found
