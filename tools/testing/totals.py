# SPDX-License-Identifier: BSD-3-Clause
"""Counts of what passed, failed and was skipped, and how they are read out of a GoogleTest result file."""
import dataclasses
import xml.etree.ElementTree as ElementTree


@dataclasses.dataclass
class Totals:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def from_gtest_xml(path):
    """Totals of a --gtest_output=xml: file; None when the program did not live to write one."""
    try:
        cases = ElementTree.parse(path).getroot().iter("testcase")
    except (OSError, ElementTree.ParseError):
        return None
    totals = Totals()
    for case in cases:
        if case.find("failure") is not None or case.find("error") is not None:
            totals.failed += 1
        elif case.get("status") == "notrun" or case.get("result") in ("skipped", "suppressed"):
            totals.skipped += 1
        else:
            totals.passed += 1
    return totals
