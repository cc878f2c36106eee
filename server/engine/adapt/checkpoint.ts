/**
 * Where a course stands as one safetensors file, so that a killed training goes on where it was. Read as carefully as
 * any other file; one that does not fit the training at hand is no checkpoint of it.
 */
import { float32, floats, type Tensor } from "../graph/tensor.ts";
import { readSafetensors, safetensorsParts } from "../model/safetensors.ts";
import type { CourseState, JudgedFold } from "./train-adapter.ts";
import type { BestEpoch, FitState } from "./trainer.ts";

interface Notes {
  /** Names the training: another request, other labels or another base do not resume it. */
  key: string;
  folds: { fold: number; rows: number[]; epochs: number; early: boolean }[];
  fit: { part: number; epoch: number; step: number; best: { epoch: number; weightedF1: number } | null } | null;
}

/** The file in parts, which are views of the state: they are to be written before the training goes on. */
export function writeCheckpoint(state: CourseState, key: string): Uint8Array[] {
  const tensors = new Map<string, Tensor>();
  const putAll = (group: string, arrays: Iterable<readonly [string, Float32Array]>): void => {
    for (const [name, data] of arrays) tensors.set(`${group}/${name}`, float32(data, [data.length]));
  };
  for (const { fold, logits, early } of state.judged) {
    putAll(
      `logits ${fold}`,
      logits.map((row, i) => [String(i), row]),
    );
    putAll(
      `early ${fold}`,
      early.map((row, i) => [String(i), row]),
    );
  }
  const fit = state.fit;
  if (fit !== null) {
    putAll("parameters", fit.state.parameters);
    putAll(
      "first",
      fit.state.optimizer.moments.map(({ name, first }) => [name, first]),
    );
    putAll(
      "second",
      fit.state.optimizer.moments.map(({ name, second }) => [name, second]),
    );
    if (fit.state.best !== null) putAll("best", fit.state.best.parameters);
  }
  const notes: Notes = {
    key,
    folds: state.judged.map(({ fold, rows, epochs, early }) => ({
      fold,
      rows: [...rows],
      epochs,
      early: early.length > 0,
    })),
    fit: fit === null ? null : notesOfFit(fit.part, fit.state),
  };
  return safetensorsParts(tensors, { notes: JSON.stringify(notes) });
}

function notesOfFit(part: number, { epoch, optimizer, best }: FitState): NonNullable<Notes["fit"]> {
  const { step } = optimizer;
  return { part, epoch, step, best: best === null ? null : { epoch: best.epoch, weightedF1: best.weightedF1 } };
}

/** The state in a checkpoint of this training, or null for any other or damaged file: then it starts anew. */
export function readCheckpoint(bytes: Uint8Array, key: string): CourseState | null {
  try {
    const { tensors, metadata } = readSafetensors(bytes, "checkpoint");
    const notes = JSON.parse(metadata["notes"] ?? "null") as Notes | null;
    if (notes?.key !== key) return null;
    const all = (group: string): Map<string, Float32Array> => {
      const entries = [...tensors].filter(([name]) => name.startsWith(`${group}/`));
      return new Map(entries.map(([name, tensor]) => [name.slice(group.length + 1), floats(tensor, name)]));
    };
    const rowsOf = (group: string): Float32Array[] => {
      const rows = all(group);
      return Array.from({ length: rows.size }, (_, i) => rows.get(String(i))!);
    };
    const judged = notes.folds.map(({ fold, rows, epochs }): JudgedFold => {
      return { fold, rows, epochs, logits: rowsOf(`logits ${fold}`), early: rowsOf(`early ${fold}`) };
    });
    return { judged, fit: notes.fit === null ? null : { part: notes.fit.part, state: fitOf(notes.fit, all) } };
  } catch {
    return null;
  }
}

function fitOf(notes: NonNullable<Notes["fit"]>, all: (group: string) => Map<string, Float32Array>): FitState {
  const [first, second] = [all("first"), all("second")];
  const moments = [...first].map(([name, array]) => ({ name, first: array, second: second.get(name)! }));
  const best: BestEpoch | null = notes.best === null ? null : { ...notes.best, parameters: all("best") };
  return { epoch: notes.epoch, parameters: all("parameters"), optimizer: { step: notes.step, moments }, best };
}
