"""Who said it: in a chat the sender's name stands over the message.

In: a `Question` for a person and a `Page` that shows a chat. Out: the sender of the message that speaks of what is
asked, or None. A chat has short names that stand alone in their lines, each over a line that starts where it starts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.weights import is_generic, weight
from visual_agent.engines.planner.fields.chatting import bubbles, speaker
from visual_agent.engines.planner.figures.running import alike, written
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.dictionary import segmented
from visual_agent.engines.planner.text.folding import has_han, normal
from visual_agent.engines.planner.text.meanings import nearest_of
from visual_agent.engines.planner.text.values import values
from visual_agent.engines.planner.text.words import Term

_CLOCK = re.compile(r"\d{1,2}[:：.]\d{2}(?:\s?[ap]m)?", re.IGNORECASE)
_LEAST = 0.6
_APART = 0.08


@dataclass(frozen=True)
class Message:
    """What somebody wrote: the line with the name and the lines under it."""

    sender: Item
    lines: tuple[Item, ...]

    @property
    def text(self) -> str:
        """The message in one line."""
        return written(self.lines)


def messages(page: Page) -> list[Message]:
    """The messages of a chat; empty where the page is none."""
    lines = [replace(i, text=speaker(i.text)) for i in sorted(page.loose, key=lambda i: i.box[1])]
    first = [m for i in lines if _may_be_sender(i) and (m := _under(i, lines, frozenset())) is not None]
    names = frozenset(m.sender.text.strip() for m in first)
    found = [m for s in first if (m := _under(s.sender, lines, names)) is not None]
    clocks = sum(_CLOCK.search(i.text) is not None and len(i.text) < 24 for i in page.loose)
    told = sum(len(m.text) > 2 * len(m.sender.text) for m in found)
    repeated = len({normal(m.sender.text) for m in found}) < len(found)
    chat = len(names) > 1 and told > 1 and 2 * told > len(first) and (clocks > 1 or repeated)
    return found if chat else [Message(sender, (said,)) for sender, said in bubbles(page)]


def _may_be_sender(item: Item) -> bool:
    text = item.text.strip()
    if values(text) or re.search(r"[\d:：.!?,。！？，]", text):
        return False
    return 2 <= len(text) <= 6 if has_han(text) else text[:1].isupper() and len(text.split()) <= 2 and len(text) <= 18


def _under(sender: Item, lines: list[Item], names: frozenset[str]) -> Message | None:
    """The lines right under a name that start where it starts."""
    found: list[Item] = []
    bottom, height = sender.box[3], sender.height
    for item in lines:
        if item.box[1] <= sender.box[1] or abs(item.box[0] - sender.box[0]) > 1.2 * height:
            continue
        if item.box[1] - bottom > 1.3 * height or item.text.strip() in names or _CLOCK.fullmatch(item.text.strip()):
            break
        found.append(item)
        bottom = item.box[3]
    return Message(sender, tuple(found)) if found and len(found[0].text) > 3 else None


def sender_of(question: Question, page: Page, says: Callable[[str], bool]) -> Message | None:
    """The message that speaks most clearly of what a "who" asks for; `says` tells whether a text speaks of its role."""
    spoken = [t for t in question.terms if not _ASKED.search(t.text)]
    terms = {t: weight(t, question) for t in [t for t in spoken if not is_generic(t)] or spoken}
    counted = {t: max(w, 0.5) for t, w in terms.items()}
    if not counted or _NAMES.search(question.folded):
        return None
    scored = [(_score(counted, m, says), n, m) for n, m in enumerate(messages(page))]
    scored.sort(key=lambda s: (-s[0], s[1]))
    if not scored or scored[0][0] < _LEAST:
        return None
    best = scored[0]
    rivals = any(s > best[0] - _APART and m.sender.text != best[2].sender.text for s, _, m in scored[1:])
    return None if rivals else best[2]


_ASKED = re.compile(r"^(?:who|whom|whose|next|this time)$|谁|哪位|这次")
_NAMES = re.compile(r"\bwho(?:'s| is| are| was| were) (?:in|the|this|that)\b|\bwhose\b|叫什么|姓什么|是谁$|谁的")


def _score(counted: dict[Term, float], message: Message, says: Callable[[str], bool]) -> float:
    text = message.text
    said = {t: max(alike(t, text), _near(t.text, text)) for t in counted}
    role = says(text)
    lacking = [t for t, s in said.items() if s < 0.6 and counted[t] >= 0.9 and not (role and says(t.text))]
    if lacking:
        return 0.0
    got = sum(w * said[t] for t, w in counted.items()) / sum(counted.values())
    return max(got, 0.75 * role + 0.2 * got) + (0.05 if _FIRST.search(text) else -0.15)


_FIRST = re.compile(
    r"\b(?:i|i['’]?ll|i['’]?m|i['’]?ve|me|mine|my)\b|我|咱|^\w+ing\b|^(?:will|can|can't|got|have|sorry|不好意思)",
    re.IGNORECASE,
)


def _near(word: str, text: str) -> float:
    """How near the meaning of a word comes to a word of a text, as a share."""
    best = nearest_of(word, _words(text))
    return 0.8 if best >= 0.5 else 0.6 if best >= 0.42 else 0.0


def _words(text: str) -> Iterator[str]:
    for run in re.findall(r"[a-z']{3,}|[\u3400-\u9fff]+", normal(text)):
        yield from (w for w in segmented(run) if len(w) > 1) if has_han(run) else (run,)
