import type { Settings } from './settings.js';
import { isMachineStopping } from './host.js';

/** A clean stop takes this long at most; then the process ends anyway, and the next start repairs. */
export const STOP_MS = 15_000;
/** An agent that ends its pods first may take so much longer. */
export const DRAIN_MS = 45_000;
/**
 * Signals within this time are one request: whoever stops a service signals all its processes at once, and those that started
 * this one pass it on.
 */
const ONE_REQUEST_MS = 1000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface StopHandlers {
  readonly stop: () => void;
  /** Somebody asks again, and does not want to wait. */
  readonly stopNow: () => void;
}

/** Calls these when the process is told to stop; SIGHUP says that the terminal was closed. `now` is in milliseconds. */
export function onStopSignals(
  process: { readonly on: (signal: NodeJS.Signals, listener: () => void) => unknown },
  { stop, stopNow }: StopHandlers,
  now: () => number = () => performance.now(),
): void {
  let since: number | undefined;
  const signalled = (): void => {
    if (since !== undefined) return void (now() - since >= ONE_REQUEST_MS && stopNow());
    since = now();
    stop();
  };
  for (const signal of SIGNALS) process.on(signal, signalled);
}

/** Whether an agent that is told to stop now ends its pods first. */
export async function isDraining({ drain }: Pick<Settings, 'drain'>): Promise<boolean> {
  return drain === 'always' || (drain === 'shutdown' && (await isMachineStopping()));
}
