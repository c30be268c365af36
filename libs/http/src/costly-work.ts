import { refusals, type Refusal } from '#model';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseDuration } from '#std';

/** Processor time that one step of costly work may take from the thread that answers everybody. */
const FREE_MS = 15;
/** What goes beyond that is a debt of the user, of which so much is let pass: a cold process's first steps are slow too. */
const DEBT_FREE_MS = 250;
/** For each millisecond of further debt the user's costly work rests for so many: the excess takes at most 0.5 % of the time. */
const REST_FACTOR = 200;
const REST_MAX_MS = 60_000;
/** What a request may take when its client does not say, and at most, as in Kubernetes. */
const TIMEOUT_MS = 60_000;
/**
 * A request that would have to wait for more than this part of its time-out is refused with a time to come back. As long as
 * Kubernetes' own priority and fairness lets one wait: who sends one after the other is slowed down, and refused only when
 * that does not help.
 */
const WAIT_SHARE = 1 / 4;
const WAITING_MAX = 16;
/** After a step others have the thread for as long as the step had it, and at most for so long. */
const PAUSE_MAX_MS = 10;
const PAUSE_MIN_MS = 2;
/** Objects that are remembered as large. */
const REMEMBERED_MAX = 1024;
/** A body of so many bytes may be costly, whatever is in it, … */
const LARGE_BYTES = 64 * 1024;
/** … JSON, whose fields can be counted, only when its texts alone take as long: some five milliseconds, … */
const LARGE_JSON_BYTES = 512 * 1024;
/** … and so may be one with so many separators, about one for each field or item. */
const MANY_SEPARATORS = 2000;
/** A URL of so many characters is a costly query. */
export const LONG_QUERY_CHARACTERS = 16 * 1024;
/** A small body is costly when it changes an object whose JSON has so many characters. */
const LARGE_OBJECT_CHARACTERS = 48 * 1024;

export interface Meter {
  /** Milliseconds on a clock that nobody sets. */
  readonly now: () => number;
  /** Milliseconds of processor time that this thread has had. */
  readonly spent: () => number;
  readonly wait: (ms: number) => Promise<unknown>;
  /** Calls back after so long, unless what is returned is called before. */
  readonly after: (ms: number, act: () => void) => () => void;
}
const METER: Meter = {
  now: () => performance.now(),
  spent: () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  },
  wait: sleep,
  after: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

/** The costly work of one user. */
interface Lane {
  /** When the next one may begin, were no debt let pass: a debt is paid off by rest. */
  paidAt: number;
  /** Those that wait for their turn, in the order in which they came. */
  readonly waiting: Set<Waiting>;
  /** One is under way, or rests before it is. */
  isTaken: boolean;
}
interface Waiting {
  letIn(): void;
}

/** One request that was let in. */
export interface AdmittedWork {
  /** Does one step of it, which nobody interrupts. A costly one is metered, and others are answered after it. */
  step<T>(work: () => T | Promise<T>): Promise<T>;
  /** Says which object was written, and how many characters its JSON has. */
  wrote(target: string, characters: number): void;
  end(): void;
}

/** What is known of a request before it is let in. */
export interface AskedWork {
  /** Names the object that it changes, if that is known. */
  readonly target?: string;
  readonly isCostly: boolean;
  /** As the client's query says it (`timeout=5s`). */
  readonly timeout: string | undefined;
}

/** Milliseconds for which a request may wait. */
function patienceOf(timeout: string | undefined): number {
  const parsed = timeout ? parseDuration(timeout) : undefined;
  const ms = parsed && 'value' in parsed && parsed.value > 0 ? parsed.value : TIMEOUT_MS;
  return Math.min(ms, TIMEOUT_MS) * WAIT_SHARE;
}

/**
 * Whether reading so many bytes may take the thread for long: what costs time is fields, so a large body of few texts is none.
 * Counting takes a hundredth of the time of reading them.
 */
export function isCostlyText(bytes: Uint8Array): boolean {
  if (bytes.length >= (bytes[0] === BRACE ? LARGE_JSON_BYTES : LARGE_BYTES)) return true;
  if (bytes.length < MANY_SEPARATORS) return false;
  let separators = 0;
  for (const byte of bytes) if (byte === COMMA || byte === LINE_FEED) separators++;
  return separators >= MANY_SEPARATORS;
}
const BRACE = 0x7b;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;

/**
 * Keeps one user's costly work (bodies and objects of many thousand fields, long queries) from taking the thread that answers
 * everybody. It goes one request at a time, and a user whose work took the thread for long too often waits, or is refused with
 * 429 and a time to come back. Other users, and this user's other requests, go on.
 */
