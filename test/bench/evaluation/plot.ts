/** A line chart as a page of its own: labels across, weighted F1 up. No library, so that anyone can draw it again. */

export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly labels: number; readonly value: number }[];
}

const [WIDTH, HEIGHT] = [640, 360];
const FRAME = { left: 60, right: 620, top: 30, bottom: 310 };
const COLOURS = ["#0b6fb8", "#b8500b", "#3d7a1f"];

/** The page; its chart fills 640 × 360 pixels. */
export function plot(curves: readonly Curve[]): string {
  const all = curves.flatMap(({ points }) => points);
  const most = Math.max(...all.map(({ labels }) => labels));
  const low = Math.floor(10 * Math.min(...all.map(({ value }) => value))) / 10;
  const high = Math.ceil(10 * Math.max(...all.map(({ value }) => value))) / 10;
  const x = (labels: number): number => FRAME.left + ((FRAME.right - FRAME.left) * labels) / most;
  const y = (value: number): number => FRAME.bottom - ((FRAME.bottom - FRAME.top) * (value - low)) / (high - low);
  const steps = Math.round((high - low) * 20);
  const grid = Array.from({ length: steps + 1 }, (_, step) => low + step / 20).map(
    (value) =>
      `<line x1="${FRAME.left}" x2="${FRAME.right}" y1="${y(value)}" y2="${y(value)}" stroke="#ddd"/>` +
      `<text x="${FRAME.left - 8}" y="${y(value) + 4}" text-anchor="end">${value.toFixed(2)}</text>`,
  );
  const ticks = [...new Set(all.map(({ labels }) => labels))].map(
    (labels) => `<text x="${x(labels)}" y="${FRAME.bottom + 18}" text-anchor="middle">${labels}</text>`,
  );
  const lines = curves.map(({ name, points }, at) => {
    const colour = COLOURS[at % COLOURS.length]!;
    const path = points.map(({ labels, value }) => `${x(labels)},${y(value)}`).join(" ");
    const dots = points.map(
      ({ labels, value }) => `<circle cx="${x(labels)}" cy="${y(value)}" r="4" fill="${colour}"/>`,
    );
    // Above the end of its own line, which rises: colour is not needed to tell whose name it is.
    const last = points.at(-1)!;
    const title = `<text x="${x(last.labels)}" y="${y(last.value) - 12}" text-anchor="end" style="fill:${colour}">${name}</text>`;
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join("")}${title}`;
  });
  const titles =
    `<text x="${FRAME.left}" y="18" font-weight="bold">weighted F1 on projects the model has not seen</text>` +
    `<text x="${(FRAME.left + FRAME.right) / 2}" y="${HEIGHT - 12}" text-anchor="middle">labels of the project</text>`;
  return (
    `<!doctype html><meta charset="utf-8"><style>body{margin:0;background:#fff}text{font:13px sans-serif;fill:#333}</style>` +
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}">` +
    `${titles}${grid.join("")}${ticks.join("")}${lines.join("")}</svg>\n`
  );
}
