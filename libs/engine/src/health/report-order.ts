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
}
const PAST_BOOTS_MAX = 16;

/** Which reports of each node were taken, so that one which arrives late or twice is not taken over a newer one. */
export class ReportOrder {
  private readonly boots = new Map<string, Boot>();

  /** A message of this boot has arrived. A boot that is new ends the one before. */
  begin(node: string, boot: string): void {
    this.bootOf(node, boot);
  }

  /** A report was taken. */
  take({ node, boot, subject, sequence }: ReportNumber): void {
    this.bootOf(node, boot).sequences.set(subject, sequence);
  }

  isOld({ node, boot, subject, sequence }: ReportNumber): boolean {
    const known = this.boots.get(node);
    if (known?.past.has(boot)) return true;
    return known?.boot === boot && (known.sequences.get(subject) ?? -1) >= sequence;
  }

  forgetSubject(node: string, subject: string): void {
    this.boots.get(node)?.sequences.delete(subject);
  }
  forgetNode(node: string): void {
    this.boots.delete(node);
  }

  private bootOf(node: string, boot: string): Boot {
    const known = this.boots.get(node);
    if (known && (known.boot === boot || known.past.has(boot))) return known;
    const past = known ? [...known.past, known.boot].slice(-PAST_BOOTS_MAX) : [];
    const begun: Boot = { boot, sequences: new Map(), past: new Set(past) };
    this.boots.set(node, begun);
    return begun;
  }
}
