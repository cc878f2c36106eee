/** Reads Hugging Face's `config.json` of a BERT. Fields that do not change the network are ignored. */
import { InputError } from "../outcome.ts";
import type { EncoderConfig } from "./encoder.ts";
import { FieldReader } from "./record.ts";

const COUNT = { minimum: 1, maximum: 1_000_000 };

/**
 * What of the network stands in `config.json`; pooling depends on the weights and the manifest.
 * @throws InputError for another architecture, naming what was found, or for a size that cannot be
 */
export function readEncoderConfig(text: string, file: string): Omit<EncoderConfig, "pooling" | "pooler"> {
  const fields = FieldReader.parse(text, file);
  refuseOtherArchitectures(fields, file);
  const config = {
    vocabularySize: fields.integer("vocab_size", COUNT),
    hiddenSize: fields.integer("hidden_size", COUNT),
    layers: fields.integer("num_hidden_layers", { minimum: 1, maximum: 1000 }),
    heads: fields.integer("num_attention_heads", { minimum: 1, maximum: 1000 }),
    intermediateSize: fields.integer("intermediate_size", COUNT),
    maximumPositions: fields.integer("max_position_embeddings", COUNT),
    layerNormEpsilon: fields.has("layer_norm_eps")
      ? fields.number("layer_norm_eps", { minimum: 0, maximum: 1 })
      : 1e-12,
    padTokenId: fields.has("pad_token_id") ? fields.integer("pad_token_id", { minimum: 0 }) : 0,
  };
  if (config.hiddenSize % config.heads !== 0) {
    throw new InputError(
      `${file}: hidden_size ${config.hiddenSize} is not a multiple of num_attention_heads ${config.heads}.`,
    );
  }
  return config;
}

function refuseOtherArchitectures(fields: FieldReader, file: string): void {
  const type = fields.raw("model_type");
  if (type !== "bert") {
    const architectures = JSON.stringify(fields.raw("architectures") ?? []);
    throw new InputError(
      `${file}: model_type is ${type === undefined ? "missing" : JSON.stringify(type)} (architectures ${architectures}); only "bert" can be used: ` +
        "a BERT encoder with learned positions and layer normalization after each block.",
    );
  }
  const demand = (key: string, expected: string | boolean): void => {
    const value = fields.raw(key);
    if (value !== undefined && value !== null && value !== expected) {
      fields.refuse(key, `${JSON.stringify(expected)}, the only kind that can be used`);
    }
  };
  demand("hidden_act", "gelu");
  demand("position_embedding_type", "absolute");
  demand("is_decoder", false);
  demand("add_cross_attention", false);
}
