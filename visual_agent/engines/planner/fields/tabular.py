"""Answers that need the make-up of a page: itemised lists, weeks' plans, timetables.

In: a `Question` and the `Page`s of its pictures. Out: a `Solution`, or None.
"""

from __future__ import annotations

from collections.abc import Sequence

from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.fields.receipts import itemised
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.fields.weekly import weekly
from visual_agent.engines.planner.page.pages import Page


def tabular(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The first of the readers of such pages that has an answer."""
    return itemised(question, pages) or weekly(question, pages)
