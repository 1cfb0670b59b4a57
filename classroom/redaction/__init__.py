"""Keys in notebooks: what is one, where it stands however it was split or written, and how it is taken out before a save."""
