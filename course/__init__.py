"""The course as a web page: `python -m course.build`."""
