"""LangChain's integration conformance suite on ChatQwenVL; every flag that applies is on, nothing is overridden.

Not switched on: audio and video (the model has no ears), and the recorded timing test (there is no network to record).
"""

from __future__ import annotations

from langchain_tests.integration_tests import ChatModelIntegrationTests
from rule_engine import rule_engine

from visual_agent.chat_models import ChatQwenVL
from visual_agent.engines.registry import register

register("other-rules", lambda: rule_engine(name="other-rules"))


class TestChatQwenVL(ChatModelIntegrationTests):
    """Structured output by a forced tool call."""

    @property
    def chat_model_class(self):
        return ChatQwenVL

    @property
    def chat_model_params(self):
        return {"engine": rule_engine(), "model": "rules"}

    @property
    def model_override_value(self):
        return "other-rules"

    @property
    def supports_json_mode(self):
        return True

    @property
    def supports_image_inputs(self):
        return True

    @property
    def supports_image_urls(self):
        return True

    @property
    def supports_image_tool_message(self):
        return True

    @property
    def supports_pdf_inputs(self):
        return True

    @property
    def supports_pdf_tool_message(self):
        return True

    @property
    def supports_anthropic_inputs(self):
        return True


class TestChatQwenVLJsonSchema(TestChatQwenVL):
    """Structured output by JSON that follows a schema in the prompt."""

    @property
    def structured_output_kwargs(self):
        return {"method": "json_schema"}


class TestChatQwenVLNativeTools(TestChatQwenVL):
    """An engine that takes tools in its own template instead of ReAct text."""

    @property
    def chat_model_params(self):
        return {"engine": rule_engine(native=True), "model": "rules"}
