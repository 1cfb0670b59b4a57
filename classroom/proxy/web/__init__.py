"""The pages of the class proxy: one to join an event, and the instructor's."""
