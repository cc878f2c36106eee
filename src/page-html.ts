/** The document around a page. Nothing may be loaded but our own script and style; nothing may be fetched at all. */
import type { FromPage } from "../media/page-messages.ts";

export interface PageFrame {
  script: string;
  style: string;
  /** Source of local resources, as the webview names it. */
  source: string;
  nonce: string;
  language: string;
  title: string;
}

export function pageHtml({ script, style, source, nonce, language, title }: PageFrame): string {
  const policy = `default-src 'none'; style-src ${source}; script-src 'nonce-${nonce}'; form-action 'none'; base-uri 'none'`;
  return `<!DOCTYPE html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${escapeHtml(style)}">
<title>${escapeHtml(title)}</title>
</head>
<body><main id="page" aria-live="polite"></main>
<script nonce="${escapeHtml(nonce)}" src="${escapeHtml(script)}"></script>
</body>
</html>`;
}

/** Text as it may stand in an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
}

/** What a page said, or null for anything it could not have said. */
export function parseFromPage(message: unknown): FromPage | null {
  if (typeof message !== "object" || message === null) return null;
  const { kind, action } = message as { kind?: unknown; action?: unknown };
  if (kind === "ready") return { kind };
  return kind === "action" && typeof action === "number" ? { kind, action } : null;
}
