import { fnv32 } from '#std';
import type { NodeSample, PodReading } from './node-sample.js';
import {
  CHANGES,
  FRAME_VERSION,
  KEPT,
  KEY,
  MEASURED_PODS_MAX,
  MEASUREMENT_BYTES_MAX,
  NEW,
  SKIPPED,
} from './wire/frame.js';
import { FrameReader, MalformedFrame } from './wire/frame-bytes.js';
import { ABSENT, machineTables, podTables, type Block, type Shape, type Slot, type Unit } from './wire/unit.js';
import { machineOf, podOf } from './wire/sample-of-units.js';

export type DecodedSample =
  | { readonly sample: NodeSample }
  /** `old`: it, or a later one, was here already. `gap`: what it changes was never here; only the next key helps. */
  | { readonly skipped: 'old' | 'gap' }
  /** Why the bytes are no frame. What was held is dropped: the next key is needed. */
  | { readonly refused: string };

interface Held {
  readonly node: string;
  readonly boot: string;
  readonly mark: number;
  readonly sequence: number;
  readonly machine: Unit;
  readonly pods: readonly Unit[];
}
/** Memory for one node: of the frame before, whatever its sender makes of it. */
const HELD_BYTES_MAX = 4 * 1024 * 1024;
/** A late key of a life of the agent that has ended is recognised for as many lives. */
const ENDED_LIVES_MAX = 4;

/**
 * Reads the frames of one node's agent, which may be anything. Time is linear in the frame and what is held, memory bounded.
 * The caller compares `sample.node` with the subject that the frame came on.
 */
export class MeasurementDecoder {
  private held: Held | undefined;
  /** Something between what is held and what came last was lost. */
  private isBehind = false;
  /** Where the newest sample was, which outlives what is held. */
  private newest: Pick<Held, 'mark' | 'sequence'> | undefined;
  private readonly endedLives: number[] = [];

  /** @param ownsPod whether figures of a pod are believed when they come from this node; others are left out of samples */
  constructor(private readonly ownsPod: (pod: Pick<PodReading, 'uid' | 'namespace' | 'name'>) => boolean) {}

  decode(bytes: Uint8Array): DecodedSample {
    try {
      if (bytes.length > MEASUREMENT_BYTES_MAX) throw new MalformedFrame(`${bytes.length} bytes`);
      return this.take(new FrameReader(bytes));
    } catch (error) {
      if (!(error instanceof MalformedFrame)) throw error;
      this.held = undefined;
      return { refused: error.message };
    }
  }
  /** Whether only a key helps: nothing came yet, or something was lost. */
  get needsKey(): boolean {
    return this.held === undefined || this.isBehind;
  }

  private take(reader: FrameReader): DecodedSample {
    const version = reader.byte();
    if (version !== FRAME_VERSION) throw new MalformedFrame(`version ${version}`);
    const sort = reader.byte();
    if (sort === KEY) return this.takeKey(reader);
    if (sort !== CHANGES) throw new MalformedFrame(`a frame of sort ${sort}`);
    return this.takeChanges(reader);
  }
  private takeKey(reader: FrameReader): DecodedSample {
    const { newest } = this;
    const boot = reader.text();
    const mark = fnv32(boot);
    const node = reader.text();
    const sequence = reader.count();
    if (newest?.mark === mark && sequence <= newest.sequence) return { skipped: 'old' };
    if (this.endedLives.includes(mark)) return { skipped: 'old' };
    const sample = this.read(reader, { node, boot, mark, sequence }, undefined);
    if (newest !== undefined && newest.mark !== mark) {
      this.endedLives.push(newest.mark);
      if (this.endedLives.length > ENDED_LIVES_MAX) this.endedLives.shift();
    }
    return { sample };
  }
  private takeChanges(reader: FrameReader): DecodedSample {
    const { held } = this;
    const mark = reader.fixed32();
    const sequence = reader.count();
    if (held === undefined) return { skipped: 'gap' };
    if (this.endedLives.includes(mark) || (mark === held.mark && sequence <= held.sequence)) return { skipped: 'old' };
    if (mark !== held.mark || sequence !== held.sequence + 1) {
      this.isBehind = true;
      return { skipped: 'gap' };
    }
    return { sample: this.read(reader, { ...held, sequence }, held) };
  }
  private read(
    reader: FrameReader,
    of: Pick<Held, 'node' | 'boot' | 'mark' | 'sequence'>,
    held: Held | undefined,
  ): NodeSample {
    const units = new UnitReader(reader);
    const machine = units.machine(held?.machine);
    const pods = units.pods(held?.pods ?? []);
    if (!reader.isAtEnd) throw new MalformedFrame('more bytes than it needs');
    const { node, boot, mark, sequence } = of;
    const sample = {
      node,
      boot,
      sequence,
      ...machineOf(machine),
      pods: pods.map(podOf).filter((pod) => this.ownsPod(pod)),
    };
    this.held = { node, boot, mark, sequence, machine, pods };
    this.newest = { mark, sequence };
    this.isBehind = false;
    return sample;
  }
}

