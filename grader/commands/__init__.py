"""What the commands of `grader` do, by theme. Each imports what it needs when it is called: --help is answered at once."""
