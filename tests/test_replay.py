"""Replay: a saved run's tools give the same again, and what differs is shown."""

from __future__ import annotations

from dataclasses import replace as changed
from pathlib import Path

import pytest
from agent_kit import act, agent_of, cropper, final, picture, reader, scripted
from langchain_core.tools import tool

from visual_agent.agent import VisualAgent
from visual_agent.engines.base import Profile
from visual_agent.errors import ImageNotFound, UserError
from visual_agent.geometry import Box
from visual_agent.observations import Observation
from visual_agent.replay import compare_observations, replay
from visual_agent.trace import Step, Trace


def tools(ledger):
    return [reader(ledger), cropper(ledger)]


def run_of(*turns, thread=None, agent=None, pictures=None):
    agent = agent or agent_of(*turns)
    return agent.run("What is the total?", *([picture()] if pictures is None else pictures), thread=thread).trace


TURNS = [
    act("read_text", {"image": "img1"}),
    act("crop", {"image": "img1", "box": "r3"}),
    act("read_text", {"image": "img1.crop1"}),
    act("read_text", {"image": "img1"}),
    act("nothing", {}),
    final("12.30 [r3]"),
]


def test_the_same_tools_see_the_same(tmp_path):
    trace = Trace.load(run_of(*TURNS).save(tmp_path / "run.jsonl"))
    again = replay(trace, tools=tools)
    assert again.same
    assert [step.skipped for step in again.steps] == [
        "",
        "",
        "",
        "it was answered from memory",
        "it failed in the run",
    ]
    assert again.ledger.get("img1.crop1").hash == trace.picture("img1.crop1").hash
    assert again.summary()[-1] == "3 of 5 steps run again; none differ."


def test_replaying_twice_gives_the_same():
    trace = run_of(*TURNS)
    assert replay(trace, tools=tools).to_dict() == replay(trace, tools=tools).to_dict()


def test_a_follow_up_replays_on_what_the_conversation_had(tmp_path):
    agent = agent_of(*TURNS[:3], final("12.30 [r3]"), act("crop", {"image": "img1.crop1", "box": "r3"}),
                     act("read_text", {"image": "img2"}), final("x"))  # fmt: skip
    agent.run("What is the total?", picture(), thread="t")
    trace = run_of(agent=agent, thread="t", pictures=[picture("red")])
    assert len(trace.before["regions"]) == 6
    again = replay(Trace.load(trace.save(tmp_path / "run.jsonl")), tools=tools)
    assert again.same, again.summary()
    assert [step.skipped for step in again.steps] == ["", ""]


def test_what_differs_is_shown():
    trace = run_of(*TURNS)

    def others(ledger):
        read = reader(ledger)

        @tool(response_format="content_and_artifact")
        def read_text(image: str = "img1", box: str | None = None) -> tuple[str, dict]:
            """Read, a little differently."""
            value = Observation.from_dict(read.invoke({"name": "read_text", "args": {"image": image}, "id": "x",
                                                       "type": "tool_call"}).artifact)  # fmt: skip
            first, second, third = value.regions
            moved = changed(second, box=Box(12, 30, 150, 45))
            text = value.text.replace("12.30", "12.80")
            return text, Observation(text, (first, moved, changed(third, phrase="TOTAL 12.80"))).to_dict()

        return [read_text, cropper(ledger)]

    again = replay(trace, tools=others)
    assert not again.same
    first = again.steps[0]
    assert "-[r3] (10,60,150,75) 0.96 TOTAL 12.30" in first.text
    assert "+[r3] (10,60,150,75) 0.96 TOTAL 12.80" in first.text
    assert first.regions == (
        "region r2 is at (12, 30, 150, 45) of img1, was (10, 30, 150, 45) of img1",
        "region r3 reads 'TOTAL 12.80', was 'TOTAL 12.30'",
    )
    assert again.steps[1].same
    assert again.to_dict()["steps"][0]["same"] is False
    assert any("differs" in line for line in again.summary())


def test_regions_and_pictures_that_come_and_go():
    trace = run_of(*TURNS)
    seen = trace.steps[0].observation
    step = trace.steps[0]
    less = compare_observations(step, changed(seen, regions=seen.regions[:2], pictures=("img1.crop9",)))
    assert less.regions == ("region r3 is gone: TOTAL 12.30",)
    assert less.pictures == ("pictures: none -> img1.crop9",)
    more = compare_observations(changed(step, observation=changed(seen, regions=seen.regions[:2])), seen)
    assert more.regions == ("region r3 is new: TOTAL 12.30",)


def test_a_pixel_of_rounding_is_no_difference():
    step = run_of(*TURNS).steps[0]
    regions = tuple(changed(r, box=Box(*(v + 0.9 for v in r.box.as_tuple()))) for r in step.observation.regions)
    assert compare_observations(step, changed(step.observation, regions=regions)).same


def test_tools_that_are_missing_or_look_outside_are_skipped():
    trace = run_of(*TURNS)
    trace.steps.append(Step(6, "", "web_search", {"query": "x"}, "c", Observation("y")))
    again = replay(trace, tools=lambda ledger: [reader(ledger)])
    assert again.steps[1].skipped == "there is no such tool here"
    assert again.steps[-1].skipped == "it asks the world outside"


def test_what_a_model_found_is_not_looked_for_without_it():
    trace = run_of(*TURNS)
    seen = trace.steps[0].observation
    by_model = changed(seen, regions=tuple(changed(region, source="ocr+model") for region in seen.regions))
    trace.steps[0] = changed(trace.steps[0], observation=by_model)
    assert replay(trace, tools=tools).steps[0].skipped == "a model found its regions"


def test_a_tool_that_fails_now_differs():
    def failing(ledger):
        @tool
        def read_text(image: str = "img1", box: str | None = None) -> str:
            """Fail."""
            raise UserError("no engine; install it.")

        read_text.handle_tool_error = True
        return [read_text, cropper(ledger)]

    step = replay(run_of(*TURNS), tools=failing).steps[0]
    assert not step.same
    assert any("no engine" in line for line in step.text)


def test_a_trace_needs_its_pictures(tmp_path):
    trace = run_of(*TURNS)
    path = trace.save(tmp_path / "run.jsonl")
    for file in (tmp_path / "run.pictures").iterdir():
        file.unlink()
    with pytest.raises(ImageNotFound):
        replay(Trace.load(path), tools=tools)
    with pytest.raises(UserError, match="no pictures"):
        replay(Trace("?", "m", "now"), tools=tools)


def test_our_own_tools_replay_the_same(tmp_path):
    receipt = Path(__file__).parent.parent / "samples" / "receipt.png"
    turns = [
        act("read_text", {"image": "img1"}),
        act("ground", {"phrase": "total"}),
        act("crop", {"image": "img1", "box": "r3"}),
        act("read_text", {"image": "img1.crop1"}),
        act("annotate", {"image": "img1", "regions": ["r1", "r2"]}),
        act("count", {"phrase": "toast"}),
        final("It is [r1]."),
    ]
    blind = scripted(*turns, profile=Profile("scripted", sees=False))  # else ground would ask the model too
    trace = VisualAgent(blind).run("What is the total?", receipt).trace
    assert [step.error for step in trace.steps] == [""] * 6
    again = replay(Trace.load(trace.save(tmp_path / "run.jsonl")))
    assert again.same, again.summary()
    assert not any(step.skipped for step in again.steps)
    assert {p.name: p.hash for p in again.ledger.pictures()} == {r.name: r.hash for r in trace.pictures}
