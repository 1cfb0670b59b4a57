"""A whole class: found, collected side by side, kept, judged, and handed out."""
