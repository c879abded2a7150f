"""Reports of regression tests as JUnit's XML, which CI systems show."""

import re
from collections.abc import Iterable
from xml.etree import ElementTree as Xml

from trackbook.domain.difference import Difference
from trackbook.domain.regression import CellCheck, TestReport

# What XML can't hold in any spelling.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(reports: Iterable[TestReport]) -> bytes:
    """Return a report with a suite for each notebook and a case for each code cell, and one for the metrics."""
    root = Xml.Element("testsuites", name="trackbook test")
    for report in reports:
        suite = Xml.SubElement(root, "testsuite", name=_clean(report.notebook), time=f"{report.duration:.3f}")
        for cell in report.cells:
            _cell(suite, report, cell)
        if report.metrics:
            _fail(_case(suite, report, "metrics"), report.metrics)
        if report.compares_nothing:
            told = "None of the baseline's results is there any more: nothing was compared."
            _fail(_case(suite, report, "baseline"), [Difference("missing", told)])
        if report.error is not None and not any(cell.status == "failed" for cell in report.cells):
            error = Xml.SubElement(_case(suite, report, "notebook"), "error", type=_clean(report.error.ename))
            error.set("message", _clean(f"{report.error.ename}: {report.error.evalue}"))
        for kind, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            suite.set(name, str(len(suite.findall(f"testcase/{kind}"))))
        suite.set("tests", str(len(suite.findall("testcase"))))
    Xml.indent(root)
    return bytes(Xml.tostring(root, encoding="utf-8", xml_declaration=True))


def _cell(suite: Xml.Element, report: TestReport, cell: CellCheck) -> None:
    line = next(iter(cell.source.strip().splitlines()), "")
    case = _case(suite, report, f"cell {cell.cell}: {line[:80]}")
    if cell.status == "failed" and report.error is not None:
        element = Xml.SubElement(case, "error", type=_clean(report.error.ename))
        element.set("message", _clean(f"{report.error.ename}: {report.error.evalue}"))
        element.text = _clean("\n".join(report.error.traceback))
    elif cell.status == "different":
        _fail(case, cell.differences)
    elif cell.status in ("ignored", "new", "not_run"):
        Xml.SubElement(case, "skipped", message=_clean(cell.note))


def _case(suite: Xml.Element, report: TestReport, name: str) -> Xml.Element:
    return Xml.SubElement(suite, "testcase", classname=_clean(report.notebook), name=_clean(name))


def _fail(case: Xml.Element, differences: list[Difference]) -> None:
    failure = Xml.SubElement(case, "failure", type="different", message=_clean(differences[0].message))
    failure.text = "\n".join(
        _clean(f"{found.message}\n  expected: {found.expected}\n  actual:   {found.actual}")
        for found in differences
    )


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("�", re.sub(r"\x1b\[[0-9;]*m", "", text))
