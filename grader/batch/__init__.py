"""A whole class: finds submissions, collects evidence in parallel, keeps it, judges it and writes the results."""
