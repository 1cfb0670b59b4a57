"""The report as JUnit XML, which CI services show as tests."""

import xml.etree.ElementTree as ElementTree

from grader.judge import Report
from grader.report.words import printable


def render(report: Report) -> str:
    """One test case a criterion: failed, skipped (not run) or error."""
    counts = {
        status: sum(result.status == status for result in report.criteria)
        for status in ("failed", "not_run", "error")
    }
    suite = ElementTree.Element(
        "testsuite",
        name=f"lab: {printable(report.submission.name)}",
        tests=str(len(report.criteria)),
        failures=str(counts["failed"]),
        skipped=str(counts["not_run"]),
        errors=str(counts["error"]),
        time=f"{report.seconds:.3f}",
    )
    for result in report.criteria:
        case = ElementTree.SubElement(
            suite, "testcase", classname=result.section, name=f"{result.id}: {result.title}"
        )
        words = printable(result.summary)
        if result.status == "failed":
            ElementTree.SubElement(case, "failure", message=words).text = f"{words}\n{result.hint}"
        elif result.status == "not_run":
            ElementTree.SubElement(case, "skipped", message=words)
        elif result.status == "error":
            ElementTree.SubElement(case, "error", message=words).text = words
    whole = ElementTree.Element("testsuites")
    whole.append(suite)
    ElementTree.indent(whole)
    return ElementTree.tostring(whole, encoding="unicode", xml_declaration=True) + "\n"
