"""Writes the encoder as an int8 ONNX graph for onnxruntime on the CPU: token ids of one text in, its unit vector out.

Which operators, and why these, is measured in docs/decisions/0002-default-embedder.md. In short: texts are run one by one, so there is
no padding and no mask; weights have 7 bits and a scale per output channel; activations are quantised on the fly, once for query, key
and value together; LayerNormalization and Gelu are the standard operators, whose kernels are faster than the fused ones.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from scripts.models.encoder import EPSILON, HEADS, HIDDEN, Encoder, Layer, Linear, Norm

MICROSOFT = "com.microsoft"
OPSET = 20
"""The first with Gelu."""
IR_VERSION = 9
WEIGHT_LIMIT = 63
"""Largest quantised weight. On CPUs with AVX2 but no VNNI the kernel adds two products of 8 bits in 16 and clips the sum; 7-bit weights
cannot reach that (2 × 255 × 63 < 32768), so every CPU gives the same vectors."""
WORD_LIMIT = 127


@dataclass(slots=True)
class Graph:
    """Nodes and constants in the order they are added."""

    nodes: list[onnx.NodeProto] = field(default_factory=list[onnx.NodeProto])
    constants: list[onnx.TensorProto] = field(default_factory=list[onnx.TensorProto])

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, operator: str, inputs: list[str], name: str, *, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, domain=domain, **attributes))
        return name

    def quantise(self, x: str, name: str) -> tuple[str, str, str]:
        """Names of the unsigned 8-bit values, their scale and their zero point."""
        outputs = (f"{name}.values", f"{name}.scale", f"{name}.zero")
        self.nodes.append(helper.make_node("DynamicQuantizeLinear", [x], list(outputs), name=name))
        return outputs


def build(encoder: Encoder) -> bytes:
    """The serialised model: `input_ids` int64 (texts, tokens), all of one length → `vectors` float32 (texts, HIDDEN)."""
    graph = Graph()
    hidden = _embeddings(graph, encoder)
    for number, layer in enumerate(encoder.layers):
        hidden = _layer(graph, hidden, layer, f"layer{number}")
    pooled = graph.add("ReduceMean", [hidden, graph.constant("tokens_axis", np.array([1], np.int64))], "pooled", keepdims=0)
    graph.add("LpNormalization", [pooled], "vectors", axis=-1, p=2)
    return _model(graph).SerializeToString()


def _embeddings(graph: Graph, encoder: Encoder) -> str:
    values, scales = quantise_rows(encoder.words)
    words = graph.add("Gather", [graph.constant("words.values", values), "input_ids"], "words.int8")
    words = graph.add("Cast", [words], "words.unscaled", to=TensorProto.FLOAT)
    scale = graph.add("Gather", [graph.constant("words.scales", scales), "input_ids"], "words.scale")
    words = graph.add("Mul", [words, scale], "words")
    zero = graph.constant("zero", np.array([0], np.int64))
    length = graph.add("Shape", ["input_ids"], "length", start=1, end=2)
    positions = graph.add("Slice", [graph.constant("positions.all", encoder.positions), zero, length, zero], "positions")
    return _normalise(graph, words, positions, encoder.norm, "embeddings")


def _layer(graph: Graph, hidden: str, layer: Layer, name: str) -> str:
    context = _attend(graph, hidden, layer.query_key_value, f"{name}.attention")
    attended = _apply(graph, context, layer.attention_output, f"{name}.attention_output")
    hidden = _normalise(graph, attended, hidden, layer.attention_norm, f"{name}.attention_norm")
    inner = _apply(graph, hidden, layer.intermediate, f"{name}.intermediate")
    inner = graph.add("Gelu", [inner], f"{name}.gelu")
    output = _apply(graph, inner, layer.output, f"{name}.output")
    return _normalise(graph, output, hidden, layer.output_norm, f"{name}.output_norm")


def _attend(graph: Graph, x: str, linear: Linear, name: str) -> str:
    values, scale, zero = graph.quantise(x, f"{name}.input")
    weight, weight_scale, bias = _constants(graph, linear, name)
    no_mask = ""
    inputs = [values, weight, bias, scale, weight_scale, no_mask, zero]
    return graph.add("QAttention", inputs, name, domain=MICROSOFT, num_heads=HEADS)


def _apply(graph: Graph, x: str, linear: Linear, name: str) -> str:
    values, scale, zero = graph.quantise(x, f"{name}.input")
    weight, weight_scale, bias = _constants(graph, linear, name)
    symmetric = ""
    return graph.add("MatMulIntegerToFloat", [values, weight, scale, weight_scale, zero, symmetric, bias], name, domain=MICROSOFT)


def _constants(graph: Graph, linear: Linear, name: str) -> tuple[str, str, str]:
    values, scales = quantise_columns(linear.weight)
    return (
        graph.constant(f"{name}.weight", values),
        graph.constant(f"{name}.weight_scale", scales),
        graph.constant(f"{name}.bias", linear.bias),
    )


def _normalise(graph: Graph, x: str, residual: str, norm: Norm, name: str) -> str:
    total = graph.add("Add", [x, residual], f"{name}.input")
    inputs = [total, graph.constant(f"{name}.gain", norm.gain), graph.constant(f"{name}.bias", norm.bias)]
    return graph.add("LayerNormalization", inputs, name, axis=-1, epsilon=EPSILON)


def quantise_columns(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Symmetric 7-bit values and one scale per column."""
    return _quantise(weight, np.abs(weight).max(axis=0), WEIGHT_LIMIT)


def quantise_rows(words: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Symmetric 8-bit values and one scale per row, shape (rows, 1); these are looked up, not multiplied."""
    return _quantise(words, np.abs(words).max(axis=1, keepdims=True), WORD_LIMIT)


def _quantise(x: NDArray[np.float32], largest: NDArray[np.float32], limit: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    scales = np.where(largest > 0, largest / limit, 1).astype(np.float32)
    return np.rint(x / scales).astype(np.int8), scales


def _model(graph: Graph) -> onnx.ModelProto:
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["texts", "tokens"])
    vectors = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", HIDDEN])
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
    body = helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", [ids], [vectors], graph.constants)
    return helper.make_model(body, opset_imports=opsets, ir_version=IR_VERSION, producer_name="semantic-memory")
