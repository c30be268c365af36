import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Reading the log is not faster with a larger young generation; with a much smaller one it is slower. */
const YOUNG_BYTES_ENOUGH = 32 * 1024 * 1024;
/** By how much the old generation may grow before it is collected. Without it V8 allows four times what was alive. */
const OLD_GROWTH_PERCENT = 50;

let readers = 0;
let isHeld = false;

/**
 * Keeps V8's heap from growing with the length of the log while that is read. Its young generation doubles, up to 128 MiB, each
 * time that as many bytes have survived in it as it is large, however long that took; and the old one, into which pages get
 * that had to wait, is collected the seldomer the quicker the last collection was.
 */
export const readingHeap = {
  /** Each call needs its {@link release}. */
  enter(): void {
    if (readers++ === 0) setFlagsFromString(`--heap-growing-percent=${OLD_GROWTH_PERCENT}`);
  },
  /** Called from time to time while the log is read. */
  hold(): void {
    if (isHeld || youngBytes() < YOUNG_BYTES_ENOUGH) return;
    isHeld = true;
    setFlagsFromString('--semi-space-growth-factor=1');
  },
  release(): void {
    if (--readers > 0) return;
    setFlagsFromString('--heap-growing-percent=0');
    if (!isHeld) return;
    isHeld = false;
    setFlagsFromString('--semi-space-growth-factor=2');
  },
};

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0;
}
