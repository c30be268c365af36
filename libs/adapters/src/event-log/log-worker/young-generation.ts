import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Reading the log is not faster with a larger young generation; with a much smaller one it is slower. */
const BYTES_ENOUGH = 32 * 1024 * 1024;

let readers = 0;
let isHeld = false;

/**
 * Keeps the heap's young generation from growing while the log is read. V8 doubles it, up to 128 MiB, each time that as many
 * bytes have survived in it as it is large, however long that took. So the longer the log, the more memory its reading took.
 */
export const youngGeneration = {
  /** Each call needs its {@link release}. */
  enter(): void {
    readers++;
  },
  /** Called from time to time while the log is read. */
  hold(): void {
    if (isHeld || youngBytes() < BYTES_ENOUGH) return;
    isHeld = true;
    setFlagsFromString('--semi-space-growth-factor=1');
  },
  release(): void {
    if (--readers > 0 || !isHeld) return;
    isHeld = false;
    setFlagsFromString('--semi-space-growth-factor=2');
  },
};

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0;
}
