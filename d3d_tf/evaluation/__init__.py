"""Scores to accuracies; numpy only."""
