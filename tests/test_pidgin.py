"""Chinese word by word in English, and the way back to the characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_agent.engines.planner.language.pidgin import pidgin


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("押金：￥500.00", "deposit:￥500.00"),
        ("电话 0571-88201234", "phone 0571-88201234"),
        ("Gate 12 关闭", "Gate 12 close"),
        ("多少钱？", "how much money？"),
        ("Total 41.53", "Total 41.53"),
        ("", ""),
    ],
)
def test_words_become_english(chinese, english):
    assert pidgin(chinese).text == english


def test_a_part_of_the_english_goes_back_to_whole_words():
    read = pidgin("营业时间：9:00至21:30，周一休息")
    assert read.original(*_where(read.text, "9:00")) == "9:00"
    assert read.original(*_where(read.text, "21:30")) == "21:30"
    word = read.original(*_where(read.text, "monday")) if "monday" in read.text else "周一"
    assert word == "周一"


def _where(text, part):
    at = text.index(part)
    return at, at + len(part)


@given(st.text(alphabet="押金电话号码的多少钱元 :：，。12ab£€-/", max_size=40))
def test_every_character_is_in_one_span_and_the_spans_make_the_text(text):
    read = pidgin(text)
    assert "".join(read.source[a:b] for _, _, a, b in read.spans) == text
    assert [s[2:] for s in read.spans] == sorted(s[2:] for s in read.spans)
    assert all(read.text[s:e] for s, e, _, _ in read.spans if s < e)
    if read.text.strip():
        assert read.original(0, len(read.text)).strip() in text
