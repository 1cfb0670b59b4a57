"""Keys in notebooks: recognises them, finds them even when split or encoded, and removes them before a save."""
