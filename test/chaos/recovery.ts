import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '../support/hosts/load.js';

/** So many requests to a target in a row are answered before it answers again. */
const IN_A_ROW = 5;
/** Nothing is waited for longer; it is said what does not answer. */
const GIVE_UP_MS = 90_000;
const LOOK_MS = 250;

export interface Recovery {
  /** From the heal until the last request that was not answered began; 0 when all were. */
  readonly seconds: number;
  /** What was answered last, or is not answered at all. */
  readonly last: string;
  readonly cpu: string;
}

/**
 * Waits until each target of each client answers again. A request counts by when it began: one that began before the heal may be
 * lost.
 */
export async function recovery(
  outcomes: () => Promise<ReadonlyMap<string, readonly Outcome[]>>,
  { healedAt, patienceMs }: { readonly healedAt: number; readonly patienceMs: number },
): Promise<Recovery> {
  const cpu = new ProcessorTime();
  const end = performance.now() + GIVE_UP_MS;
  let settledAt: number | undefined;
  for (;;) {
    const all = [...(await outcomes())].flatMap(([client, targets]) => targets.map((one) => ({ client, ...one })));
    const waiting = all.filter(({ lostAt = 0, recent }) => {
      const [first] = recent;
      return recent.length < IN_A_ROW || first === undefined || first < Math.max(healedAt, lostAt);
    });
    const lost = all.filter(({ lostAt = 0 }) => lostAt >= healedAt).sort((a, b) => (b.lostAt ?? 0) - (a.lostAt ?? 0));
    const said = ({ client, name, losses }: (typeof all)[number]): string =>
      `${name} from ${client}: ${losses.at(-1)?.why ?? 'no request was sent'}`;
    const isOver = performance.now() > end;
    if (waiting.length > 0) settledAt = undefined;
    if (isOver && waiting.length > 0) {
      const some = waiting.slice(0, 5).map(said).join('; ');
      return { seconds: GIVE_UP_MS / 1000, last: `${waiting.length} do not answer at all: ${some}`, cpu: cpu.said() };
    }
    // A request that is under way may still be lost.
    if (waiting.length === 0) settledAt ??= Date.now();
    if (settledAt !== undefined && (Date.now() - settledAt > patienceMs || isOver)) {
      const [last] = lost;
      const seconds = last === undefined ? 0 : ((last.lostAt ?? 0) - healedAt) / 1000;
      return { seconds, last: last === undefined ? '' : said(last), cpu: cpu.said() };
    }
    await sleep(LOOK_MS);
  }
}

/** How busy the machine was, and for how much of the time some process was ready to run and had no processor. */
class ProcessorTime {
  private readonly began = performance.now();
  private readonly before = readTimes();

  said(): string {
    const now = readTimes();
    const elapsedMs = performance.now() - this.began;
    const share = (part: number, whole: number): string => `${Math.round((100 * part) / Math.max(1, whole))} %`;
    const busy = share(now.busy - this.before.busy, now.all - this.before.all);
    return `processors ${busy} busy, waited for ${share((now.stalledUs - this.before.stalledUs) / 1000, elapsedMs)} of the time`;
  }
}
function readTimes(): { readonly busy: number; readonly all: number; readonly stalledUs: number } {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const times = line.split(/\s+/).slice(1, 9).map(Number);
  const all = times.reduce((sum, n) => sum + n, 0);
  const stalled = /some .*total=(\d+)/.exec(readPressure())?.[1];
  return { all, busy: all - (times[3] ?? 0) - (times[4] ?? 0), stalledUs: Number(stalled ?? 0) };
}
function readPressure(): string {
  try {
    return readFileSync('/proc/pressure/cpu', 'utf8');
  } catch {
    return '';
  }
}
