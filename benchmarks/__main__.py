"""`make bench`: all measurements but the table, which takes half an hour."""

from benchmarks import (
    cluster,
    data,
    detections,
    first_step,
    flow,
    kept_logits,
    memory,
    read_features,
    runtimes,
    speed,
    speed_detector,
    speed_resnet,
    speed_x3d,
)

if __name__ == "__main__":
    data.main([])
    cluster.main([])
    detections.main([])
    first_step.main([])
    flow.main([])
    kept_logits.main([])
    memory.main([])
    read_features.main([])
    runtimes.main([])
    speed.main([])
    speed_detector.main([])
    speed_resnet.main([])
    speed_x3d.main([])
