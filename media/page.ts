/**
 * Draws a page the client sends: text, facts, tables, bars, an interval. One render function, no state of its own, no
 * words of its own. Everything from a document enters as text, never as markup.
 */
import type { FromPage, Page, PageBlock, PageCell, PageTable } from "./page-messages.ts";

declare function acquireVsCodeApi(): { postMessage(message: FromPage): void };

const host = acquireVsCodeApi();
const SVG = "http://www.w3.org/2000/svg";

/** The blocks of one kind. */
type Block<Kind extends PageBlock["kind"]> = Extract<PageBlock, { kind: Kind }>;
type Child = Node | string;

function element(name: string, attributes: Record<string, string>, ...children: Child[]): HTMLElement {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function drawn(name: string, attributes: Record<string, string | number>, text?: string): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

function button(text: string, action: number, kind: string): HTMLElement {
  const made = element("button", { class: kind, type: "button" }, text);
  made.addEventListener("click", () => host.postMessage({ kind: "action", action }));
  return made;
}

/**
 * Dresses an element in a category's colour. The style attribute is closed to us by the content policy, the style
 * object is not. VS Code names a colour's variable after its id, and in webviews it keeps every dot but the first.
 */
function colour(target: HTMLElement | SVGElement, code: string, shade = 1): void {
  const known = /^[A-Za-z]+$/.test(code) ? code : "F";
  target.style.setProperty(
    "--category",
    `var(--vscode-nfrLens-category\\.${known}, var(--vscode-nfrLens-category-${known}))`,
  );
  target.style.setProperty("--shade", String(Math.round(15 + 45 * Math.min(1, Math.max(0, shade)))));
}

function cell(data: PageCell, name: "td" | "th"): HTMLElement {
  const content: Child = data.action === undefined ? data.text : button(data.text, data.action, "link");
  const made = element(name, { class: data.tone ?? "plain" }, content);
  if (name === "th") made.setAttribute("scope", "row");
  if (data.code !== undefined) {
    made.classList.add(data.shade === undefined ? "category" : "shaded");
    colour(made, data.code, data.shade);
  }
  return made;
}

function table({ caption, columns, rows }: PageTable): HTMLElement {
  const kind = (index: number) => (columns[index]?.numeric ? "numeric" : "words");
  const head = columns.map(({ text }, index) => element("th", { scope: "col", class: kind(index) }, text));
  const body = rows.map((row) =>
    element(
      "tr",
      {},
      ...row.map((data, index) => {
        const made = cell(data, index === 0 ? "th" : "td");
        made.classList.add(kind(index));
        return made;
      }),
    ),
  );
  // A wide table scrolls by itself, and with the keyboard, too.
  return element(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    element(
      "table",
      {},
      element("caption", {}, caption),
      element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...body),
    ),
  );
}

const ROW = 22;
const BAR = { left: 170, width: 360, right: 60 };

/** Horizontal bars; the series differ by hatching as well as by tone. The table with the same numbers is below. */
function bars({ caption, legend, groups, table: twin }: Block<"bars">): HTMLElement {
  const series = Math.max(1, legend.length);
  const step = ROW * (series === 1 ? 1 : 1.5);
  const thick = (step - 6) / series;
  const width = BAR.left + BAR.width + BAR.right;
  const chart = drawn("svg", {
    viewBox: `0 0 ${width} ${groups.length * step}`,
    role: "img",
    "aria-label": caption,
    class: "bars",
  });
  groups.forEach((group, row) => {
    const y = row * step;
    chart.append(drawn("text", { x: BAR.left - 8, y: y + step / 2, class: "name" }, group.name));
    for (const { series: place, value, text } of group.bars) {
      const length = Math.max(1, Math.min(1, value) * BAR.width);
      const top = y + 3 + place * thick;
      const bar = drawn("rect", {
        x: BAR.left,
        y: top,
        width: length,
        height: thick - 1,
        class: `series${place} of${series}`,
      });
      if (group.code !== undefined) colour(bar, group.code);
      chart.append(bar, drawn("text", { x: BAR.left + length + 6, y: top + thick / 2, class: "value" }, text));
    }
  });
  const key = legend.map((text, place) => element("span", { class: `key series${place}` }, text));
  return element(
    "figure",
    {},
    element("figcaption", {}, caption, ...key),
    chart,
    element("details", {}, element("summary", {}, twin.columns.map(({ text }) => text).join(" · ")), table(twin)),
  );
}

/** A value and its interval above a line with a zero; the caption says the same in words. */
function interval({ caption, low, value, high, unit }: Block<"interval">): HTMLElement {
  const reach = Math.max(1, Math.abs(low), Math.abs(high)) * 1.15;
  const x = (number: number) => 300 + (number / reach) * 280;
  const chart = drawn("svg", { viewBox: "0 0 600 70", role: "img", "aria-label": caption, class: "interval" });
  chart.append(
    drawn("line", { x1: 20, x2: 580, y1: 40, y2: 40, class: "axis" }),
    drawn("line", { x1: x(0), x2: x(0), y1: 8, y2: 44, class: "zero" }),
    drawn("text", { x: x(0), y: 58, class: "tick" }, "0"),
    drawn("text", { x: 20, y: 58, class: "tick first" }, `${(-reach).toFixed(1)} ${unit}`),
    drawn("text", { x: 580, y: 58, class: "tick last" }, `+${reach.toFixed(1)} ${unit}`),
    drawn("line", { x1: x(low), x2: x(high), y1: 24, y2: 24, class: "range" }),
    drawn("line", { x1: x(low), x2: x(low), y1: 17, y2: 31, class: "range" }),
    drawn("line", { x1: x(high), x2: x(high), y1: 17, y2: 31, class: "range" }),
    drawn("circle", { cx: x(value), cy: 24, r: 5, class: "middle" }),
  );
  return element("figure", {}, element("figcaption", {}, caption), chart);
}

function facts({ facts: list }: Block<"facts">): HTMLElement {
  const items = list.map(({ name, value, note }) => {
    const small = note === undefined ? [] : [element("dd", { class: "note" }, note)];
    return element("div", {}, element("dt", {}, name), element("dd", {}, value), ...small);
  });
  return element("dl", { class: "facts" }, ...items);
}

function draw(block: PageBlock): HTMLElement {
  switch (block.kind) {
    case "heading":
      return element("h2", {}, block.text);
    case "text":
      return element("p", { class: block.tone }, block.text);
    case "facts":
      return facts(block);
    case "bars":
      return bars(block);
    case "interval":
      return interval(block);
    case "table":
      return table(block);
    case "actions":
      return element(
        "p",
        { class: "actions" },
        ...block.actions.map(({ text, action, primary }) => button(text, action, primary ? "primary" : "secondary")),
      );
  }
}

window.addEventListener("message", (event: MessageEvent<Page>) => {
  const page = event.data;
  const root = document.getElementById("page");
  root?.replaceChildren(element("h1", {}, page.title), ...page.blocks.map(draw));
});
host.postMessage({ kind: "ready" });
