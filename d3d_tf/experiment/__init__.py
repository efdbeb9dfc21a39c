"""One recipe on one data set in one run folder, step by step."""
