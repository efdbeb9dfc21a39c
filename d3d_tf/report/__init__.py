"""The page to look at: arrays and results in, one HTML file out."""
