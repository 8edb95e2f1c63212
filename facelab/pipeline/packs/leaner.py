"""The same model in cheaper steps for ONNX Runtime's CPU kernels: what comes out is the same, bit for bit.

ONNX Runtime runs convolutions on tensors blocked by channels (NCHWc) and leaves that layout where an operator has no
blocked kernel. Two patterns of face models are costly for that reason alone:

- *PRelu* has no blocked kernel and takes two fifths of MobileFaceNet's time. With the slopes s of the channels it is

      prelu(x) = relu(x) + (-s) relu(-x),

  of which one term is always zero, so that nothing is rounded twice; written with depthwise 1 x 1 convolutions it
  stays in blocks.
- *Convolutions of the same input* whose outputs do not fill a block (SCRFD's heads of 2, 8 and 20 channels are computed
  as 16, 16 and 32) are one convolution of all their channels (30, computed as 32), split afterwards.

What each gains is measured in docs/speed.md. Source: the NCHWc transformer and kernels of ONNX Runtime 1.32 (MLAS).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK = 16
"""Channels of a block where AVX-512 is there (8 with AVX2)."""

_SPLIT_BY_INPUT = 13  # from this operator set on, Split takes its sizes as an input, before as an attribute


def leaner_graph(content: bytes) -> bytes:
    """The model `content` with PRelu in blocks and with sibling convolutions joined.

    Parameters
    ----------
    content : bytes
        An ONNX model. What is none is given back as it is: whoever loads it says what is wrong with it.
    """
    import onnx

    try:
        model = onnx.load_model_from_string(content)
    except Exception:  # noqa: BLE001  (of protobuf, which is another class with each of its builds)
        return content
    rewriting = _Rewriting(model)
    nodes = rewriting.with_blocked_prelu(rewriting.with_joined_convolutions(list(model.graph.node)))
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return bytes(model.SerializeToString())


class _Rewriting:
    """The weights of a model, and the changes to its nodes; weights that are left over stay, the runtime drops them."""

    def __init__(self, model: Any) -> None:
        self._new = model.graph.initializer
        self._weights = {weight.name: weight for weight in model.graph.initializer}
        self._version = next((s.version for s in model.opset_import if s.domain in ("", "ai.onnx")), 0)

    def with_blocked_prelu(self, nodes: list[Any]) -> list[Any]:
        """`nodes` with each PRelu behind a convolution written as relu(x) + (-s) relu(-x)."""
        convolved = {node.output[0] for node in nodes if _is_plane_convolution(node)}
        done = []
        for node in nodes:
            slope = self._slopes(node) if node.op_type == "PRelu" and node.input[0] in convolved else None
            done += [node] if slope is None else self._blocked_prelu(node, slope)
        return done

    def _blocked_prelu(self, node: Any, slope: NDArray[np.float32]) -> list[Any]:
        import numpy as np
        from onnx import helper

        x, y, shape = node.input[0], node.output[0], (len(slope), 1, 1, 1)
        minus_one = self._weight(f"{y}/minus_one", np.full(shape, -1, np.float32))
        minus_slope = self._weight(f"{y}/minus_slope", -slope.reshape(shape))
        depthwise: dict[str, Any] = {"group": len(slope), "kernel_shape": [1, 1]}
        return [
            helper.make_node("Relu", [x], [f"{y}/above"]),
            helper.make_node("Conv", [x, minus_one], [f"{y}/turned"], **depthwise),
            helper.make_node("Relu", [f"{y}/turned"], [f"{y}/below"]),
            helper.make_node("Conv", [f"{y}/below", minus_slope], [f"{y}/scaled"], **depthwise),
            helper.make_node("Add", [f"{y}/scaled", f"{y}/above"], [y]),
        ]

    def _slopes(self, node: Any) -> NDArray[np.float32] | None:
        """(c,) the slopes of a PRelu with one constant slope a channel; None for any other."""
        import numpy as np
        from onnx import numpy_helper

        if node.input[1] not in self._weights:
            return None
        slope = numpy_helper.to_array(self._weights[node.input[1]])
        alone = slope.ndim >= 3 and slope.size > 1 and slope.size == slope.shape[-3]
        return slope.reshape(-1) if alone and slope.dtype == np.float32 and np.isfinite(slope).all() else None

    def with_joined_convolutions(self, nodes: list[Any]) -> list[Any]:
        """`nodes` with convolutions of the same input and shape joined where their channels then fill fewer blocks."""
        joined = self._siblings(nodes)
        gone = {node.output[0] for family in joined.values() for node in family}
        done = []
        for node in nodes:
            name = node.output[0] if node.output else ""
            if name in joined:
                done += self._joined(joined[name])
            elif name not in gone:
                done.append(node)
        return done

    def _siblings(self, nodes: list[Any]) -> dict[str, list[Any]]:
        """The convolutions worth joining, by the output of the first of each family."""
        families: dict[tuple[Any, ...], list[Any]] = {}
        for node in nodes:
            if _is_plane_convolution(node) and len(node.input) == 3 and {*node.input[1:]} <= self._weights.keys():
                settings = tuple(sorted(attribute.SerializeToString() for attribute in node.attribute))
                shape = tuple(self._weights[node.input[1]].dims[1:])
                families.setdefault((node.input[0], settings, shape), []).append(node)
        return {family[0].output[0]: family for family in families.values() if self._fills_fewer_blocks(family)}

    def _fills_fewer_blocks(self, family: list[Any]) -> bool:
        group = next((a.i for a in family[0].attribute if a.name == "group"), 1)
        channels = [self._weights[node.input[1]].dims[0] for node in family]
        return bool(group == 1 and _blocks(sum(channels)) < sum(map(_blocks, channels)))

    def _joined(self, family: list[Any]) -> list[Any]:
        """One convolution for all of `family`, and what cuts its channels into theirs."""
        import numpy as np
        from onnx import helper, numpy_helper

        name = f"{family[0].output[0]}/joined"
        weight, bias = ([numpy_helper.to_array(self._weights[node.input[k]]) for node in family] for k in (1, 2))
        inputs = [self._weight(f"{name}/{k}", np.concatenate(part)) for k, part in enumerate((weight, bias))]
        convolution = helper.make_node("Conv", [family[0].input[0], *inputs], [name])
        convolution.attribute.extend(family[0].attribute)
        outputs, sizes = [node.output[0] for node in family], [len(part) for part in bias]
        if self._version < _SPLIT_BY_INPUT:
            return [convolution, helper.make_node("Split", [name], outputs, axis=1, split=sizes)]
        told = self._weight(f"{name}/sizes", np.array(sizes, np.int64))
        return [convolution, helper.make_node("Split", [name, told], outputs, axis=1)]

    def _weight(self, name: str, value: NDArray[Any]) -> str:
        """The name of a constant that is `value`."""
        from onnx import numpy_helper

        self._new.append(numpy_helper.from_array(value, name))
        return name


def _is_plane_convolution(node: Any) -> bool:
    """True for a convolution of pictures, (n, c, h, w)."""
    return bool(node.op_type == "Conv" and any(a.name == "kernel_shape" and len(a.ints) == 2 for a in node.attribute))


def _blocks(channels: int) -> int:
    return -(-channels // BLOCK)
