"""What is changed in a model's graph, in memory and after its hash was checked, so that ONNX Runtime runs it well.

``as_is``: nothing. ``free_size``: the input takes any height and width (YuNet's file fixes 640 x 640).
``weights_inside``: weights that the file lists among its inputs, as older exporters did, are constants again (SFace).
None of them changes what comes out.
"""

from __future__ import annotations

from typing import Literal

from facelab.errors import PackError


def ready_graph(content: bytes, change: Literal["as_is", "free_size", "weights_inside"], *, place: str) -> bytes:
    """The model `content` with `change` made.

    Raises
    ------
    PackError
        `content` is no ONNX model; `place` names it.
    """
    if change == "as_is":
        return content
    import onnx

    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # of protobuf, which is another class with each of its builds
        raise PackError("this is not an ONNX model", place=place) from error
    graph = model.graph
    if change == "free_size":
        for dimension, name in zip(graph.input[0].type.tensor_type.shape.dim[2:], ("height", "width")):
            dimension.dim_param = name
        for output in graph.output:
            output.type.tensor_type.shape.dim[1].dim_param = f"{output.name}_cells"
        del graph.value_info[:]
    else:
        weights = {weight.name for weight in graph.initializer}
        inputs = [value for value in graph.input if value.name not in weights]
        del graph.input[:]
        graph.input.extend(inputs)
    return bytes(model.SerializeToString())
