/** A model pack as training sees it: float32 parameters by name, whatever precision they are stored in. */
import type { Pack } from "../model/pack.ts";
import { dequantize, type Matrix } from "../model/quantization.ts";
import type { TrainingBase } from "./training-plan.ts";

export function trainingBase(pack: Pack): TrainingBase {
  const { config, weights, tokenizer, hash, head } = pack;
  return {
    hash,
    config,
    head,
    parameterNames: weights.trainableNames(),
    parameter: (name) => weights.trainable(name),
    writeWord: wordWriter(weights.words()),
    tokenize: (text, room) => Array.from(tokenizer.encode(text, room)),
  };
}

/** Copies single word vectors out of the stored table, so that no float32 copy of it is needed. */
function wordWriter(words: Matrix): TrainingBase["writeWord"] {
  const H = words.columns;
  if (words.kind === "int8") {
    const { values, scales } = words;
    return (id, target, offset) => {
      const scale = scales[id]!;
      for (let h = 0; h < H; h++) target[offset + h] = values[id * H + h]! * scale;
    };
  }
  const { data } = dequantize(words);
  return (id, target, offset) => target.set(data.subarray(id * H, (id + 1) * H), offset);
}
