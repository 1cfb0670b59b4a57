"""What a submission's files say before anything of it runs: its app, its variables, its handlers, how its author runs it."""
