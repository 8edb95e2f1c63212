"""What an evaluation hands to a site: the tuned config, signed where a key is named, its card; whether it holds here.

The environment variable ``FACELAB_SIGNING_KEY`` names the file of a private key (`facelab keys`); it is in no setting,
so that no scenario and no run says where a key lies.
"""

from __future__ import annotations

import os
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facelab.deploy import write_tuned
from facelab.deploy.card import card, card_page
from facelab.deploy.checking import Finding, Place, findings, verdict_of
from facelab.deploy.signature import private_key, signed
from facelab.experiments.workspace import written_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from facelab.deploy import TunedConfig
    from facelab.experiments.study import Study
    from facelab.experiments.workspace import Workspace

KEY_VARIABLE = "FACELAB_SIGNING_KEY"


def signing_key() -> Ed25519PrivateKey | None:
    """The key that evaluations sign with; None where none is named.

    Raises
    ------
    BadInput
        What is named is no private key, or others may read it.
    """
    named = os.environ.get(KEY_VARIABLE, "").strip()
    return private_key(Path(named).expanduser()) if named else None


def write_exported(place: Workspace, config: TunedConfig) -> TunedConfig:
    """`config`, signed where a key is named, as ``tuned.json`` with ``card.md`` and ``card.html`` beside it."""
    key = signing_key()
    final = config if key is None else signed(config, key)
    write_tuned(place.tuned, final)
    for path, text in ((place.card, card(final)), (place.card_page, card_page(final))):
        with written_whole(path) as beside:
            beside.write_text(text, encoding="utf-8")
    return final


def card_shown(study: Study) -> Any:
    """The card, that Jupyter shows; its headings stand below those of a notebook's sections."""
    from facelab.experiments.study import say

    lines = study.workspace.card.read_text(encoding="utf-8").splitlines()
    return say("\n".join(f"##{line}" if line.startswith("#") else line for line in lines))


def found_here(study: Study, config: TunedConfig) -> tuple[Finding, ...]:
    """What `facelab check` says of `config` on this machine, for the watchlist and the cameras it was measured with."""
    key = signing_key()
    place = Place(study.scenario.pack, study.evidence.enrolled, config.validity.cameras)
    return findings(config, place, trusted=() if key is None else (key.public_key(),))


def findings_table(found: Sequence[Finding]) -> Any:
    """Findings as a table that Jupyter shows."""
    from IPython.display import HTML

    rows = "".join(
        f"<tr><td>{escape(f.check)}</td><td>{escape(f.verdict)}</td><td>{escape(f.reason)}</td></tr>" for f in found
    )
    head = "<tr><th scope='col'>check</th><th scope='col'></th><th scope='col'>why</th></tr>"
    return HTML(f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>")  # type: ignore[no-untyped-call]  # IPython


def verdict_sentence(found: Sequence[Finding]) -> str:
    """Whether the config may be run on this machine, and what stands in its way."""
    verdict = verdict_of(found)
    named = [f.check for f in found if f.verdict == verdict]
    if verdict == "holds":
        return "On this machine every check holds: the config may be run here."
    what = "cannot be told" if verdict == "cannot tell" else "fails"
    return f"On this machine the config may not be run as it is: {', '.join(named)} {what}."
