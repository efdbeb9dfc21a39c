"""Accuracies from scores, comparisons of networks, and their cost."""
