"""An answer: data first, then HTTP, at its pace, whole or corrupted."""
