// The same suite in a desktop VS Code, which @vscode/test-electron downloads: for a machine with a display and
// access to the VS Code update server. NFR_LENS_VSCODE names an executable that is already there.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quietSettings, restrictedSettings } from "./settings.mjs";
import { verdict } from "./verdict.mjs";

/** Takes the same job as `runInCodeServer`; a VSIX is unpacked by VS Code itself into the run's extension folder. */
export async function runOnDesktop(job) {
  const { runTests, runVSCodeCommand } = await import("@vscode/test-electron");
  const root = mkdtempSync(join(tmpdir(), "e2e-"));
  const workspace = join(root, "workspace");
  const userData = join(root, "user-data");
  const resultFile = join(root, "result.json");
  const profile = ["--user-data-dir", userData, "--extensions-dir", join(root, "extensions")];
  mkdirSync(join(userData, "User"), { recursive: true });
  cpSync(job.workspace, workspace, { recursive: true });
  const settings = { ...quietSettings, ...(job.trusted ? {} : restrictedSettings) };
  writeFileSync(join(userData, "User", "settings.json"), JSON.stringify(settings));

  let code = 1;
  try {
    if (job.vsix) await runVSCodeCommand(["--install-extension", job.vsix, ...profile]);
    const executable = process.env.NFR_LENS_VSCODE;
    code = await runTests({
      ...(executable ? { vscodeExecutablePath: executable } : { version: "stable" }),
      // VS Code insists on a folder here; beside an installed VSIX an empty one must not shadow it.
      extensionDevelopmentPath: job.extension ?? emptyExtension(root),
      extensionTestsPath: job.tests,
      extensionTestsEnv: { E2E_RESULT_FILE: resultFile },
      launchArgs: [
        workspace,
        ...profile,
        ...(job.trusted ? ["--disable-workspace-trust"] : []),
        "--skip-welcome",
        "--skip-release-notes",
        "--disable-telemetry",
        "--disable-updates",
      ],
    });
  } catch (error) {
    console.error(String(error?.stack ?? error));
  }
  const result = verdict(code, resultFile);
  rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  return result;
}

function emptyExtension(root) {
  const folder = join(root, "empty");
  mkdirSync(folder);
  const manifest = { name: "empty", publisher: "nfr-lens-tests", version: "0.0.1", engines: { vscode: "^1.91.0" } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  return folder;
}
