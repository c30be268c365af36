import type { Clock } from '#ports';
import { Fault } from '#std';
import { TokenBucket } from './token-bucket.js';

export interface BudgetLimits {
  /** Messages of cost 1 that a node may send per second in the long run, and at once after a quiet time. */
  readonly perSecond: number;
  readonly burst: number;
  /** What may wait for its turn, of one node. */
  readonly waitingMax: number;
  readonly waitingBytesMax: number;
  /** What is handled at the same time, of one node and of all. */
  readonly runningPerNodeMax: number;
  readonly runningMax: number;
}
/** An agent that starts a node full of pods stays far below these. */
export const BUDGET: BudgetLimits = {
  perSecond: 100,
  burst: 500,
  waitingMax: 256,
  waitingBytesMax: 4 * 1024 * 1024,
  runningPerNodeMax: 16,
  runningMax: 64,
};

const SWEEP_MIN = 256;

interface Message {
  readonly cost: number;
  readonly bytes: number;
  readonly begin: () => void;
}
interface Side {
  readonly bucket: TokenBucket;
  readonly waiting: Message[];
  waitingBytes: number;
  running: number;
}

/**
 * Admits the agents' messages: each node has a token bucket, what exceeds it waits (its sender waits for the answer), and
 * nodes take turns, so a node that floods delays itself only. What waits is bounded in number and bytes; beyond that a
 * message is refused with a retryable {@link Fault}.
 */
export class NodeBudgets {
  private readonly sides = new Map<string, Side>();
  /** Nodes with something that waits, in the order of their turns. */
  private readonly turns = new Map<string, Side>();
  private sweepAt = SWEEP_MIN;
  private running = 0;
  private wake: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly limits: BudgetLimits = BUDGET,
  ) {}

  /** Does `work` in the node's turn. */
  async run<T>(
    node: string,
    message: { readonly cost: number; readonly bytes: number },
    work: () => Promise<T>,
  ): Promise<T> {
    const side = this.sideOf(node);
    const { waitingMax, waitingBytesMax } = this.limits;
    if (side.waiting.length >= waitingMax || side.waitingBytes + message.bytes > waitingBytesMax)
      throw new Fault(`node ${node} sends more than its budget: send it again in a second`, true);
    await new Promise<void>((begin) => {
      side.waiting.push({ ...message, begin });
      side.waitingBytes += message.bytes;
      if (!this.turns.has(node)) this.turns.set(node, side);
      this.admit();
    });
    try {
      return await work();
    } finally {
      this.running--;
      side.running--;
      this.admit();
    }
  }

  stop(): void {
    this.wake?.();
    this.wake = undefined;
  }

  private sideOf(node: string): Side {
    const known = this.sides.get(node);
    if (known) return known;
    if (this.sides.size >= this.sweepAt) this.sweep();
    const { perSecond, burst } = this.limits;
    const side = { bucket: new TokenBucket(this.clock, perSecond, burst), waiting: [], waitingBytes: 0, running: 0 };
    this.sides.set(node, side);
    return side;
  }

  /** Begins all that may begin, one message of each node in turn. */
  private admit(): void {
    let soonestMs = Infinity;
    for (let isProgress = true; isProgress && this.running < this.limits.runningMax;) {
      isProgress = false;
      soonestMs = Infinity;
      for (const [node, side] of [...this.turns]) {
        const [next] = side.waiting;
        if (!next) continue;
        if (side.running >= this.limits.runningPerNodeMax || this.running >= this.limits.runningMax) continue;
        const waitMs = side.bucket.take(next.cost);
        if (waitMs > 0) {
          soonestMs = Math.min(soonestMs, waitMs);
          continue;
        }
        isProgress = true;
        this.begin(node, side, next);
      }
    }
    this.wake?.();
    this.wake = soonestMs === Infinity ? undefined : this.clock.after(Math.ceil(soonestMs), () => this.admit());
  }

  private begin(node: string, side: Side, message: Message): void {
    side.waiting.shift();
    side.waitingBytes -= message.bytes;
    side.running++;
    this.running++;
    // Its next message comes after one of each other node that waits.
    this.turns.delete(node);
    if (side.waiting.length > 0) this.turns.set(node, side);
    message.begin();
  }

  /** Forgets nodes that have nothing here and a full bucket, as a new one has. */
  private sweep(): void {
    for (const [node, side] of this.sides)
      if (side.running === 0 && side.waiting.length === 0 && side.bucket.isFull) this.sides.delete(node);
    this.sweepAt = Math.max(SWEEP_MIN, this.sides.size * 2);
  }
}
