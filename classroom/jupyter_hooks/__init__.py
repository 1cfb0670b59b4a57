"""Hooks that Jupyter calls: before it saves a notebook, and when a cell fails."""
