/** The colour of each category: from the manifest, unless the user's own theme says otherwise. */
import * as vscode from "vscode";
import { badgeState, badgeSvg, colourCode, type BadgeState } from "./categories.ts";
import type { ShownStatement } from "../server/protocol.ts";

interface ColourContribution {
  id: string;
  defaults: { dark: string; light: string };
}

export type Icon = { light: vscode.Uri; dark: vscode.Uri };

export class Colours {
  private readonly defaults: ReadonlyMap<string, { dark: string; light: string }>;
  private readonly icons = new Map<string, Icon>();

  constructor(extension: vscode.Extension<unknown>) {
    const manifest = extension.packageJSON as { contributes: { colors: ColourContribution[] } };
    this.defaults = new Map(manifest.contributes.colors.map(({ id, defaults }) => [id, defaults]));
  }

  /** The colour by its name, for everything that VS Code draws itself. */
  theme(code: string): vscode.ThemeColor {
    return new vscode.ThemeColor(idOf(code));
  }

  /** The badge of a statement. */
  badge(statement: ShownStatement): Icon {
    return this.icon(statement.label, badgeState(statement));
  }

  /** A badge as two pictures, for light and for dark themes; pictures cannot name theme colours. */
  icon(code: string, state: BadgeState): Icon {
    const name = `${code} ${state}`;
    const known = this.icons.get(name);
    if (known) return known;
    const { dark, light } = this.defaults.get(idOf(code))!;
    const own = this.ownColour(code);
    const icon = {
      light: picture(badgeSvg(code, state, own ?? light, false)),
      dark: picture(badgeSvg(code, state, own ?? dark, true)),
    };
    this.icons.set(name, icon);
    return icon;
  }

  /** Forgets the pictures, as when the user chose other colours. */
  reset(): void {
    this.icons.clear();
  }

  private ownColour(code: string): string | undefined {
    const customizations = vscode.workspace
      .getConfiguration("workbench")
      .get<Record<string, unknown>>("colorCustomizations");
    const colour = customizations?.[idOf(code)];
    return typeof colour === "string" && /^#[0-9a-f]{3,8}$/i.test(colour) ? colour : undefined;
  }
}

function idOf(code: string): string {
  return `nfrLens.category.${colourCode(code)}`;
}

function picture(svg: string): vscode.Uri {
  return vscode.Uri.parse(`data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`);
}
