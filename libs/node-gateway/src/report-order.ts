import type { ReportAnswer } from '#model';
import type { Clock } from '#ports';

/** To an agent that lives all the same: it asks again until it is heard alone. */
export const FOLLOWED: ReportAnswer = { taken: false, reason: 'another agent of this node reports now' };

/** Names one report: the newest of a boot is the one with the greatest sequence. */
interface ReportNumber {
  readonly node: string;
  /** Drawn by the agent when it starts. */
  readonly boot: string;
  /** What it is about: the uid of a pod, or empty for the node itself. */
  readonly subject: string;
  readonly sequence: number;
}
interface Boot {
  readonly boot: string;
  /** Newest sequence that was taken, per subject. */
  readonly sequences: Map<string, number>;
  /** Boots of this node that are over: what arrives of them now was sent before. */
  readonly past: ReadonlySet<string>;
  /** When this boot was heard last, on the monotonic clock. */
  heardAt: number;
}
const PAST_BOOTS_MAX = 16;
/** An agent that lives is heard more often than that: its heartbeats come every 10 s. */
const SILENT_MS = 15_000;

/**
 * Which reports of each node were taken, so that one which arrives late or twice is not taken over a newer one. A process that
 * has just started can hear of an agent that has died after the one that lives, and take it for the newer: of two boots that
 * is the living one which is still heard when the other has fallen silent.
 */
export class ReportOrder {
  private readonly boots = new Map<string, Boot>();

  constructor(private readonly clock: Clock) {}

  /** A message of this boot has arrived. A boot that is new ends the one before. */
  begin(node: string, boot: string): void {
    const now = this.clock.monotonic();
    const known = this.boots.get(node);
    if (known?.boot === boot) known.heardAt = now;
    else if (!known?.past.has(boot) || now - known.heardAt > SILENT_MS) {
      const past = known ? [...known.past, known.boot].filter((one) => one !== boot).slice(-PAST_BOOTS_MAX) : [];
      this.boots.set(node, { boot, sequences: new Map(), past: new Set(past), heardAt: now });
    }
  }

  /** A report was taken. */
  take({ node, boot, subject, sequence }: ReportNumber): void {
    const known = this.boots.get(node);
    if (known?.boot === boot) known.sequences.set(subject, sequence);
  }

  /** A report that is not older than what was taken of the same boot. */
  isNew({ node, boot, subject, sequence }: ReportNumber): boolean {
    const known = this.boots.get(node);
    return known?.boot !== boot || (known.sequences.get(subject) ?? -1) < sequence;
  }
  /** Whether another agent of the node is taken for the living one. */
  isOver(node: string, boot: string): boolean {
    return this.boots.get(node)?.past.has(boot) ?? false;
  }

  forgetSubject(node: string, subject: string): void {
    this.boots.get(node)?.sequences.delete(subject);
  }
  forgetNode(node: string): void {
    this.boots.delete(node);
  }
}
