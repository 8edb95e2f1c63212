"""What could not be read of a footage: counted, with the first cases named, and never the end of the rest."""

from __future__ import annotations

from dataclasses import dataclass, field

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
    clips_cut : int
        Clips that ended before their time: a truncated file, a camera that fell silent.
    named : list of str
        The first cases, one line each: the file, the place in it and the cause.
    """

    frames_read: int = 0
    frames_lost: int = 0
    frames_missing: int = 0
    frames_resized: int = 0
    clips_cut: int = 0
    named: list[str] = field(default_factory=list)

    def name(self, line: str) -> None:
        """Keep `line`, unless there are enough already."""
        if len(self.named) < NAMED:
            self.named.append(line)

    def add(self, other: Losses) -> None:
        """Add the counts of `other`, another clip of the same footage."""
        self.frames_read += other.frames_read
        self.frames_lost += other.frames_lost
        self.frames_missing += other.frames_missing
        self.frames_resized += other.frames_resized
        self.clips_cut += other.clips_cut
        for line in other.named:
            self.name(line)

    @property
    def any(self) -> bool:
        """True where something was lost."""
        return bool(self.frames_lost or self.frames_missing or self.frames_resized or self.clips_cut)

    def __str__(self) -> str:
        """One sentence for a report."""
        parts = [
            f"{count:,} {what}"
            for count, what in (
                (self.frames_lost, "could not be decoded"),
                (self.frames_missing, "missing from their folder"),
                (self.frames_resized, "of another size than their clip"),
            )
            if count
        ]
        cut = f"; {self.clips_cut:,} clip(s) ended early" if self.clips_cut else ""
        return f"{self.frames_read:,} frames read" + (", " + ", ".join(parts) if parts else "") + cut
