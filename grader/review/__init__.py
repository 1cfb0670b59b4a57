"""A person's decisions: kept, applied to every result, and entered on a local page."""
