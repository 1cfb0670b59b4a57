"""What runs on the learner's side of the wall: standard library only, and no secret of the grader's."""
