"""Starts a submission's app, in one way after another, and explains why it did not start."""
