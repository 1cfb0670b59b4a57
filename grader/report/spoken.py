"""A report's verdicts in the language of its reader: what they say of it has a translation, what they quote stays as it is."""

from grader.judge import Report, Result
from grader.messages import rendered
from grader.report.language import ENGLISH, Language


def in_language(report: Report, say: Language) -> Report:
    """The report with the sentences of its verdicts in a language; those that have no translation stay in English."""
    if say.code == ENGLISH.code:
        return report
    return report.model_copy(update={"criteria": tuple(spoken(result, say) for result in report.criteria)})


def spoken(result: Result, say: Language) -> Result:
    """See `in_language`."""
    if result.messages is None:
        return result
    summary = rendered(result.messages.summary, say) if result.messages.summary else result.summary
    messages = (*result.messages.advice, *(None,) * len(result.advice))
    advice = tuple(
        rendered(message, say) if message else text
        for text, message in zip(result.advice, messages, strict=False)
    )
    return result.model_copy(update={"summary": summary, "advice": advice})
