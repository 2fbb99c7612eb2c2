"""Every error of visual_agent, named for who must act.

In: nothing. Out: the tree below. All messages end with what to do.

    VisualAgentError
    ├── UserError                 the caller must change the call
    │   ├── ImageError            a picture cannot be used; the message names it
    │   │   ├── ImageNotFound     no such file, ledger name or file_id
    │   │   ├── ImageUnreadable   not a picture, truncated, broken
    │   │   ├── ImageTooLarge     over the limit on bytes, pixels or pages
    │   │   └── ImageRefused      a path or URL that the settings forbid
    │   ├── BoxError              a box that is no box, or lies outside its picture
    │   └── ContentError          a message or an argument of a form we do not accept
    ├── ModelOutputError          the model said something that cannot be read; holds its text
    │   ├── MarkupError           broken <ref>, <box> or <quad> markup
    │   └── ActionError           broken Action / Action Input
    ├── EngineError               the model could not run
    │   ├── ModelNotFound         unknown name, missing file or shard
    │   ├── ModelMismatch         weights whose names, shapes or format do not fit
    │   ├── OutOfMemory           the weights or the cache do not fit this machine
    │   ├── EndpointError         a remote model refused the call or failed
    │   ├── NeedsVisionModel      the offline engine cannot see what was asked
    │   └── Cancelled             the caller cancelled the generation
    ├── ToolError                 a tool could not do its work
    └── MissingDependency         an extra is not installed
"""

from __future__ import annotations


class VisualAgentError(Exception):
    """Parent of every error that visual_agent raises on purpose."""


class UserError(VisualAgentError):
    """The call was wrong; change it and call again."""


class ImageError(UserError):
    """A picture cannot be used. `image` is the name or source as the caller gave it, shortened."""

    def __init__(self, message: str, *, image: str = "") -> None:
        super().__init__(message)
        self.image = image


class ImageNotFound(ImageError):
    """No such file, ledger name or file_id."""


class ImageUnreadable(ImageError):
    """The bytes are no picture, or a truncated or broken one."""


class ImageTooLarge(ImageError):
    """Over the limit on bytes, pixels or pages."""


class ImageRefused(ImageError):
    """A path or URL that the settings forbid."""


class BoxError(UserError):
    """A box without area, with unordered corners, or outside its picture."""


class ContentError(UserError):
    """A message block or an argument of a form that is not accepted."""


class ModelOutputError(VisualAgentError):
    """The model's text could not be read. `text` is what it said."""

    def __init__(self, message: str, *, text: str = "") -> None:
        super().__init__(message)
        self.text = text


class MarkupError(ModelOutputError):
    """Broken <ref>, <box> or <quad> markup."""


class ActionError(ModelOutputError):
    """A broken Action or Action Input."""


class EngineError(VisualAgentError):
    """The model could not run."""


class ModelNotFound(EngineError):
    """Unknown model name, or a missing file or shard."""


class ModelMismatch(EngineError):
    """Weights whose names, shapes or format do not fit the model."""


class OutOfMemory(EngineError):
    """The weights or the cache do not fit this machine."""


class EndpointError(EngineError):
    """A remote model refused the call or failed; a key that is not set is a `UserError`."""


class NeedsVisionModel(EngineError):
    """The offline engine cannot see what was asked for."""


class Cancelled(EngineError):
    """The caller cancelled the generation."""


class ToolError(VisualAgentError):
    """A tool could not do its work; the message is meant for the model and the user."""


class MissingDependency(VisualAgentError):
    """An optional package is not installed; the message names the extra to install."""
