/** Times, sizes and durations as people read them. Times are local; a duration is counted to a given moment. */

const two = (value: number) => String(value).padStart(2, "0");

export function clockTime(wallMs: number): string {
  const date = new Date(wallMs);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function fullTime(wallMs: number): string {
  const date = new Date(wallMs);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clockTime(wallMs)}`;
}

/** Two units at most: `3 d 2 h`, `4 min 10 s`, `12 s`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** The same where there is little room: `3d 2h`, `4m 10s`, `12s`. */
export function shortDuration(ms: number): string {
  return duration(ms)
    .replace(" min", "m")
    .replace(/ ([dhs])/g, "$1");
}

export function mebibytes(bytes: number): string {
  const value = bytes / 1048576;
  return value < 99.95 ? value.toFixed(1) : String(Math.round(value));
}
