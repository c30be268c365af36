import type { NewEvent } from '#model';

/** A UTF-16 unit takes at most three bytes in UTF-8. */
const BYTES_PER_UNIT_MAX = 3;

/** Whether the JSON text of an event has at most `bytesMax` bytes in UTF-8. */
export function fits(event: NewEvent, bytesMax: number): boolean {
  const text = JSON.stringify(event);
  return text.length * BYTES_PER_UNIT_MAX <= bytesMax || Buffer.byteLength(text) <= bytesMax;
}
