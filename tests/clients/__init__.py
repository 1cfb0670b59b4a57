"""Clients that others wrote, against the stand-in: `python -m tests.clients` prints which can do what."""
