"""A learner's request: read strictly, counted, and written again from what was understood."""
