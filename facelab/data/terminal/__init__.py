"""The synthetic terminal: footage of three cameras, rendered by seed from people who do not exist, with its truth."""

from facelab.data.terminal.render import render_terminal

__all__ = ["render_terminal"]
