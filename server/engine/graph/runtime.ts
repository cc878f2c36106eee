/**
 * The one place that knows onnxruntime. It is imported on first use, so that a program whose native library cannot
 * be loaded still starts and can say why. Sessions live as long as the process: creating and releasing them
 * leaks (https://github.com/microsoft/onnxruntime/issues/25325), so nothing here releases one.
 *
 * A run computes on the calling thread (onnxruntime-node defers it with `setImmediate` but does not leave the
 * JavaScript thread), so callers keep each run short.
 */
import type { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-node";
import { type ElementType, type Tensor, type TensorData } from "./tensor.ts";

type Runtime = typeof import("onnxruntime-node");

/** The native runtime could not be loaded; the message says what to do. */
export class RuntimeUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RuntimeUnavailable";
  }
}

export interface SessionSettings {
  /** Threads that share one operator; 0 lets the runtime choose. */
  readonly threads: number;
  /** Keep freed activations for the next run: faster, but holds the peak. On by default. */
  readonly arena?: boolean;
  /** How far the runtime rewrites the graph at load. `all` by default. */
  readonly optimization?: "disabled" | "basic" | "extended" | "all";
}

export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Computes the named outputs (all when left out). Feeds are only read. */
  run(feeds: Readonly<Record<string, Tensor>>, fetches?: readonly string[]): Promise<Record<string, Tensor>>;
}

/** Loads an encoded graph. @throws RuntimeUnavailable when the native library cannot be loaded. */
export async function createSession(model: Uint8Array, settings: SessionSettings): Promise<Session> {
  const runtime = await loadRuntime();
  const arena = settings.arena ?? true;
  const session = await runtime.InferenceSession.create(model, {
    executionProviders: ["cpu"],
    graphOptimizationLevel: settings.optimization ?? "all",
    intraOpNumThreads: settings.threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    enableCpuMemArena: arena,
    enableMemPattern: false,
    logSeverityLevel: 3,
    // Threads that wait by spinning starve the editor: with all cores busy, the 95th percentile of a run is ten times higher.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });
  return wrap(runtime, session);
}

function wrap(runtime: Runtime, session: InferenceSession): Session {
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds, fetches) {
      const inputs: Record<string, OnnxTensor> = {};
      for (const [name, tensor] of Object.entries(feeds)) {
        inputs[name] = new runtime.Tensor(tensor.type as "float32", tensor.data as Float32Array, tensor.shape);
      }
      const outputs = fetches === undefined ? await session.run(inputs) : await session.run(inputs, [...fetches]);
      const results: Record<string, Tensor> = {};
      for (const [name, value] of Object.entries(outputs)) {
        results[name] = { type: value.type as ElementType, shape: value.dims, data: value.data as TensorData };
      }
      return results;
    },
  };
}

let loaded: Promise<Runtime> | undefined;

function loadRuntime(): Promise<Runtime> {
  loaded ??= import("onnxruntime-node").then(
    (module) => (module as Runtime & { default?: Runtime }).default ?? module,
    (cause: unknown) => {
      throw new RuntimeUnavailable(explainLoadFailure(cause), { cause });
    },
  );
  return loaded;
}

/** Turns the loader's message into what a user can do about it. */
export function explainLoadFailure(cause: unknown): string {
  const found = cause instanceof Error ? cause.message : String(cause);
  return `The native library onnxruntime could not be loaded. ${remedyFor(found)} (The system said: ${found})`;
}

function remedyFor(found: string): string {
  if (/darwin[\\/]x64/.test(found)) {
    return "It is not made for Macs with Intel processors; use a Mac with Apple silicon, Linux or Windows.";
  }
  if (/musl|ld-linux|__.*_chk: symbol not found|Error relocating/.test(found)) {
    return "It needs the GNU C library; Alpine and other musl systems cannot run it. Use a glibc-based image such as Debian.";
  }
  if (/GLIBC(XX)?_[\d.]+/.test(found)) return "The system's C or C++ library is too old; use a newer Linux release.";
  if (/specified module could not be found|not a valid Win32 application/.test(found)) {
    return "Install the Microsoft Visual C++ Redistributable (2019 or newer) and restart VS Code.";
  }
  if (/Cannot find (module|package)/.test(found)) {
    return "It is missing for this platform; install the NFR Lens package made for your platform.";
  }
  return "Reinstall NFR Lens for your platform; if that does not help, report this message.";
}
