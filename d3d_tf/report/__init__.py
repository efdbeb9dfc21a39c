"""The report page: arrays and results in, one HTML file out."""
