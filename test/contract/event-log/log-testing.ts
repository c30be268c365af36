import type { NewEvent, StoredEvent } from '#model';
import type { EventLog, LogSubscription, RecordedEvent } from '#ports';
import { uuidOf } from '#std';

/** An event whose id derives from its stream, its revision and its cause, as the writer derives it. */
export function eventOf(stream: string, expectedRevision: number, cause = 'test'): NewEvent {
  return {
    id: uuidOf(`${stream} ${expectedRevision} ${cause}`),
    type: 'StatusReported',
    time: '2026-01-01T00:00:00.000Z',
    data: { uid: uuidOf(stream), set: [[['status', 'count'], expectedRevision + 1]] },
    metadata: { epoch: 1, actor: 'tester', via: 'jest', correlationId: cause, schemaVersion: 1 },
  };
}

export async function collect(events: AsyncIterable<StoredEvent | readonly RecordedEvent[]>): Promise<StoredEvent[]> {
  const all: StoredEvent[] = [];
  for await (const some of events) all.push(...('id' in some ? [some] : some.map((recorded) => recorded.open())));
  return all;
}

export async function until(condition: () => boolean, timeoutMs = 30_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A subscriber that remembers what it got and how far it has come. */
export class Follow {
  readonly events: StoredEvent[] = [];
  passed: number;
  ended: unknown;
  readonly #subscription: LogSubscription;

  constructor(log: EventLog, afterPosition: number) {
    this.passed = afterPosition;
    this.#subscription = log.subscribe(
      afterPosition,
      (events) => {
        this.events.push(...events);
        this.passed = Math.max(this.passed, events.at(-1)?.position ?? 0);
      },
      (cause) => (this.ended = cause),
      (position) => (this.passed = Math.max(this.passed, position)),
    );
  }
  get positions(): number[] {
    return this.events.map((event) => event.position);
  }
  async reached(position: number): Promise<void> {
    await until(() => this.passed >= position || this.ended !== undefined);
    if (this.ended !== undefined) throw this.ended;
  }
  close(): Promise<void> {
    return this.#subscription.close();
  }
}
