"""Shows a report: on the terminal, as JSON, as a page, as JUnit."""
