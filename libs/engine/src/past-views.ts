import { refusals, type Refusal, type View } from '#model';
import { bytesOf } from './held-bytes.js';
import type { Projection } from './projection.js';

/** How many bytes the kept views and those being replayed take, as {@link bytesOf} counts them. */
export const PAST_BYTES = 256 * 1024 * 1024;
/** Views that are kept at most, however small they are. */
const VIEWS_KEPT = 16;
/** Replays at a time, where they fit; more wait. */
const REPLAYS_MAX = 2;
/** Replays that wait; more are refused. */
export const REPLAYS_WAITING_MAX = 16;
/** After so much was counted, others are answered first. */
const COUNTED_AT_ONCE = 1024 * 1024;
/** What a stream takes in a view beside its name and its object. */
const STREAM_BYTES = 256;

const TOO_MANY_REPLAYS = refusals.tooManyRequests(
  'too many moments of the past are being looked at, please try again later',
  2,
);

/** A moment of the past that was replayed, or is being. */
interface PastView {
  readonly view: Promise<View>;
  /** What it takes; 0 until it is whole. */
  bytes: number;
}

/**
 * Views of past moments. Each is a whole cluster in memory, so a budget of bytes says how many are kept for the next question
 * about the same moment, and how many are replayed at a time: one in any case. A replay that would have to wait behind too
 * many is refused with 429 and a time to come back.
 */
export class PastViews {
  /** The one that was asked for last is at the end. */
  private readonly kept = new Map<number, PastView>();
  /** What the largest view of late took: the next one may take as much. */
  private bytesExpected = 0;
  private replaying = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly soon: (callback: () => void) => void,
    private readonly bytesMax = PAST_BYTES,
  ) {}

  /** About how many bytes the kept views take. */
  get bytes(): number {
    return [...this.kept.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  forget(): void {
    this.kept.clear();
  }

  /** The view of a position: a kept one, or what `replay` makes when it is its turn. */
  at(position: number, replay: () => Promise<Projection>): Promise<View | Refusal> {
    const known = this.kept.get(position);
    if (known) {
      this.kept.delete(position);
      this.kept.set(position, known);
      return known.view;
    }
    if (this.waiting.length >= REPLAYS_WAITING_MAX) return Promise.resolve(TOO_MANY_REPLAYS);
    const made = this.inTurn(replay);
    const past: PastView = { view: made.then(({ projection }) => projection), bytes: 0 };
    this.kept.set(position, past);
    made.then(
      ({ bytes }) => {
        past.bytes = bytes;
        this.dropOld();
      },
      () => this.drop(position, past),
    );
    return past.view;
  }

  private async inTurn(
    replay: () => Promise<Projection>,
  ): Promise<{ readonly projection: Projection; readonly bytes: number }> {
    if (this.hasRoom) this.replaying++;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      this.dropOld();
      const projection = await replay();
      const bytes = await this.bytesIn(projection);
      this.bytesExpected = Math.max(bytes, this.bytesExpected / 2);
      return { projection, bytes };
    } finally {
      this.replaying--;
      if (this.waiting.length > 0 && this.hasRoom) {
        this.replaying++;
        this.waiting.shift()?.();
      }
    }
  }
  private get hasRoom(): boolean {
    if (this.replaying === 0) return true;
    return this.replaying < REPLAYS_MAX && (this.replaying + 1) * this.bytesExpected <= this.bytesMax;
  }

  /** Forgets the views that were not asked for longest, until what is left and what is being made fits. */
  private dropOld(): void {
    const underWay = this.replaying + this.waiting.length;
    let bytes = this.bytes + this.replaying * this.bytesExpected;
    for (const [position, past] of this.kept) {
      if (bytes <= this.bytesMax && this.kept.size <= VIEWS_KEPT + underWay) return;
      // One that is being made has no bytes yet, and is waited for.
      if (past.bytes === 0) continue;
      this.drop(position, past);
      bytes -= past.bytes;
    }
  }
  private drop(position: number, past: PastView): void {
    if (this.kept.get(position) === past) this.kept.delete(position);
  }

  private async bytesIn(projection: Projection): Promise<number> {
    let bytes = 0;
    let pause = COUNTED_AT_ONCE;
    for (const [stream, state] of projection.entries()) {
      bytes += STREAM_BYTES + 2 * stream.length + bytesOf(state.object);
      if (bytes < pause) continue;
      pause = bytes + COUNTED_AT_ONCE;
      await new Promise<void>((resolve) => this.soon(resolve));
    }
    return bytes;
  }
}
