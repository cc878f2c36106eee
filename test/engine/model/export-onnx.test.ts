import assert from "node:assert/strict";
import { createSession } from "../../../server/engine/graph/runtime.ts";
import { floats } from "../../../server/engine/graph/tensor.ts";
import { exportOnnx } from "../../../server/engine/model/export-onnx.ts";
import { distance, storedOutputs, tinyPack } from "./tiny.ts";

describe("a pack as an ONNX file", () => {
  for (const pooling of ["mean", "cls"] as const) {
    it(`gives PyTorch's logits from ids and mask (${pooling} pooling)`, async () => {
      const { ids, mask, pooling: stored } = storedOutputs();
      const session = await createSession(exportOnnx(await tinyPack({ pooling })), { threads: 1 });
      assert.deepEqual([session.inputNames, session.outputNames], [["input_ids", "attention_mask"], ["logits"]]);
      const long = (rows: number[][]): { type: "int64"; shape: number[]; data: BigInt64Array } => ({
        type: "int64",
        shape: [rows.length, rows[0]!.length],
        data: BigInt64Array.from(rows.flat(), BigInt),
      });
      const { logits } = await session.run({ input_ids: long(ids), attention_mask: long(mask) });
      assert.ok(distance(floats(logits!, "logits"), stored[pooling].logits.flat()) < 1e-4);
    });
  }
});
