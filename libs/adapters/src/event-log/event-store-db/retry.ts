import { TookTooLong } from '../../within.js';
import { isPermanent, pause, typeOf } from './faults.js';
import type { LogClient } from './log-client.js';

const FIRST_MS = 20;
const MAX_MS = 500;

export interface RetryOptions {
  readonly client: LogClient;
  readonly giveUpMs: number;
  readonly isClosed: () => boolean;
}

/** Tries again for a while after the last progress; then the failure is the caller's. */
export class Retry {
  readonly #options: RetryOptions;
  #since = performance.now();
  #waitMs = FIRST_MS;

  constructor(options: RetryOptions) {
    this.#options = options;
  }

  progressed(): void {
    this.#since = performance.now();
    this.#waitMs = FIRST_MS;
  }

  /** Resolves when it is worth another try, or throws the cause. */
  async after(cause: unknown): Promise<void> {
    const { client, giveUpMs, isClosed } = this.#options;
    if (isClosed() || isPermanent(cause)) throw cause;
    if (isLate(cause)) await client.leaveIfSilent();
    if (performance.now() + this.#waitMs - this.#since > giveUpMs) throw cause;
    await pause(this.#waitMs);
    this.#waitMs = Math.min(this.#waitMs * 2, MAX_MS);
  }
}

/** No answer came in time. */
export function isLate(cause: unknown): boolean {
  return cause instanceof TookTooLong || typeOf(cause) === 'deadline-exceeded';
}
