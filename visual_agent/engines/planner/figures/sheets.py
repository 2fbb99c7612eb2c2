"""A question and all figures of its pages: which of them a phrase names.

In: a `Question` and `Page`s. Out: `Sheet`. Words of a page's heading ("at Beckside", "in winter") say which page is
meant and name no figure.
"""

from __future__ import annotations

from collections.abc import Sequence

from visual_agent.engines.planner.asked.naming import heading
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.weights import is_generic
from visual_agent.engines.planner.fields.tables import by_outcome
from visual_agent.engines.planner.figures.figures import Figure, figures
from visual_agent.engines.planner.figures.operands import Named, candidates, spoken
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.words import Term, likeness, words


class Sheet:
    """A question with the figures of its pages."""

    def __init__(self, question: Question, pages: Sequence[Page]) -> None:
        self.question, self.pages = by_outcome(question), list(pages)
        self.folded = question.folded
        self.page_of = {p.name: p for p in pages}
        self.figures: list[Figure] = [f for p in pages for f in figures(p)]
        self._known: dict[tuple[str, str], list[Named]] = {}
        self._heads = {p.name: words(" ".join(heading(p))) for p in pages}

    def named(self, phrase: str, page: str = "") -> list[Named]:
        """The figures that a phrase names: on one page, on the page that it or the question means, else on all."""
        if (phrase, page) not in self._known:
            some = [f for f in self.figures if f.page == page] if page else self.meant(phrase)
            self._known[phrase, page] = candidates(phrase, some, self.page_of, self.addressing())
        return self._known[phrase, page]

    def meant(self, phrase: str) -> list[Figure]:
        """The figures of the page that a phrase or the question addresses; all where neither does."""
        page = self._meant(spoken(phrase)) or self._meant(self.question.terms)
        return [f for f in self.figures if f.page == page] if page else self.figures

    def _meant(self, terms: Sequence[Term]) -> str:
        """The page that terms address; "" where they address none or several."""
        found = {name for t in terms for name in self._addressed(t)}
        return found.pop() if len(found) == 1 else ""

    def addressing(self) -> frozenset[str]:
        """The words of the question that say which page is meant."""
        return frozenset(t.text for t in self.question.terms if self._addressed(t))

    def _addressed(self, term: Term) -> list[str]:
        year = term.kind == "number" and len(term.text) == 4
        if len(self.pages) < 2 or term.weak or is_generic(term) or (term.kind in ("soft", "number") and not year):
            return []
        inside = [name for name, head in self._heads.items() if likeness(term, head) >= 0.9]
        others = [p for p in self.pages if p.name not in inside]
        return inside if len(inside) == 1 and all(likeness(term, p.words) < 0.9 for p in others) else []
