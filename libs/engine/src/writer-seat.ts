import type { Bus, BusSubscription } from '#ports';
import { Fault } from '#std';
import { decodeMessage, encodeMessage } from './messages.js';
import { subjects } from './subjects.js';

/** A writer that does not answer for so long is dead, stands still or cannot be reached: another one may take over. */
const ANSWER_MS = 3_000;
const SEAT = subjects.query('api', 'writer');

interface SeatAnswer {
  readonly epoch: number;
}

/** Another writer has this cluster. */
export class WriterElsewhere extends Fault {
  override readonly name = 'WriterElsewhere';
  constructor(message: string) {
    super(message, false);
  }
}

/**
 * Fails while another process answers as the writer. Asked before each election: a deposed writer that is started again must
 * not depose its successor in turn, over and over.
 */
export async function requireFreeSeat(bus: Bus): Promise<void> {
  let answer: Uint8Array;
  try {
    answer = await bus.request(SEAT, encodeMessage({}), ANSWER_MS);
  } catch (cause) {
    if (cause instanceof Fault) return;
    throw cause;
  }
  const { epoch } = decodeMessage(answer) as unknown as SeatAnswer;
  throw new WriterElsewhere(
    `Another process is the writer of this cluster (epoch ${epoch}): stop it first, or wait until it has ended.`,
  );
}

/** Answers that this process is the writer, as long as it is. */
export function holdSeat(bus: Bus, epoch: () => number | undefined): BusSubscription {
  return bus.subscribe(SEAT, () => {
    const held = epoch();
    // No answer at all: whoever asks takes the role.
    return held === undefined ? new Promise<undefined>(() => undefined) : encodeMessage({ epoch: held });
  });
}
