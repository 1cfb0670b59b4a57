"""What a person decides beside the grader: kept, applied to every result, and typed in on a page of their own machine."""
