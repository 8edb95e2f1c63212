"""The synthetic terminal and other rendered sites: footage by seed of people who do not exist, with its truth."""

from facelab.data.terminal.facts import PassageFacts, read_facts
from facelab.data.terminal.posts import Place, site_of_camera
from facelab.data.terminal.render import render_terminal

__all__ = ["PassageFacts", "Place", "read_facts", "render_terminal", "site_of_camera"]
