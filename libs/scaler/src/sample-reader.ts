import { nodes } from '#kinds';
import { MeasurementDecoder, type Change } from '#model';
import type { Clock } from '#ports';
import { Fault } from '#std';
import type { UsageStore } from './usage-store.js';

export interface SampleReaderOptions {
  readonly store: UsageStore;
  readonly clock: Clock;
  /** Asks the agent of a node for a frame that stands alone. */
  readonly askKey: (node: string) => void;
  readonly onFault: (what: string, cause: unknown) => void;
  /** Called with the node of each sample that was news. */
  readonly onSample?: (node: string) => void;
}

/** Frames of a node that are read in a second; an agent sends one by default. */
const FRAMES_PER_SECOND = 20;
const ASK_KEY_MS = 1000;

interface Sender {
  readonly decoder: MeasurementDecoder;
  /** When the second began in which frames are counted. */
  since: number;
  frames: number;
  askedAt: number;
}

/** Reads the frames of agents, each within the budget of its node. Of nodes that the log does not have nothing is read. */
export class SampleReader {
  private readonly senders = new Map<string, Sender>();

  constructor(private readonly options: SampleReaderOptions) {}

  take(node: string, frame: Uint8Array): void {
    const { store, clock, askKey, onFault, onSample } = this.options;
    const sender = this.senderOf(node);
    const now = clock.monotonic();
    if (!sender || !isWithinBudget(sender, now)) return;
    const decoded = sender.decoder.decode(frame);
    if ('refused' in decoded) onFault(`measurements of ${node}`, new Fault(decoded.refused, true));
    else if ('sample' in decoded && store.take(node, decoded.sample)) onSample?.(node);
    if (!sender.decoder.needsKey || now - sender.askedAt < ASK_KEY_MS) return;
    sender.askedAt = now;
    askKey(node);
  }
  private senderOf(node: string): Sender | undefined {
    const known = this.senders.get(node);
    if (known || !this.options.store.knowsNode(node)) return known;
    const decoder = new MeasurementDecoder((pod) => this.options.store.isOn(node, pod));
    const sender: Sender = { decoder, since: -Infinity, frames: 0, askedAt: -Infinity };
    this.senders.set(node, sender);
    return sender;
  }

  /** Forgets nodes that are gone. */
  notice(changes: readonly Change[]): void {
    for (const { kind, before, after } of changes)
      if (kind === nodes.id && before && after?.metadata.uid !== before.metadata.uid)
        this.senders.delete(before.metadata.name);
  }
}

function isWithinBudget(sender: Sender, now: number): boolean {
  if (now - sender.since >= 1000) {
    sender.since = now;
    sender.frames = 0;
  }
  return ++sender.frames <= FRAMES_PER_SECOND;
}
