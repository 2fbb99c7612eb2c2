"""What cannot answer: values of another kind than the one asked for."""

from __future__ import annotations

import pytest

from visual_agent.engines.planner.asked.plausible import plausible
from visual_agent.engines.planner.asked.questions import analyse


@pytest.mark.parametrize(
    ("question", "text", "label"),
    [
        ("Who mends the nets?", "Harbour Lane", ""),
        ("Who is our coach?", "Bring a towel!", ""),
        ("Who signed the form?", "row 7", ""),
        ("When does the 9:40 reach Alderley?", "9:40", ""),
        ("Which cousin took it?", "no", ""),
        ("Which choir is Enid in?", "2,310", ""),
        ("What's the extra charge for a locker?", "a basket", ""),
        ("What are the opening hours of the kiosk?", "drop", ""),
        ("Which bus do I take to the fort?", "Sat 3 May", ""),
        ("On what date does the course end?", "3 May", "Course begins"),
        ("What is the vet's phone number?", "VK-30217-4", ""),
    ],
)
def test_what_cannot_be_the_answer(question, text, label):
    assert not plausible(analyse(question), text, label)


@pytest.mark.parametrize(
    ("question", "text", "label"),
    [
        ("Who mends the nets?", "Ivo Marsh", ""),
        ("Where does the choir meet?", "Harbour Lane", ""),
        ("Which platform is it?", "12", ""),
        ("What's the extra charge for a locker?", "free", ""),
        ("Which bus do I take to the fort?", "X4", ""),
        ("On what date does the course end?", "30 May", "Course ends"),
        ("What is the vet's phone number?", "01632 960 118", ""),
    ],
)
def test_what_can_be_the_answer(question, text, label):
    assert plausible(analyse(question), text, label)
