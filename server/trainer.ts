/**
 * The trainer: a child process that trains or evaluates once and ends. It runs at low priority, takes messages over
 * Node's channel, and dies with its parent; whatever happens to it, an adapter is complete or absent.
 */
import { constants, setPriority } from "node:os";
import { Cancelled, InputError } from "./engine/outcome.ts";
import { evaluate } from "./evaluation-run.ts";
import { speak } from "./language.ts";
import type { FromTrainer, ToTrainer, TrainerTask } from "./training.ts";
import { train } from "./training-run.ts";

const cancel = new AbortController();

function send(message: FromTrainer): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve();
    else process.send(message, undefined, {}, () => resolve());
  });
}

async function run(task: TrainerTask): Promise<void> {
  const hooks = {
    signal: cancel.signal,
    onProgress: (progress: Extract<FromTrainer, { type: "progress" }>["progress"]) =>
      void send({ type: "progress", progress }),
  };
  try {
    speak(task.translations);
    const result = task.type === "train" ? await train(task.request, hooks) : await evaluate(task.request, hooks);
    await send({ type: "result", result });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const refused = error instanceof InputError;
    await send({
      type: "result",
      result: error instanceof Cancelled ? { outcome: "cancelled" } : { outcome: "failed", message, refused },
    });
  }
  if (process.connected) process.disconnect();
}

process.on("disconnect", () => process.exit());
process.on("message", (message: ToTrainer) => {
  if (message.type === "cancel") cancel.abort();
  else void run(message);
});
try {
  // Below an editor, above nothing else: at the lowest priority a busy machine would never let it finish.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
} catch {
  // Some systems do not let a process lower its own priority; it is a courtesy, not a need.
}
