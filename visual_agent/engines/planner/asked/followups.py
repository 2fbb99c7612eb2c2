"""Follow-up questions: "and the tax?", "what about Tuesday?", "那第二张呢？".

In: a `Conversation`. Out: the question in full: what a short follow-up leaves out is taken from the question before it.
"""

from __future__ import annotations

from dataclasses import replace

from visual_agent.engines.planner.asked import asking
from visual_agent.engines.planner.asked.conversation import Conversation
from visual_agent.engines.planner.asked.questions import Question, analyse, typed
from visual_agent.engines.planner.text.words import Term, lexicon

MEMORY = 6
"""Earlier questions that a follow-up may lean on, one on the other."""


def resolve(conversation: Conversation) -> Question:
    """The question to answer now."""
    pictures = max(len(conversation.roots), 1)
    known: Question | None = None
    for text in [*(q for q, _ in conversation.earlier[-MEMORY:]), conversation.question]:
        question = analyse(text, pictures)
        known = merge(known, question) if known is not None and _is_short(question) else question
    assert known is not None
    return known


def _is_short(question: Question) -> bool:
    opening = asking.find("follows", question.folded)
    if opening is None:
        return (
            len(question.folded) < 25
            and not asking.find("whole_question", question.folded)
            and len(question.content) <= 2
        )
    rest = question.folded[opening.end() :] if opening.start() == 0 else question.folded[: opening.start()]
    return len(question.content) <= 3 and not (asking.find("whole_question", rest) and len(question.content) > 1)


def merge(before: Question, now: Question) -> Question:
    """The earlier question with what the new one says in place of the same kind of thing."""
    fresh = [t for t in now.terms if t.kind != "soft" and (not t.weak or t.concepts)]
    if not fresh:
        return replace(before, text=now.text, picture=now.picture if now.picture is not None else before.picture)
    label = any(_is_field(t) for t in fresh)
    kept = [t for t in before.terms if (label and not _is_field(t)) or (not label and _is_field(t))]
    if label:
        kept = [t for t in kept if t.kind != "soft"]
    wants = now.wants or ("" if label else before.wants or typed(before.terms))
    kind = (
        before.kind
        if now.kind in ("field", "place", "locate") and before.kind in ("yesno", "extreme") and not label
        else now.kind
    )
    kind = "field" if label and kind in ("place", "locate") else kind
    picture = now.picture if now.picture is not None else before.picture
    return replace(
        now,
        kind=kind,
        wants=wants,
        terms=(*kept, *now.terms),
        picture=picture,
        high=now.high if now.high is not None else before.high,
    )


def _is_field(term: Term) -> bool:
    """Whether a term names a kind of value ("tax", "date") rather than a thing or a day."""
    book = lexicon()
    return any(book.concepts[c].kind for c in term.concepts)
