import { NobodyListens, type Bus, type BusSubscription } from '#ports';
import { Fault } from '#std';
import { decodeMessage, encodeMessage } from './message-codec.js';
import { subjects } from './subjects.js';

/** An answer of the writer is waited for so long. */
export const SEAT_ANSWER_MS = 500;
const SEAT = subjects.query('api', 'writer');

/** Another writer has this cluster. */
export class WriterElsewhere extends Fault {
  override readonly name = 'WriterElsewhere';
  constructor(message: string) {
    super(message, false);
  }
}

/** What the writer says of itself. */
export interface SeatHeld {
  readonly epoch: number;
  /** How long ago it found in the log that it still is the writer. */
  readonly ageMs: number;
}

/** What the writer answers on the bus; `vacant`: the bus says that nobody listens for the question. */
export async function askSeat(bus: Bus): Promise<SeatHeld | 'silent' | 'vacant'> {
  try {
    return decodeMessage(await bus.request(SEAT, encodeMessage({}), SEAT_ANSWER_MS)) as unknown as SeatHeld;
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    return cause instanceof NobodyListens ? 'vacant' : 'silent';
  }
}

/** Answers that this process is the writer, as long as it is. After that it gives no answer at all, so another one takes over. */
export function holdSeat(bus: Bus, held: () => SeatHeld | undefined): BusSubscription {
  return bus.subscribe(SEAT, () => {
    const now = held();
    return now && encodeMessage(now);
  });
}
