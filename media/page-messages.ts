/**
 * What client and webview tell each other. The client builds a page in the user's language; the webview draws it and
 * knows nothing else. Types only; the server has no part in it.
 */

/** A page from top to bottom, in the user's language. */
export interface Page {
  title: string;
  blocks: PageBlock[];
}

export type PageBlock =
  | { kind: "heading"; text: string }
  | { kind: "text"; text: string; tone: PageTone }
  | { kind: "facts"; facts: { name: string; value: string; note?: string }[] }
  /** Groups of bars, each value 0 to 1 of the width; the table holds the same numbers. */
  | {
      kind: "bars";
      caption: string;
      legend: string[];
      groups: { name: string; code?: string; bars: PageBar[] }[];
      table: PageTable;
    }
  /** A value with its interval on a line with a zero. */
  | { kind: "interval"; caption: string; low: number; value: number; high: number; unit: string }
  | ({ kind: "table" } & PageTable)
  | { kind: "actions"; actions: { text: string; action: number; primary: boolean }[] };

export type PageTone = "plain" | "good" | "bad" | "quiet";

export interface PageBar {
  /** Which entry of the legend. */
  series: number;
  value: number;
  text: string;
}

export interface PageTable {
  caption: string;
  columns: { text: string; numeric: boolean }[];
  /** The first cell of a row is its heading. */
  rows: PageCell[][];
}

export interface PageCell {
  text: string;
  tone?: PageTone;
  /** Category whose colour the cell wears. */
  code?: string;
  /** How strongly, 0 to 1. */
  shade?: number;
  /** Number of the action that a click asks for. */
  action?: number;
}

/** What a page says back. An action is a number the client handed out; what it means is known to the client alone. */
export type FromPage = { kind: "ready" } | { kind: "action"; action: number };
