import type { EventLog } from '#ports';

/**
 * An append that nobody waits for any more, and that may be in the log all the same: one of its tries was not answered, and a
 * later one was refused because what comes before it was not there yet.
 */
export interface Doubt {
  readonly is: 'doubt';
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
}
export function isDoubt(value: unknown): value is Doubt {
  return typeof value === 'object' && value !== null && (value as { is?: unknown }).is === 'doubt';
}

/** Position of the event in the log; `never` when another event has its place in the stream; undefined while the place is free. */
export async function landingOf(
  log: Pick<EventLog, 'readStream'>,
  { stream, revision, id }: Doubt,
): Promise<number | 'never' | undefined> {
  for await (const event of log.readStream(stream, revision)) return event.id === id ? event.position : 'never';
  return undefined;
}
