/** What the world knows of each node: when it was last heard, or would have been had anybody listened. */
export class SignsOfLife {
  private readonly heard = new Map<string, number[]>();

  /** `now`: a clock that nobody sets. */
  constructor(readonly now: () => number) {}

  note(node: string): void {
    const at = this.now();
    const list = this.heard.get(node);
    if (!list) this.heard.set(node, [at]);
    else if (at - (list.at(-1) ?? 0) >= STEP_MS) list.push(at);
  }

  /** For how long the node had been silent at that moment. */
  silentMs(node: string, at: number): number {
    const last = this.heard.get(node)?.findLast((one) => one <= at);
    return last === undefined ? 0 : at - last;
  }
  /** Whether more than half of these nodes had been silent for so long. */
  areMostSilent(nodes: readonly string[], at: number, ms: number): boolean {
    return nodes.filter((node) => this.silentMs(node, at) >= ms).length * 2 > nodes.length;
  }
}

/** Times that lie closer together are one. */
const STEP_MS = 1000;