export class CostlyWork {
  private readonly lanes = new Map<string, Lane>();
  /** Objects that are known to be large. */
  private readonly large = new Set<string>();

  constructor(private readonly meter: Meter = METER) {}

  /** Lets a request in when its turn has come, or refuses it as soon as that cannot be, or was not, while it may wait. */
  async enter(user: string, { target, isCostly, timeout }: AskedWork): Promise<AdmittedWork | Refusal> {
    if (!isCostly && (target === undefined || !this.large.has(target))) return this.ordinary();
    const lane = this.laneOf(user);
    const until = this.meter.now() + patienceOf(timeout);
    const refused = this.refusedBy(lane, until);
    if (refused) return refused;
    if (lane.isTaken && !(await this.turn(lane, until))) return this.refusal(lane);
    lane.isTaken = true;
    const leave = (): void => this.leave(lane);
    const rest = this.restOf(lane);
    if (this.meter.now() + rest > until) {
      leave();
      return this.refusal(lane);
    }
    if (rest > 0) await this.meter.wait(rest);
    return this.metered(user, leave);
  }

  /** Resolves with true when the one before has left, and with false when the patience is over before that. */
  private turn(lane: Lane, until: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (isTurn: boolean): void => {
        cancel();
        lane.waiting.delete(waiting);
        resolve(isTurn);
      };
      const waiting = { letIn: () => settle(true) };
      const cancel = this.meter.after(until - this.meter.now(), () => settle(false));
      lane.waiting.add(waiting);
    });
  }
  /** The next one has the lane from now on: nobody who comes meanwhile gets before it. */
  private leave(lane: Lane): void {
    const [next] = lane.waiting;
    if (next) next.letIn();
    else lane.isTaken = false;
  }

  /** Milliseconds until the next one may begin. */
  private restOf({ paidAt }: Lane): number {
    return Math.max(0, paidAt - this.meter.now() - DEBT_FREE_MS * REST_FACTOR);
  }

  private refusedBy(lane: Lane, until: number): Refusal | undefined {
    const isInTime = this.meter.now() + this.restOf(lane) <= until;
    return isInTime && lane.waiting.size < WAITING_MAX ? undefined : this.refusal(lane);
  }
  private refusal(lane: Lane): Refusal {
    const why = 'very large objects or queries of this user take too much of the server';
    return refusals.tooManyRequests(
      `Too many requests, please try again later: ${why}`,
      Math.max(1, Math.ceil(this.restOf(lane) / 1000)),
    );
  }

  private ordinary(): AdmittedWork {
    return {
      step: async (work) => await work(),
      wrote: (target, characters) => this.remember(target, characters),
      end: () => undefined,
    };
  }

  private metered(user: string, release: () => void): AdmittedWork {
    return {
      step: (work) => this.step(user, work),
      wrote: (target, characters) => this.remember(target, characters),
      end: release,
    };
  }

  private async step<T>(user: string, work: () => T | Promise<T>): Promise<T> {
    const before = this.meter.spent();
    let took = 0;
    const metered = (): T | Promise<T> => {
      try {
        return work();
      } finally {
        took = this.meter.spent() - before;
        this.owe(user, took - FREE_MS);
      }
    };
    const result = await metered();
    if (took >= PAUSE_MIN_MS) await this.meter.wait(Math.min(took, PAUSE_MAX_MS));
    return result;
  }

  private owe(user: string, excessMs: number): void {
    if (excessMs <= 0) return;
    const lane = this.laneOf(user);
    const now = this.meter.now();
    const most = now + DEBT_FREE_MS * REST_FACTOR + REST_MAX_MS;
    lane.paidAt = Math.min(Math.max(lane.paidAt, now) + excessMs * REST_FACTOR, most);
  }

  private remember(target: string, characters: number): void {
    this.large.delete(target);
    if (characters < LARGE_OBJECT_CHARACTERS) return;
    this.large.add(target);
    const oldest = this.large.size > REMEMBERED_MAX ? this.large.values().next().value : undefined;
    if (oldest !== undefined) this.large.delete(oldest);
  }

  private laneOf(user: string): Lane {
    let lane = this.lanes.get(user);
    if (lane) return lane;
    // Lanes that are empty and owe nothing are as good as new ones.
    for (const [name, { paidAt, waiting, isTaken }] of this.lanes)
      if (waiting.size === 0 && !isTaken && paidAt <= this.meter.now()) this.lanes.delete(name);
    lane = { paidAt: 0, waiting: new Set(), isTaken: false };
    this.lanes.set(user, lane);
    return lane;
  }
}
