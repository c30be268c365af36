import { lstatSync, opendirSync, statfsSync, type Dir, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { FileSystemReading } from '#model';
import type { FileTrees } from '#ports';

/** Files that one step looks at; a slow disk makes it fewer. */
const STEP_ENTRIES = 100;
const STEP_MS = 3;
/** Files in a row of one folder, before the next one has its turn. */
const TURN_ENTRIES = 500;
/** A tree with more is not counted to its end, nor one with more folders that wait to be counted. */
const TREE_ENTRIES_MAX = 20_000;
const WAITING_MAX = 1000;
/** Small trees are not counted more often than this. */
const ROUND_MS = 10_000;
const BLOCK_BYTES = 512;
const NAMES_AT_ONCE = 64;

/** Trees on this machine's disks. */
export class NodeFileTrees implements FileTrees {
  private readonly trees = new Map<string, Tree>();
  private turn: Tree | undefined;
  private order: Iterator<Tree> | undefined;
  private nextRoundAt = 0;

  watch(paths: ReadonlySet<string>): void {
    for (const [path, tree] of this.trees) {
      if (paths.has(path)) continue;
      tree.end();
      this.trees.delete(path);
      if (this.turn === tree) this.turn = undefined;
    }
    for (const path of paths) if (!this.trees.has(path)) this.trees.set(path, new Tree(path));
  }
  step(): void {
    const until = performance.now() + STEP_MS;
    let finished = 0;
    for (let left = STEP_ENTRIES; left > 0 && finished <= this.trees.size && performance.now() < until;) {
      this.turn ??= this.next();
      if (this.turn === undefined) return;
      const looked = this.turn.goOn(left);
      left -= Math.max(looked, 1);
      if (!this.turn.isTurnOver) continue;
      finished++;
      this.turn = undefined;
    }
  }
  usage(path: string): FileSystemReading | undefined {
    return this.trees.get(path)?.reading;
  }
  space(path: string): FileSystemReading | undefined {
    try {
      const { bsize, blocks, bfree, bavail, files, ffree } = statfsSync(path);
      return {
        usedBytes: (blocks - bfree) * bsize,
        capacityBytes: blocks * bsize,
        availableBytes: bavail * bsize,
        inodesUsed: files - ffree,
        inodes: files,
        inodesFree: ffree,
      };
    } catch {
      return undefined;
    }
  }
  close(): void {
    this.watch(new Set());
  }

  private next(): Tree | undefined {
    for (let found = this.order?.next(); found !== undefined && !found.done; found = this.order?.next())
      if (this.trees.get(found.value.path) === found.value) return found.value.begin();
    // Those that were not finished in their turn go on; when all are, they rest until they are counted anew.
    const unfinished = [...this.trees.values()].filter((tree) => tree.isRunning);
    const now = performance.now();
    if (unfinished.length === 0) {
      if (now < this.nextRoundAt || this.trees.size === 0) return undefined;
      this.nextRoundAt = now + ROUND_MS;
    }
    this.order = (unfinished.length > 0 ? unfinished : [...this.trees.values()]).values();
    return this.order.next().value?.begin();
  }
}

/** One folder that is counted over and over. */
class Tree {
  reading: FileSystemReading | undefined;
  private waiting: string[] = [];
  private folder: { readonly path: string; readonly handle: Dir } | undefined;
  private device: number | undefined;
  private bytes = 0;
  private entries = 0;
  private turnLeft = 0;
  /** A count has begun and is not at its end. */
  isRunning = false;
  private isCut = false;

  constructor(readonly path: string) {}

  get isTurnOver(): boolean {
    return this.turnLeft <= 0 || !this.isRunning;
  }
  /** A turn: goes on with the count, or begins the next one. */
  begin(): this {
    this.turnLeft = TURN_ENTRIES;
    if (this.isRunning) return this;
    this.waiting = [];
    this.bytes = 0;
    this.entries = 0;
    this.isCut = false;
    const root = shownOf(this.path);
    if (root === undefined) {
      this.reading = undefined;
      return this;
    }
    this.device = root.dev;
    this.count(root);
    this.isRunning = true;
    if (root.isDirectory()) this.waiting.push(this.path);
    return this;
  }
  /** @returns how many files it looked at, at most so many */
  goOn(entriesMax: number): number {
    const most = Math.min(entriesMax, this.turnLeft);
    let looked = 0;
    while (this.isRunning && looked < most) {
      if (this.entries >= TREE_ENTRIES_MAX) this.isCut = true;
      if (this.isCut || !this.lookAtNext()) {
        this.finish();
      } else {
        looked++;
      }
    }
    this.turnLeft -= looked;
    if (this.isRunning && this.reading?.isPartial !== undefined) this.reading = this.counted(true);
    else if (this.isRunning) this.reading ??= this.counted(true);
    return looked;
  }
  end(): void {
    this.folder?.handle.closeSync();
    this.folder = undefined;
  }

  /** False when nothing is left. */
  private lookAtNext(): boolean {
    this.folder ??= this.openNext();
    if (this.folder === undefined) return false;
    const { path, handle } = this.folder;
    const entry = readEntry(handle);
    if (entry === undefined) {
      this.end();
      return true;
    }
    const at = join(path, entry);
    const shown = shownOf(at);
    if (shown === undefined || shown.dev !== this.device) return true;
    this.count(shown);
    if (!shown.isDirectory()) return true;
    if (this.waiting.length < WAITING_MAX) this.waiting.push(at);
    else this.isCut = true;
    return true;
  }
  private openNext(): { readonly path: string; readonly handle: Dir } | undefined {
    for (let path = this.waiting.pop(); path !== undefined; path = this.waiting.pop()) {
      try {
        return { path, handle: opendirSync(path, { bufferSize: NAMES_AT_ONCE }) };
      } catch {
        // It went, or may not be read: the rest is counted.
      }
    }
    return undefined;
  }
  /** A file with several names counts once. */
  private count(shown: Stats): void {
    this.entries++;
    this.bytes += (shown.blocks * BLOCK_BYTES) / (shown.isDirectory() ? 1 : Math.max(shown.nlink, 1));
  }
  private finish(): void {
    this.end();
    this.isRunning = false;
    this.reading = this.counted(this.isCut);
  }
  private counted(isPartial: boolean): FileSystemReading {
    return {
      usedBytes: Math.round(this.bytes),
      inodesUsed: this.entries,
      ...(isPartial && { isPartial: true as const }),
    };
  }
}

function readEntry(handle: Dir): string | undefined {
  try {
    return handle.readSync()?.name;
  } catch {
    return undefined;
  }
}
function shownOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
