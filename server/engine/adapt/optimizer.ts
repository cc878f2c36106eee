/**
 * AdamW (Loshchilov and Hutter, 2019) outside the graph, on typed arrays that the session reads as its inputs: no
 * weight is copied between steps. Rates follow a linear warm-up and a linear decay to zero; gradients are clipped by
 * their global norm first.
 */

/** A trainable tensor: the session reads `data`, the optimizer writes it. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
  /** False for biases and norms, whose size carries no complexity worth penalising. */
  readonly decay: boolean;
  /** Factor on the learning rate of this tensor. */
  readonly rate: number;
}

export interface OptimizerOptions {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Largest global norm of the gradients; Infinity clips nothing. */
  readonly clip: number;
}

export const OPTIMIZER_DEFAULTS: OptimizerOptions = {
  learningRate: 1e-3,
  weightDecay: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  clip: 1,
};

interface Moments {
  readonly parameter: Parameter;
  readonly first: Float32Array;
  readonly second: Float32Array;
}

export interface OptimizerState {
  step: number;
  moments: { name: string; first: Float32Array; second: Float32Array }[];
}

/** The optimizer of one training: moments of each parameter, and the number of steps taken. */
export class AdamW {
  private readonly moments: Moments[];
  private readonly options: OptimizerOptions;
  private step = 0;

  constructor(parameters: readonly Parameter[], options: OptimizerOptions) {
    this.options = options;
    this.moments = parameters.map((parameter) => ({
      parameter,
      first: new Float32Array(parameter.data.length),
      second: new Float32Array(parameter.data.length),
    }));
  }

  /**
   * One update. `gradients` has a row for every parameter's name; `factor` is the schedule's share of the learning
   * rate at this step. Returns the norm of the gradients before clipping.
   */
  update(gradients: ReadonlyMap<string, Float32Array>, factor: number): number {
    const { clip, learningRate, weightDecay, beta1, beta2, epsilon } = this.options;
    const norm = globalNorm(gradients.values());
    const scale = norm > clip ? clip / norm : 1;
    this.step++;
    const correction1 = 1 - beta1 ** this.step;
    const correction2 = Math.sqrt(1 - beta2 ** this.step);
    for (const { parameter, first, second } of this.moments) {
      const gradient = gradients.get(parameter.name);
      if (gradient?.length !== parameter.data.length) {
        throw new RangeError(`no gradient of the right size for ${parameter.name}`);
      }
      const rate = learningRate * factor * parameter.rate;
      const keep = parameter.decay ? 1 - rate * weightDecay : 1;
      const stepSize = rate / correction1;
      const weights = parameter.data;
      for (let i = 0; i < weights.length; i++) {
        const g = gradient[i]! * scale;
        const m = beta1 * first[i]! + (1 - beta1) * g;
        const v = beta2 * second[i]! + (1 - beta2) * g * g;
        first[i] = m;
        second[i] = v;
        weights[i] = weights[i]! * keep - (stepSize * m) / (Math.sqrt(v) / correction2 + epsilon);
      }
    }
    return norm;
  }

  /** What a checkpoint keeps; the arrays are the live ones. */
  save(): OptimizerState {
    return {
      step: this.step,
      moments: this.moments.map(({ parameter, first, second }) => ({ name: parameter.name, first, second })),
    };
  }

  restore(state: OptimizerState): void {
    this.step = state.step;
    for (const { parameter, first, second } of this.moments) {
      const saved = state.moments.find((candidate) => candidate.name === parameter.name);
      if (saved?.first.length !== first.length) throw new RangeError(`the checkpoint lacks ${parameter.name}`);
      first.set(saved.first);
      second.set(saved.second);
    }
  }
}

/** Euclidean norm over all gradients together, summed in double precision. */
export function globalNorm(gradients: Iterable<Float32Array>): number {
  let sum = 0;
  for (const gradient of gradients) {
    for (let i = 0; i < gradient.length; i++) sum += gradient[i]! * gradient[i]!;
  }
  return Math.sqrt(sum);
}

/** Share of the learning rate at `step` (from 0) of `steps`: linear warm-up, then linear decay to zero. */
export function scheduleFactor(step: number, steps: number, warmUp: number): number {
  const warm = Math.max(1, Math.round(steps * warmUp));
  if (step < warm) return (step + 1) / warm;
  return Math.max(0, (steps - step) / Math.max(1, steps - warm));
}
