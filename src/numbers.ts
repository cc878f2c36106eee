/** Times and sizes as short text that needs no translation. */

/** Seconds as `42 s`, `3:07 min` or `1:02 h`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const pad = (value: number) => String(value).padStart(2, "0");
  if (whole < 3_600) return `${Math.floor(whole / 60)}:${pad(whole % 60)} min`;
  return `${Math.floor(whole / 3_600)}:${pad(Math.floor((whole % 3_600) / 60))} h`;
}

/** Bytes as `12 kB` or `3.4 MB`. */
export function size(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A share in points of a hundred with one digit, signed when it is a difference: `81.3`, `+2.4`. */
export function points(share: number, signed = false): string {
  const text = (share * 100).toFixed(1);
  return signed && share >= 0 ? `+${text}` : text;
}
