"""Classifies videos by a server; needs neither TensorFlow nor d3d_tf's rest.

What it needs: numpy, PyAV and OpenCV, and for gRPC grpcio and protobuf.

    from d3d_tf.hub_export.client.classification import classify
    answer = classify("video.mp4", "grpc://127.0.0.1:8500")
"""
