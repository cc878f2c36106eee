import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { KEYS } from "../../server/lsp/hover.ts";
import { DEFAULT_SETTINGS, parseSettings, parseStart } from "../../server/settings.ts";
import { HOME, SETTINGS } from "./rig.ts";

const DEFAULTS = { pack: "/pack", locale: "en" };

interface Manifest {
  contributes: {
    keybindings: { command: string; key: string }[];
    configuration: { properties: Record<string, { default: unknown }> }[];
  };
}
const manifest = JSON.parse(readFileSync(join(HOME, "package.json"), "utf8")) as Manifest;

describe("what a client says about itself", () => {
  it("may be nothing at all", () => {
    const reports: string[] = [];
    assert.deepEqual(
      parseStart(undefined, DEFAULTS, (message) => reports.push(message)),
      {
        ...DEFAULTS,
        trusted: true,
        changes: false,
        settings: DEFAULT_SETTINGS,
        ownClient: false,
      },
    );
    assert.deepEqual(reports, []);
  });

  it("is taken where it is right, and comes from our own client where it has settings", () => {
    const sent = { pack: "/other", locale: "ja", trusted: false, changes: true, settings: SETTINGS };
    assert.deepEqual(
      parseStart(sent, DEFAULTS, (message) => assert.equal(message, undefined)),
      { ...sent, ownClient: true },
    );
  });

  it("is named and left out where it is wrong", () => {
    const reports: string[] = [];
    const sent = { pack: "relative", locale: "../../etc", trusted: "yes", settings: [] };
    const start = parseStart(sent, DEFAULTS, (message) => reports.push(message));
    assert.deepEqual(start, {
      ...DEFAULTS,
      trusted: false,
      changes: false,
      settings: DEFAULT_SETTINGS,
      ownClient: true,
    });
    assert.deepEqual(reports, [
      'initializationOptions.pack is "relative", expected the absolute path of a folder; "/pack" is used',
      'initializationOptions.locale is "../../etc", expected a language tag; "en" is used',
      'initializationOptions.trusted is "yes", expected true or false; false is used',
      "settings is [], expected an object",
    ]);
  });

  it("keeps the settings before where new ones are wrong", () => {
    const reports: string[] = [];
    const sent = { maximumDiagnostics: 5000, minimumConfidence: 90, debounceMs: NaN, author: 1, inlayHints: true };
    const findings = { unmeasurable: "yes", contradictsHeading: true };
    assert.deepEqual(parseSettings({ findings }, SETTINGS, (message) => reports.push(message)).findings, {
      unmeasurable: true,
      severalQualities: true,
      contradictsHeading: true,
    });
    assert.deepEqual(reports.splice(0), [
      'settings.findings.unmeasurable is "yes", expected true or false; true is used',
    ]);
    assert.deepEqual(
      parseSettings(sent, SETTINGS, (message) => reports.push(message)),
      { ...SETTINGS, inlayHints: true },
    );
    assert.deepEqual(reports, [
      "settings.minimumConfidence is 90, expected a number from 0 to 1; 0 is used",
      "settings.maximumDiagnostics is 5000, expected a whole number from 1 to 999; 200 is used",
      "settings.debounceMs is null, expected milliseconds from 0 to 10000; 0 is used",
      'settings.author is 1, expected a name of at most 200 characters; "Ada" is used',
    ]);
  });
});

describe("facts that stand in the manifest, too", () => {
  it("are the keys that the hover names", () => {
    for (const [command, keys] of Object.entries(KEYS)) {
      const found = manifest.contributes.keybindings.find((binding) => binding.command === `nfrLens.${command}`);
      const advice = "server/lsp/hover.ts and the key bindings of package.json must name the same keys";
      assert.equal(found?.key, keys.toLowerCase(), advice);
    }
  });

  it("are the defaults of settings for clients that send none", () => {
    const properties = Object.assign(
      {},
      ...manifest.contributes.configuration.map((page) => page.properties),
    ) as Record<string, { default: unknown }>;
    const names: Record<keyof typeof DEFAULT_SETTINGS, string> = {
      codeLens: "codeLens.enabled",
      inlayHints: "inlayHints.enabled",
      diagnostics: "diagnostics.enabled",
      findings: "diagnostics.findings",
      minimumConfidence: "codeLens.minimumConfidence",
      maximumDiagnostics: "diagnostics.maximum",
      debounceMs: "debounce",
      threads: "threads",
      author: "author",
    };
    for (const [field, name] of Object.entries(names)) {
      const advice = `server/settings.ts and package.json must give nfrLens.${name} the same default`;
      assert.deepEqual(DEFAULT_SETTINGS[field as keyof typeof names], properties[`nfrLens.${name}`]?.default, advice);
    }
  });
});
