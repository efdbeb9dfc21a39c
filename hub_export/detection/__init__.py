"""Modules of detectors: frames and boxes in, what each person does out."""
