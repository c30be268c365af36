import { pause } from '#engine';
import type { Clock } from '#ports';
import { messageOf } from './pod-files.js';

const RETRY_MS = 1000;

/** Does it every so many milliseconds; the result ends it. */
export function every(clock: Clock, ms: number, work: () => void): () => void {
  let cancel: () => void = () => undefined;
  const next = (): void => {
    cancel = clock.after(ms, () => {
      next();
      work();
    });
  };
  next();
  return () => cancel();
}

export interface InsistOptions {
  readonly clock: Clock;
  readonly isStopped: () => boolean;
  readonly log: (line: string) => void;
}
/** Tries until it works, or the agent is stopped: without it the agent can do nothing. */
export async function insist<T>(
  { clock, isStopped, log }: InsistOptions,
  what: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  for (let tries = 0; !isStopped(); tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries % 10 === 0) log(`${what}: ${messageOf(error)}; trying again`);
      await pause(clock, RETRY_MS);
    }
  }
  return undefined;
}
