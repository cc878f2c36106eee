/** The trained part of the network as two sessions: one gives loss and gradients, one gives logits only. */
import { createSession, type Session } from "../graph/runtime.ts";
import { float32, floats, type Tensor } from "../graph/tensor.ts";
import { dropoutFeeds, type Feeds } from "./batches.ts";
import type { Parameter } from "./optimizer.ts";
import type { Random } from "./random.ts";
import { emitTrained, gradientName, INPUTS, type TrainingGraph } from "./training-graph.ts";
import type { TrainingBase, TrainingPlan } from "./training-plan.ts";

/** What one step saw. Gradients of tables are sums that live on in the session, the others are fresh. */
export interface StepResult {
  readonly loss: number;
  /** [rows, classes], row-major */
  readonly logits: Float32Array;
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

export class TrainingSession {
  private readonly plan: TrainingPlan;
  private readonly parameters: readonly Parameter[];
  private readonly training: Session;
  private readonly predicting: Session;
  private readonly rows: TrainingGraph["rows"];
  private readonly dropout: TrainingGraph["dropout"];
  /** Constant indices that tables are gathered at; the graph itself, with its copy of the weights, is let go. */
  private readonly indices: ReadonlyMap<string, Tensor>;
  /** Dense gradients of tables, filled from rows; allocated once because they are large. */
  private readonly tables = new Map<string, Float32Array>();

  private constructor(
    plan: TrainingPlan,
    parameters: readonly Parameter[],
    sessions: { training: Session; predicting: Session; trained: TrainingGraph },
  ) {
    this.plan = plan;
    this.parameters = parameters;
    this.training = sessions.training;
    this.predicting = sessions.predicting;
    const { graph, rows, dropout } = sessions.trained;
    this.rows = rows;
    this.dropout = dropout;
    const gathered = [...rows.values()].flat().map(({ indices }) => indices.name);
    this.indices = new Map([...graph.initializers].filter(([name]) => gathered.includes(name)));
  }

  static async create(
    base: TrainingBase,
    plan: TrainingPlan,
    parameters: readonly Parameter[],
    threads: number,
  ): Promise<TrainingSession> {
    const trained = emitTrained(base, plan, parameters, true);
    const training = await createSession(trained.graph.encode(), { threads, arena: false });
    const { graph } = emitTrained(base, plan, parameters, false);
    // "basic", or the runtime fuses Add and LayerNormalization into one node that is seven times slower on CPUs.
    const predicting = await createSession(graph.encode(), { threads, arena: false, optimization: "basic" });
    return new TrainingSession(plan, parameters, { training, predicting, trained });
  }

  /** The live parameter arrays as feeds: the optimizer changes them in place between steps. */
  private parameterFeeds(): Feeds {
    return Object.fromEntries(
      this.parameters.map(({ name, shape, data }): [string, Tensor] => [name, float32(data, shape)]),
    );
  }

  /**
   * Loss and gradients of a batch, or of a part of one: then tables go on summing where `continued` is set.
   * `targets` are soft targets [rows, classes], `random` draws the dropout.
   */
  async step(
    entry: Feeds,
    targets: Float32Array,
    random: Random,
    { continued = false }: { continued?: boolean } = {},
  ): Promise<StepResult> {
    const { options, labels } = this.plan;
    const rows = targets.length / labels.length;
    const feeds = {
      ...this.parameterFeeds(),
      ...entry,
      ...dropoutFeeds(this.dropout, rows, options.dropout, random),
      [INPUTS.targets]: float32(targets, [rows, labels.length]),
    };
    const results = await this.training.run(feeds);
    if (!continued) for (const sum of this.tables.values()) sum.fill(0);
    const gradients = new Map<string, Float32Array>();
    for (const { name, data } of this.parameters) {
      const dense = results[gradientName(name)];
      if (dense !== undefined) gradients.set(name, floats(dense, name));
      else gradients.set(name, this.tableGradient(name, data.length, results, feeds));
    }
    return { loss: floats(results["loss"]!, "loss")[0]!, logits: floats(results["logits"]!, "logits"), gradients };
  }

  /** Adds up the rows of a gathered table's gradient, in their order, so that the sum is always the same. */
  private tableGradient(name: string, length: number, results: Record<string, Tensor>, feeds: Feeds): Float32Array {
    const sum = this.tables.get(name) ?? new Float32Array(length);
    this.tables.set(name, sum);
    for (const { output, indices } of this.rows.get(name) ?? []) {
      const rows = floats(results[output]!, output);
      const at = (feeds[indices.name] ?? this.indices.get(indices.name)!).data;
      const width = rows.length / at.length;
      for (let i = 0; i < at.length; i++) {
        const target = Number(at[i]!) * width;
        for (let j = 0; j < width; j++) sum[target + j]! += rows[i * width + j]!;
      }
    }
    return sum;
  }

  /** Logits [rows, classes] of one batch, without dropout. */
  async predict(entry: Feeds): Promise<Float32Array> {
    const { logits } = await this.predicting.run({ ...this.parameterFeeds(), ...entry });
    return floats(logits!, "logits");
  }
}
