"""Positions on a page: what stands somewhere (first line, top right, under a heading), and where something stands.

In: a `Question` and a `Page`. Out: the items that are meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from visual_agent.engines.planner.asked import asking
from visual_agent.engines.planner.asked.questions import Question, analyse
from visual_agent.engines.planner.asked.weights import weight
from visual_agent.engines.planner.fields.nearest import content, shares
from visual_agent.engines.planner.figures.running import paragraphs, told
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page, across, rows_of
from visual_agent.engines.planner.text.folding import normal
from visual_agent.engines.planner.text.values import han_number, is_numeric
from visual_agent.engines.planner.text.words import likeness, words

_ORDINAL = {
    "first": 1, "top": 1, "opening": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4,
    "fifth": 5, "5th": 5, "sixth": 6, "last": -1, "final": -1, "bottom": -1, "closing": -1,
}  # fmt: skip


_LEAST_PASSAGE = 0.6
"""Least share of a question that a paragraph must speak of to be written out."""


def part_of(question: Question, page: Page) -> list[Item]:
    """The lines that a description of a place means; empty where it means none."""
    folded = question.folded
    if not page.lines:
        return []
    return _relative(folded, page) or _nth(folded, page) or _by_size(folded, page) or _corner(folded, page)


def _relative(folded: str, page: Page) -> list[Item]:
    match = asking.find("relative", folded)
    zh = None if match else asking.find("relative_zh", folded)
    if match:
        side, anchor_text = match[1], re.split(r"[?.,]", match[2])[0]
    elif zh:
        side, anchor_text = zh[2], zh[1]
    else:
        return []
    grids = (
        page.grids
        if re.fullmatch(r"(?:the |this )?(?:table|grid|list)|(?:这张?|表)?表格?", anchor_text.strip())
        else ()
    )
    if grids and re.search(r"below|under|beneath|after|下|后", side):
        foot = max(c.box[3] for g in grids for c in g.cells)
        return next((lines for lines in paragraphs(page) if lines[0].middle[1] > foot), [])
    anchor = best_line(re.sub(r"^把", "", anchor_text), page)
    if anchor is None:
        return []
    rest = _rest(anchor, anchor_text) if re.search(r"after|following|next|right|后|右|旁", side) else ""
    return [replace(anchor, text=rest)] if rest else beside(anchor, side, page)


def _rest(anchor: Item, said: str) -> str:
    """What follows a label in its own line: "【贮藏】密封" for "贮藏"."""
    label = re.sub(r"^把|[【】\[\]\"“”'：:]", "", said).strip()
    match = re.match(rf"\W*{re.escape(label)}\s*[:：】\])]\s*(.{{2,}})", anchor.text, re.IGNORECASE)
    return match[1] if match else ""


def beside(anchor: Item, side: str, page: Page) -> list[Item]:
    """The line next to another one on the given side."""
    x, y = anchor.middle
    others = [i for i in page.lines if i.id != anchor.id]
    if re.search(r"below|under|beneath|after|following|下|后", side):
        near = [i for i in others if i.middle[1] > anchor.box[3] - 0.2 * anchor.height and across(anchor, i) > 0]
        return [min(near, key=lambda i: i.box[1])] if near else []
    if re.search(r"above|over|before|上|前", side):
        near = [i for i in others if i.middle[1] < anchor.box[1] + 0.2 * anchor.height and across(anchor, i) > 0]
        return [max(near, key=lambda i: i.box[3])] if near else []
    row = [i for i in others if abs(i.middle[1] - y) < 0.7 * anchor.height]
    left = [i for i in row if i.middle[0] < x]
    right = [i for i in row if i.middle[0] > x]
    if "left" in side or "左" in side:
        right = []
    elif "right" in side or "右" in side:
        left = []
    near = right or left
    return [min(near, key=lambda i: abs(i.middle[0] - x))] if near else []


def best_line(text: str, page: Page, least: float = 0.6) -> Item | None:
    """The line that a wording means: the one that holds most of its words and little else."""
    asked = analyse(text)
    if not asked.terms:
        return None
    scored = []
    for item in page.lines:
        said = words(item.text)
        total = sum(weight(t, asked) for t in asked.terms)
        share = sum(weight(t, asked) * likeness(t, said) for t in asked.terms) / total
        exact = 0.3 if normal(item.text).strip(" :：") == asked.folded.strip(" :：") else 0.0
        scored.append((share + exact - 0.02 * min(len(said.terms), 10), item))
    best = max(scored, key=lambda si: si[0], default=None)
    return best[1] if best is not None and best[0] >= least else None


def _nth(folded: str, page: Page) -> list[Item]:
    match, zh = asking.find("nth", folded), asking.find("nth_zh", folded)
    rows = rows_of(page.lines)
    if match:
        number = _ORDINAL[match[1]]
    elif zh and zh[1]:
        number = int(zh[1]) if zh[1].isdigit() else int(han_number(zh[1]) or 0)
    elif zh:
        number = -1 if zh[2] or "下" in (zh[3] or "") else 1
    else:
        return []
    index = number - 1 if number > 0 else number
    return rows[index] if rows and -len(rows) <= index < len(rows) else []


def _by_size(folded: str, page: Page) -> list[Item]:
    lines = [i for i in (page.loose or page.lines) if sum(c.isalpha() for c in i.text) >= 2]
    if not lines:
        return []
    if asking.find("title", folded):
        tall = max(i.height for i in lines)
        top = page.size[1] or max(i.box[3] for i in lines)
        big = [i for i in lines if i.height >= 0.88 * tall and not is_numeric(i.text)]
        head = min(big, key=lambda i: i.box[1]) if big else lines[0]
        if tall < 1.15 * sorted(i.height for i in lines)[len(lines) // 2] and head.box[1] > 0.3 * top:
            head = lines[0]
        whole = [head, *_wrapped(head, lines)]
        if not asking.find("subtitle", folded):
            return whole
        after = [i for i in lines if i.box[1] > whole[-1].middle[1] and i.box[1] - whole[-1].box[3] < 3 * head.height]
        return after[:1] or whole[1:]
    if asking.find("small_print", folded):
        return [min(lines, key=lambda i: i.height)]
    return []


def _wrapped(head: Item, lines: Sequence[Item]) -> list[Item]:
    """The lines that go on a heading in the same type."""
    found, last = [], head
    for item in sorted(lines, key=lambda i: i.box[1]):
        if item.id == head.id or item.box[1] < last.box[3] - 0.3 * last.height:
            continue
        same = abs(item.height - head.height) < 0.12 * head.height and across(last, item) > 0.3
        if item.box[1] - last.box[3] < 0.6 * head.height and same:
            found.append(item)
            last = item
        else:
            break
    return found


_TRANSCRIBING = re.compile(
    r"\b(?:please|transcribe|transcription|type|write|copy|read|spell|out|down|aloud|all|everything|whole|entire|full|text|words?|"
    r"sign|label|notice|page|picture|image|photo|document|note|poster|letter|card|receipt|screen|board|message|say|says|written|"
    r"printed|exactly|verbatim|about|lines?|sentences?|paragraphs?|content|contents|see|visible|ocr)\b"
    r"|照?抄[写录]?|转[录写]|识别|文[字本]|内容|全文|图[片中里上]?|牌子|画面|上面|[写印]着?|逐字|原样|一遍|[下出]来|[读念]|所有|全部|[句段行]话?|一字不差"
)


def passage(question: Question, page: Page) -> list[Item]:
    """The paragraph that a question wants word by word ("copy out the warning"); empty where it wants everything."""
    phrase = _TRANSCRIBING.sub(" ", question.folded)
    if question.quoted or not content(phrase):
        return []
    if re.search(r"\bsentence\b|\babout\b|句|关于", question.folded):
        whole = [[replace(page.known[t.ids[0]], text=t.text)] for t in told(page)]
    else:
        whole = paragraphs(page)
    whole += [[i] for i in page.lines if i not in page.loose]
    scores = shares(phrase, [" ".join(i.text for i in lines) for lines in whole])
    best = max(zip(scores, whole, strict=True), key=lambda sw: sw[0], default=None)
    return best[1] if best is not None and best[0] >= _LEAST_PASSAGE else []


def _corner(folded: str, page: Page) -> list[Item]:
    """The line nearest to a corner or an edge."""
    match = asking.find("corner", folded)
    if not match:
        return []
    said = " ".join(g for g in match.groups() if g)
    width = page.size[0] or max(i.box[2] for i in page.lines)
    height = page.size[1] or max(i.box[3] for i in page.lines)
    if not re.search("left|right|cent|middle|左|右|中", said):
        rows = rows_of(page.lines)
        return rows[-1 if re.search("bottom|lower|foot|底|下", said) else 0]
    x = 0.0 if re.search("left|左", said) else 1.0 if re.search("right|右", said) else 0.5
    y = 0.0 if re.search("top|upper|顶|上", said) else 1.0 if re.search("bottom|lower|底|下", said) else 0.5

    def away(item: Item) -> float:
        px = item.box[0] if x == 0 else item.box[2] if x == 1 else item.middle[0]
        py = item.box[1] if y == 0 else item.box[3] if y == 1 else item.middle[1]
        return abs(px / width - x) + abs(py / height - y)

    nearest = min(page.lines, key=away)
    return [nearest] if away(nearest) < 0.6 else []


_BULLET = re.compile(r"^\s*(?:[-*•·▪◦□☐☑■●○✓✔]|\(?\d{1,2}[.)、]|[①-⑳])\s*\S")


def bulleted(page: Page) -> list[Item]:
    """The lines of a list: with bullets or numbers, else the largest group that begins at one left edge."""
    marked = [i for i in page.lines if _BULLET.match(i.text)]
    best: list[Item] = []
    for item in page.loose:
        group = [
            i
            for i in page.loose
            if abs(i.box[0] - item.box[0]) < 0.5 * item.height and abs(i.height - item.height) < 0.4 * item.height
        ]
        best = group if len(group) > len(best) else best
    if len(marked) >= 3 and len(marked) >= len(best) - 1:
        return (
            marked
            if len(marked) >= len(best)
            else [i for i in best if i.height < 1.3 * marked[0].height and i not in _heads(page)]
        )
    return [i for i in best if i not in _heads(page)]


def _heads(page: Page) -> list[Item]:
    return list(page.loose[:1])


def region_word(box: tuple[float, float, float, float], size: tuple[int, int], chinese: bool) -> str:
    """Where a box lies, in words: "top right"."""
    x = (box[0] + box[2]) / 2 / max(size[0], 1)
    y = (box[1] + box[3]) / 2 / max(size[1], 1)
    across_ = 0 if x < 0.38 else 2 if x > 0.62 else 1
    down = 0 if y < 0.38 else 2 if y > 0.62 else 1
    if chinese:
        names = (("左上方", "上方", "右上方"), ("左侧", "中间", "右侧"), ("左下方", "下方", "右下方"))
    else:
        names = (
            ("top left", "top", "top right"),
            ("left", "middle", "right"),
            ("bottom left", "bottom", "bottom right"),
        )
    return names[down][across_]
