"""Answers to the exercises, right and wrong; a module a subject, as in `classroom.exercises`.

Each has a function of the same name that gives, for an exercise, (right ones, [(a wrong one, words of its judgement)]).
They are written as beginners write: with `except Exception`, for one.
"""