/** Reads the units of one frame. What is held is changed in place, so after a {@link MalformedFrame} it is worth nothing. */
class UnitReader {
  private heldBytes = 0;

  constructor(private readonly reader: FrameReader) {}

  machine(held: Unit | undefined): Unit {
    const mark = this.reader.byte();
    if (mark > 1) throw new MalformedFrame('a machine neither kept nor new');
    const isKept = mark === 1;
    if (isKept && held === undefined) throw new MalformedFrame('a machine that was not sent');
    if (isKept && held !== undefined) return this.changed(held, machineTables(held.shape));
    const { count, names } = this.names();
    const shape = { texts: names, containers: 0, networks: count, volumes: 0 };
    return this.made(shape, machineTables(shape));
  }
  pods(held: readonly Unit[]): readonly Unit[] {
    const total = this.reader.count();
    if (total > MEASURED_PODS_MAX) throw new MalformedFrame(`${total} pods`);
    const pods: Unit[] = [];
    let at = 0;
    let isAnyNew = false;
    while (pods.length < total) {
      const head = this.reader.count();
      const [count, sort] = [Math.floor(head / 4), head % 4];
      const room =
        sort === NEW ? total - pods.length : Math.min(held.length - at, sort === KEPT ? total - pods.length : Infinity);
      if (count === 0 || count > room || sort > NEW) throw new MalformedFrame('pods that were not sent');
      isAnyNew ||= sort === NEW;
      for (let i = 0; i < count; i++) {
        const known = sort === NEW ? undefined : held[at++];
        if (sort === SKIPPED) continue;
        pods.push(known ? this.changed(known, podTables(known.shape)) : this.newPod());
      }
    }
    if (isAnyNew && new Set(pods.map(({ shape }) => shape.texts[2])).size < total)
      throw new MalformedFrame('a pod twice');
    return pods;
  }

  private newPod(): Unit {
    const { reader } = this;
    const texts = [reader.text(), reader.text(), reader.text()];
    const containers = reader.count();
    this.hold(containers * 64);
    for (let i = 0; i < containers * 2; i++) texts.push(reader.text());
    const networks = this.names();
    const volumes = this.names();
    const shape = {
      texts: [...texts, ...networks.names, ...volumes.names],
      containers,
      networks: networks.count,
      volumes: volumes.count,
    };
    return this.made(shape, podTables(shape));
  }
  private names(): { readonly count: number; readonly names: readonly string[] } {
    const count = this.reader.count() + ABSENT;
    this.hold(Math.max(count, 0) * 64);
    const names: string[] = [];
    for (let i = 0; i < count; i++) names.push(this.reader.text());
    return { count, names };
  }
  private made(shape: Shape, tables: readonly (readonly Slot[])[]): Unit {
    this.holdUnit(shape, tables);
    const unit = { shape, blocks: tables.map((slots): Block => slots.map(() => ABSENT)) };
    this.change(unit, tables);
    return unit;
  }
  private changed(unit: Unit, tables: readonly (readonly Slot[])[]): Unit {
    this.holdUnit(unit.shape, tables);
    this.change(unit, tables);
    return unit;
  }
  private change({ blocks }: Unit, tables: readonly (readonly Slot[])[]): void {
    for (const changed of this.reader.flags(blocks.length)) {
      const block = blocks[changed];
      const slots = tables[changed];
      if (block === undefined || slots === undefined) continue;
      for (const slot of this.reader.flags(block.length)) {
        const change = this.reader.change(slots[slot]?.step ?? 1);
        const number = change === undefined ? ABSENT : Math.max(block[slot] ?? ABSENT, 0) + change;
        if (number < ABSENT || (number === ABSENT && change !== undefined) || number > Number.MAX_SAFE_INTEGER)
          throw new MalformedFrame('a figure out of its range');
        block[slot] = number;
      }
    }
  }

  private holdUnit({ texts }: Shape, tables: readonly (readonly Slot[])[]): void {
    let bytes = 128;
    for (const text of texts) bytes += 32 + text.length * 2;
    for (const slots of tables) bytes += 32 + slots.length * 8;
    this.hold(bytes);
  }
  private hold(bytes: number): void {
    this.heldBytes += bytes;
    if (this.heldBytes > HELD_BYTES_MAX) throw new MalformedFrame(`more than ${HELD_BYTES_MAX} bytes to hold`);
  }
}
