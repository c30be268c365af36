import { refusals, type Refusal } from '#model';
import { setTimeout as sleep } from 'node:timers/promises';

/** Processor time that one step of a write may take from the thread that answers everybody. */
const FREE_MS = 40;
/** What goes beyond that is a debt of the user, of which so much is let pass: a cold process's first writes are slow too. */
const DEBT_FREE_MS = 150;
/** For each millisecond of further debt the user's costly writes rest for so many: the excess takes at most 1 % of the time. */
const REST_FACTOR = 100;
const REST_MAX_MS = 20_000;
/** Who would have to wait longer is told to come back. */
const WAIT_MAX_MS = 700;
const WAITING_MAX = 16;
/** A body of so many bytes may be costly; a smaller one is when it changes an object that was. */
const LARGE_BYTES = 64 * 1024;
const COSTLY_MS = FREE_MS / 2;
/** Objects that are remembered as costly. */
const REMEMBERED_MAX = 1024;

export interface Meter {
  /** Milliseconds on a clock that nobody sets. */
  readonly now: () => number;
  /** Milliseconds of processor time that this thread has had. */
  readonly spent: () => number;
  readonly wait: (ms: number) => Promise<unknown>;
}
const METER: Meter = {
  now: () => performance.now(),
  spent: () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  },
  wait: sleep,
};

/** The costly writes of one user. */
interface Lane {
  /** When the next one may begin, were no debt let pass: a debt is paid off by rest. */
  paidAt: number;
  waiting: number;
  /** Resolves when the one before has ended. */
  tail: Promise<unknown>;
}

/** One write that was let in. */
export interface AdmittedWrite {
  /** Does one step of it, which nobody interrupts, and counts what it cost. */
  step<T>(work: () => T): T;
  /** Says which object was written, if that was not known before. */
  wrote(target: string): void;
  end(): void;
}

/**
 * Keeps one user's costly writes (objects of many thousand fields) from taking the thread that answers everybody. They go
 * one at a time, and whoever took the thread for long too often waits, or is refused with 429 and a time to come back.
 * Other users, and this user's other requests, go on.
 */
export class CostlyWrites {
  private readonly lanes = new Map<string, Lane>();
  /** What the last write of an object cost, where that was much. */
  private readonly costs = new Map<string, number>();

  constructor(private readonly meter: Meter = METER) {}

  /** Lets a write in when its turn has come. `target` names the object that it changes, if that is known. */
  async enter(user: string, target: string | undefined, bodyBytes: number): Promise<AdmittedWrite | Refusal> {
    const isCostly = bodyBytes >= LARGE_BYTES || (target !== undefined && this.costs.has(target));
    if (!isCostly) return this.admitted(user, target, () => undefined);
    const lane = this.laneOf(user);
    const refused = this.tooLong(lane);
    if (refused) return refused;
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = lane.tail;
    lane.tail = promise;
    lane.waiting++;
    await before;
    lane.waiting--;
    const late = this.tooLong(lane);
    const rest = this.restOf(lane);
    if (!late && rest > 0) await this.meter.wait(rest);
    if (!late) return this.admitted(user, target, resolve);
    resolve();
    return late;
  }

  /** Milliseconds until the next one may begin. */
  private restOf({ paidAt }: Lane): number {
    return paidAt - this.meter.now() - DEBT_FREE_MS * REST_FACTOR;
  }

  private tooLong(lane: Lane): Refusal | undefined {
    const ms = this.restOf(lane);
    if (ms <= WAIT_MAX_MS && lane.waiting < WAITING_MAX) return undefined;
    const why = 'writes of very large objects by this user take too much of the server';
    return refusals.tooManyRequests(
      `Too many requests, please try again later: ${why}`,
      Math.max(1, Math.ceil(ms / 1000)),
    );
  }

  private admitted(user: string, target: string | undefined, release: () => void): AdmittedWrite {
    let longest = 0;
    let written = target;
    return {
      step: (work) => {
        const before = this.meter.spent();
        try {
          return work();
        } finally {
          longest = Math.max(longest, this.meter.spent() - before);
        }
      },
      wrote: (made) => void (written = made),
      end: () => {
        if (written !== undefined) this.remember(written, longest);
        this.owe(user, longest - FREE_MS);
        release();
      },
    };
  }

  private owe(user: string, excessMs: number): void {
    if (excessMs <= 0) return;
    const lane = this.laneOf(user);
    const now = this.meter.now();
    const most = now + DEBT_FREE_MS * REST_FACTOR + REST_MAX_MS;
    lane.paidAt = Math.min(Math.max(lane.paidAt, now) + excessMs * REST_FACTOR, most);
  }

  private remember(target: string, ms: number): void {
    this.costs.delete(target);
    if (ms < COSTLY_MS) return;
    this.costs.set(target, ms);
    const oldest = this.costs.size > REMEMBERED_MAX ? this.costs.keys().next().value : undefined;
    if (oldest !== undefined) this.costs.delete(oldest);
  }

  private laneOf(user: string): Lane {
    let lane = this.lanes.get(user);
    if (lane) return lane;
    // Lanes that nobody waits in and that owe nothing are as good as new ones.
    for (const [name, { paidAt, waiting }] of this.lanes)
      if (waiting === 0 && paidAt <= this.meter.now()) this.lanes.delete(name);
    lane = { paidAt: 0, waiting: 0, tail: Promise.resolve() };
    this.lanes.set(user, lane);
    return lane;
  }
}
