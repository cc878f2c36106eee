/**
 * Every command of the extension, and what it needs: `ready` commands run only with a server whose model is loaded.
 * A test compares this table with the manifest; the compiler compares it with the handlers in `commands.ts`.
 */
export const COMMANDS = {
  "nfrLens.accept": "ready",
  "nfrLens.change": "ready",
  "nfrLens.reject": "ready",
  "nfrLens.undo": "ready",
  "nfrLens.ignore": "ready",
  "nfrLens.explain": "ready",
  "nfrLens.nextUncertain": "ready",
  "nfrLens.labelNext": "ready",
  "nfrLens.goTo": "always",
  "nfrLens.scan": "ready",
  "nfrLens.groupByCategory": "always",
  "nfrLens.groupByDocument": "always",
  "nfrLens.showDashboard": "ready",
  "nfrLens.train": "ready",
  "nfrLens.cancelTraining": "ready",
  "nfrLens.activateAdapter": "ready",
  "nfrLens.deactivateAdapter": "ready",
  "nfrLens.rollbackAdapter": "ready",
  "nfrLens.compareAdapters": "ready",
  "nfrLens.showReport": "ready",
  "nfrLens.exportAdapter": "ready",
  "nfrLens.importAdapter": "ready",
  "nfrLens.deleteAdapter": "ready",
  "nfrLens.refreshAdapters": "ready",
  "nfrLens.refreshReview": "ready",
  "nfrLens.decideReview": "ready",
  "nfrLens.showMenu": "always",
  "nfrLens.showLog": "always",
  "nfrLens.restartServer": "always",
  "nfrLens.openSample": "always",
  "nfrLens.openWalkthrough": "always",
} as const satisfies Record<string, "ready" | "always">;

export type CommandId = keyof typeof COMMANDS;
