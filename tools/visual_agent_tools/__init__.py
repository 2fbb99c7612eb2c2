"""The tools of visual_agent; users import them from `visual_agent.tools`."""
