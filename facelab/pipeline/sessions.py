"""ONNX Runtime sessions: which providers they run on, how many threads they take, and that they stay quiet.

One thread a session is the default: two threads that spin while they wait are slower than one on a small machine, so
spinning is off whenever there is more than one. Work is spread over processes instead (`Runtime.workers`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnxruntime as ort

from facelab.errors import BadInput, PackError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facelab.config import Runtime
    from facelab.types import Floats

_ERRORS_ONLY = 3
_CPU = "CPUExecutionProvider"


class Model:
    """An ONNX model on its session, with one input and any number of outputs.

    Parameters
    ----------
    graph : bytes
        The ONNX model, weights included.
    runtime : Runtime
        Providers in order of preference, and threads.
    place : str
        What the model is called in an error.

    Raises
    ------
    BadInput
        No wanted provider is there.
    PackError
        ONNX Runtime cannot read the model.
    """

    def __init__(self, graph: bytes, runtime: Runtime, *, place: str) -> None:
        self._session = _session(graph, runtime, place)
        self._input = self._session.get_inputs()[0].name

    def outputs(self, tensor: NDArray[Any]) -> list[Floats]:
        """What the model gives for `tensor`, in the order that the file lists its outputs."""
        return list(self._session.run(None, {self._input: tensor}))

    @property
    def on_cpu(self) -> bool:
        """True where the CPU does all the work."""
        return self.providers == (_CPU,)

    @property
    def providers(self) -> tuple[str, ...]:
        """The providers that the session runs on."""
        return tuple(self._session.get_providers())


def is_on_cpu(runtime: Runtime) -> bool:
    """True where sessions of `runtime` run on the CPU alone."""
    return usable_providers(runtime.providers) == (_CPU,)


def usable_providers(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The providers of `wanted` that this machine has, in that order.

    A provider that ONNX Runtime knows and this build or machine lacks is passed over, as a list in order of preference
    means it; a name that it does not know is refused.

    Raises
    ------
    BadInput
        A provider has a name that ONNX Runtime does not know, or none of them is there.
    """
    known, here = ort.get_all_providers(), ort.get_available_providers()
    for name in wanted:
        if name not in known:
            raise BadInput(
                f"ONNX Runtime knows no provider {name!r}; here there are {', '.join(here)}", place="providers"
            )
    usable = tuple(name for name in wanted if name in here)
    if not usable:
        raise BadInput(
            f"none of the providers {', '.join(wanted)} is on this machine; here there are {', '.join(here)}",
            place="providers",
        )
    return usable


def _session(graph: bytes, runtime: Runtime, place: str) -> ort.InferenceSession:
    """A session that runs `graph` as `runtime` says."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = runtime.threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    if runtime.threads > 1:
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = usable_providers(runtime.providers)
    try:
        return ort.InferenceSession(graph, options, providers=list(providers))
    except (
        Exception
    ) as error:  # onnxruntime raises a class of its own for each of its status codes, without a common base
        raise PackError(f"ONNX Runtime cannot load this model: {_first_line(error)}", place=place) from error


def _first_line(error: Exception) -> str:
    """The first line of an error's text, or its class where it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
