"""A report, shown: on the terminal, as JSON, as a page, as JUnit."""
