"""What Jupyter calls of ours: before a notebook is saved, and when a cell fails."""
