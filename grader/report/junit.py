"""The report as JUnit XML, which CI services show as tests."""

import xml.etree.ElementTree as ElementTree

from grader.escaping import for_xml
from grader.judge import Report
from grader.report.words import remarks


def render(report: Report) -> str:
    """One test case a criterion: failed, skipped (not run) or error; the isolation and the grader are properties."""
    counts = {
        status: sum(result.status == status for result in report.criteria)
        for status in ("failed", "not_run", "error")
    }
    suite = ElementTree.Element(
        "testsuite",
        name=f"lab: {for_xml(report.submission.name)}",
        tests=str(len(report.criteria)),
        failures=str(counts["failed"]),
        skipped=str(counts["not_run"]),
        errors=str(counts["error"]),
        time=f"{report.seconds:.3f}",
    )
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in (
        ("isolation", report.isolation),
        ("grader", report.grader),
        ("rubric", report.rubric),
        ("submission", report.submission.digest),
    ):
        ElementTree.SubElement(properties, "property", name=name, value=for_xml(value))
    for result in report.criteria:
        case = ElementTree.SubElement(
            suite, "testcase", classname=for_xml(result.section), name=for_xml(f"{result.id}: {result.title}")
        )
        words = for_xml("\n".join([result.summary, *remarks(result)]))
        if result.status == "failed":
            place = f"\nIn your code: {for_xml(result.where)}" if result.where else ""
            ElementTree.SubElement(
                case, "failure", message=words
            ).text = f"{words}{place}\n{for_xml(result.hint)}"
        elif result.status == "not_run":
            ElementTree.SubElement(case, "skipped", message=words)
        elif result.status == "error":
            ElementTree.SubElement(case, "error", message=words).text = words
        elif remarks(result):
            ElementTree.SubElement(case, "system-out").text = for_xml("\n".join(remarks(result)))
    whole = ElementTree.Element("testsuites")
    whole.append(suite)
    ElementTree.indent(whole)
    return ElementTree.tostring(whole, encoding="unicode", xml_declaration=True) + "\n"
