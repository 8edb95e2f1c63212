"""What could not be read of a footage: counted, with the first cases named, and never the end of the rest."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

NAMED = 20


@dataclass
class Losses:
    """A count that a source adds to while it is read.

    Parameters
    ----------
    frames_read : int
        Frames that were handed out.
    frames_lost : int
        Frames or packets that were there and could not be decoded, or only in part.
    frames_missing : int
        Numbers missing between the first and the last of a folder of frames.
    frames_resized : int
        Frames handed out whose size is not that of their clip's first frame.
    frames_back : int
        Frames whose time was not after that of the one before; they were given a time that goes on.
    frames_repeated : int
        Frames that show bit for bit what the one before shows; no loss by itself (a still scene, well compressed).
    frames_frozen : int
        Of these, the ones in stretches of a second or more: a camera that hangs, most likely.
    frames_black : int
        Frames that show nothing.
    gaps : int
        Holes in the time between one frame and the next, of a second or more.
    gap_s : float
        How long these are together, s.
    rate_changes : int
        How often the frame rate became another.
    reconnects : int
        How often a live camera was lost and came back.
    clips_cut : int
        Clips that ended before their time: a truncated file, a camera that fell silent.
    clips_failed : int
        Clips of which not one frame could be read.
    clips_changed : int
        Files that grew or changed while they were read; what was read is used, and not kept in the cache.
    named : list of str
        The first cases, one line each: the file, the place in it and the cause.
    """

    frames_read: int = 0
    frames_lost: int = 0
    frames_missing: int = 0
    frames_resized: int = 0
    frames_back: int = 0
    frames_repeated: int = 0
    frames_frozen: int = 0
    frames_black: int = 0
    gaps: int = 0
    gap_s: float = 0.0
    rate_changes: int = 0
    reconnects: int = 0
    clips_cut: int = 0
    clips_failed: int = 0
    clips_changed: int = 0
    named: list[str] = field(default_factory=list)

    def name(self, line: str) -> None:
        """Keep `line`, unless there are enough already."""
        if len(self.named) < NAMED:
            self.named.append(line)

    def add(self, other: Losses) -> None:
        """Add the counts of `other`, another clip of the same footage."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for line in other.named:
            self.name(line)

    @property
    def any(self) -> bool:
        """True where something was lost, or was not as it should be."""
        return any(getattr(self, name) for name in _COUNTS if name not in ("frames_read", "frames_repeated"))

    def __str__(self) -> str:
        """One sentence for a report."""
        parts = [f"{self.frames_read:,} frames read"]
        parts += [f"{getattr(self, name):,} {what}" for name, what in _IN_WORDS if getattr(self, name)]
        if self.gaps:
            parts.append(f"{self.gaps:,} gap(s) of {self.gap_s:.1f} s together")
        clips = "".join(f"; {getattr(self, name):,} {what}" for name, what in _OF_CLIPS if getattr(self, name))
        return ", ".join(parts) + clips


_COUNTS = tuple(f.name for f in fields(Losses) if f.name != "named")
_IN_WORDS = (
    ("frames_lost", "could not be decoded"),
    ("frames_missing", "missing from their folder"),
    ("frames_resized", "of another size than their clip"),
    ("frames_back", "whose time did not go on"),
    ("frames_frozen", "of a frozen picture"),
    ("frames_black", "black"),
)
_OF_CLIPS = (
    ("rate_changes", "change(s) of frame rate"),
    ("reconnects", "reconnection(s)"),
    ("clips_cut", "clip(s) ended early"),
    ("clips_failed", "clip(s) could not be read at all"),
    ("clips_changed", "file(s) changed while they were read"),
)
