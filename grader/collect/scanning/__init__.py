"""What the files and the commits of a submission show by themselves: credentials, ignored files, sources for the report."""
