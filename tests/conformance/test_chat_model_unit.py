"""LangChain's unit conformance suite on ChatQwenVL; every flag that applies is on, nothing is overridden."""

from __future__ import annotations

from langchain_tests.unit_tests import ChatModelUnitTests
from rule_engine import rule_engine

from visual_agent.chat_models import ChatQwenVL


class TestChatQwenVLUnit(ChatModelUnitTests):
    """Not switched on: `init_from_env_params` (there is nothing to read from the environment)."""

    @property
    def chat_model_class(self):
        return ChatQwenVL

    @property
    def chat_model_params(self):
        return {"engine": rule_engine(), "model": "rules"}

    @property
    def model_override_value(self):
        return "other-rules"
