import assert from "node:assert/strict";
import { Graph } from "../../../server/engine/graph/builder.ts";
import { add } from "../../../server/engine/graph/operators/elementwise.ts";
import { matMul, reshape } from "../../../server/engine/graph/operators/matrix.ts";
import { createSession, explainLoadFailure } from "../../../server/engine/graph/runtime.ts";
import { float32 } from "../../../server/engine/graph/tensor.ts";

describe("graph builder", () => {
  it("builds a graph that the runtime computes, constants and shared literals included", async () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", ["batch", 2]);
    const weight = graph.constant("weight", float32([1, 2, 3, 4], [2, 2]));
    const y = add.forward(graph, matMul.forward(graph, x, weight), graph.scalar(0.5));
    graph.output("y", reshape.forward(graph, add.forward(graph, y, graph.scalar(0.5)), ["batch", 1, 2]));
    assert.deepEqual(graph.outputs[0]!.shape, ["batch", 1, 2]);
    assert.equal(graph.initializers.size, 3, "weight, the scalar once, the shape");
    const session = await createSession(graph.encode(), { threads: 1 });
    assert.deepEqual([session.inputNames, session.outputNames], [["x"], ["y"]]);
    const found = await session.run({ x: float32([1, 0, 0, 1], [2, 2]) });
    assert.deepEqual(found, { y: { type: "float32", shape: [2, 1, 2], data: Float32Array.of(2, 3, 4, 5) } });
  });

  it("names both shapes where they do not fit", () => {
    const graph = new Graph();
    const a = graph.input("a", "float32", ["batch", 3]);
    const b = graph.input("b", "float32", [2, 4]);
    assert.throws(() => matMul.forward(graph, a, b), /\[batch, 3\] and \[2, 4\]: inner sizes differ/);
    assert.throws(() => add.forward(graph, a, b), /\[batch, 3\] and \[2, 4\] do not broadcast/);
    assert.throws(() => reshape.forward(graph, a, ["x", "y"]), /\[batch, 3\] to \[x, y\] is ambiguous/);
    assert.throws(() => graph.input("a", "float32", []), /already has a value or node called a/);
    assert.throws(() => graph.constant("c", float32([1, 2], [3])), /c: 2 elements do not fill \[3\]/);
  });

  it("refuses weights beyond protobuf's two gigabytes instead of writing a broken file", () => {
    const graph = new Graph();
    // One buffer, used three times; its pages are never touched.
    const data = new Float32Array(2 ** 28 - 1);
    for (const name of ["a", "b", "c"]) graph.constant(name, float32(data, [data.length]));
    assert.throws(() => graph.encode(), /weights take 3221225460 bytes; an ONNX file holds at most 2147483647/);
  });
});

describe("a native runtime that does not load", () => {
  const cases: [string, string, RegExp][] = [
    [
      "an Intel Mac",
      "Cannot find module '../bin/napi-v6/darwin/x64/onnxruntime_binding.node'",
      /Macs with Intel processors/,
    ],
    [
      "Windows without the C++ runtime",
      "The specified module could not be found.\\\\?\\C:\\x\\onnxruntime_binding.node",
      /Visual C\+\+ Redistributable/,
    ],
    ["Alpine", "Error relocating onnxruntime.so: __memcpy_chk: symbol not found", /GNU C library/],
    ["Alpine, without the loader", "Error loading shared library ld-linux-x86-64.so.2: No such file", /GNU C library/],
    ["an old Linux", "/lib/libc.so.6: version `GLIBC_2.28' not found", /too old/],
    ["a package for another platform", "Cannot find package 'onnxruntime-node'", /made for your platform/],
    ["anything else", "bus error", /Reinstall NFR Lens/],
  ];
  for (const [where, found, advice] of cases) {
    it(`says what to do on ${where}`, () => {
      const message = explainLoadFailure(new Error(found));
      assert.match(message, advice);
      assert.ok(message.includes(found), "the system's own words are kept");
    });
  }
});
