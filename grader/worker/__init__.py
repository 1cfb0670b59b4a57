"""The process that reads a submission: one for each, in a sandbox of its own.

`grade` and `judge` are what the rest of the grader calls; they start that process, give it what it needs, and take one
bounded record from it. `grading` and `judging` run inside.
"""

from grader.worker.nurseries import Nurseries
from grader.worker.parent import collect_record, grade
from grader.worker.records import Record
from grader.worker.rejudging import judge_again, rejudge
from grader.worker.standby import Standby
from grader.worker.wanted import Graded, Wanted

__all__ = [
    "Graded",
    "Nurseries",
    "Record",
    "Standby",
    "Wanted",
    "collect_record",
    "grade",
    "judge_again",
    "rejudge",
]
