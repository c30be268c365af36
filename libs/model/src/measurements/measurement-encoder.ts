import { fnv32 } from '#std';
import type { NodeSample } from './node-sample.js';
import { CHANGES, FRAME_VERSION, KEPT, KEY, MEASURED_PODS_MAX, NEW, SKIPPED } from './wire/frame.js';
import { FrameWriter } from './wire/frame-bytes.js';
import {
  ABSENT,
  isSameShape,
  machineTables,
  podTables,
  type Block,
  type Shape,
  type Slot,
  type Unit,
} from './wire/unit.js';
import { machineUnit, podUnit } from './wire/units-of-sample.js';

type Tables = readonly (readonly Slot[])[];
interface Held {
  readonly boot: string;
  readonly sequence: number;
  readonly machine: Unit;
  readonly pods: readonly Unit[];
}
/** How many samples there are from one that stands alone to the next. */
const KEY_EVERY = 30;

/**
 * Writes the samples of one agent as frames (docs/adr/0036-measurements-on-the-wire.md): a key, which stands alone, then what
 * changed from sample to sample. Nanoseconds are rounded to the microsecond, other figures to whole ones; of more than
 * {@link MEASURED_PODS_MAX} pods the last ones are left out.
 */
export class MeasurementEncoder {
  private held: Held | undefined;
  private sinceKey = 0;

  constructor(private readonly keyEvery = KEY_EVERY) {}

  /**
   * A key where one is due, and wherever `sample` does not follow on the one before. Throws RangeError for a figure that is
   * negative, above 2^53 or not a number, and for a name of more than 255 bytes; the next frame is a key then.
   */
  encode(sample: NodeSample): Uint8Array {
    const isNext = this.held?.boot === sample.boot && this.held.sequence + 1 === sample.sequence;
    if (!isNext || this.sinceKey + 1 >= this.keyEvery) this.startOver();
    const { held } = this;
    this.held = undefined;
    const writer = new FrameWriter();
    const next: Held = {
      boot: sample.boot,
      sequence: sample.sequence,
      machine: machineUnit(sample),
      pods: sample.pods.slice(0, MEASURED_PODS_MAX).map(podUnit),
    };
    writer.byte(FRAME_VERSION);
    writer.byte(held === undefined ? KEY : CHANGES);
    if (held === undefined) {
      writer.text(sample.boot);
      writer.text(sample.node);
    } else {
      writer.fixed32(fnv32(sample.boot));
    }
    writer.count(sample.sequence);
    writeMachine(writer, next.machine, held?.machine);
    writePods(writer, next.pods, held?.pods ?? []);
    this.sinceKey = held === undefined ? 0 : this.sinceKey + 1;
    this.held = next;
    return writer.done();
  }
  /** The next frame is a key: the one before may have been lost. */
  startOver(): void {
    this.held = undefined;
  }
}

function writeMachine(writer: FrameWriter, next: Unit, held: Unit | undefined): void {
  const isKept = held !== undefined && isSameShape(held.shape, next.shape);
  writer.byte(isKept ? 1 : 0);
  if (!isKept) writeNames(writer, next.shape.networks, next.shape.texts);
  writeBlocks(writer, next, isKept ? held : undefined, machineTables(next.shape));
}

function writePods(writer: FrameWriter, pods: readonly Unit[], held: readonly Unit[]): void {
  const places = placesOf(pods, held);
  writer.count(pods.length);
  let at = 0;
  for (let start = 0; start < pods.length;) {
    const place = places[start];
    if (place !== undefined && place > at) writer.count((place - at) * 4 + SKIPPED);
    if (place !== undefined) at = place;
    let end = start + 1;
    while (end < pods.length && places[end] === (place === undefined ? undefined : place + end - start)) end++;
    writer.count((end - start) * 4 + (place === undefined ? NEW : KEPT));
    for (let i = start; i < end; i++) writePod(writer, pods[i], place === undefined ? undefined : held[at++]);
    start = end;
  }
}
/** Where each pod was in the frame before, going forward; undefined for those that are sent whole. */
function placesOf(pods: readonly Unit[], held: readonly Unit[]): readonly (number | undefined)[] {
  const places = new Map(held.map((unit, i) => [unit.shape.texts[2], i]));
  let from = 0;
  return pods.map(({ shape }, i) => {
    const place = held[from]?.shape.texts[2] === shape.texts[2] ? from : places.get(shape.texts[2]);
    const known = place === undefined || place < from ? undefined : held[place];
    if (place === undefined || known === undefined || !isSameShape(known.shape, shape)) return undefined;
    from = place + 1;
    return i < pods.length ? place : undefined;
  });
}

function writePod(writer: FrameWriter, next: Unit | undefined, held: Unit | undefined): void {
  if (next === undefined) return;
  if (held === undefined) writePodShape(writer, next.shape);
  writeBlocks(writer, next, held, podTables(next.shape));
}
function writePodShape(writer: FrameWriter, { texts, containers, networks, volumes }: Shape): void {
  const ofNetworks = 3 + 2 * containers;
  const ofVolumes = ofNetworks + Math.max(networks, 0);
  for (const text of texts.slice(0, 3)) writer.text(text);
  writer.count(containers);
  for (const text of texts.slice(3, ofNetworks)) writer.text(text);
  writeNames(writer, networks, texts.slice(ofNetworks, ofVolumes));
  writeNames(writer, volumes, texts.slice(ofVolumes));
}
function writeNames(writer: FrameWriter, count: number, names: readonly string[]): void {
  writer.count(count - ABSENT);
  for (const name of names) writer.text(name);
}

/** Which blocks changed, then of each of them which figures and by how much. */
function writeBlocks(writer: FrameWriter, next: Unit, held: Unit | undefined, tables: Tables): void {
  const changed = next.blocks.map((block, i) => differs(block, held?.blocks[i]));
  writer.flags((i) => changed[i] === true, changed.length);
  for (let i = 0; i < changed.length; i++)
    if (changed[i]) writeBlock(writer, next.blocks[i] ?? [], held?.blocks[i], tables[i] ?? []);
}
function writeBlock(writer: FrameWriter, next: Block, held: Block | undefined, slots: readonly Slot[]): void {
  const before = (slot: number): number => held?.[slot] ?? ABSENT;
  writer.flags((slot) => next[slot] !== before(slot), next.length);
  for (let slot = 0; slot < next.length; slot++) {
    const number = next[slot] ?? ABSENT;
    if (number === before(slot)) continue;
    const change = number === ABSENT ? undefined : number - Math.max(before(slot), 0);
    writer.change(change, slots[slot]?.step ?? 1);
  }
}
function differs(next: Block, held: Block | undefined): boolean {
  for (let slot = 0; slot < next.length; slot++) if (next[slot] !== (held?.[slot] ?? ABSENT)) return true;
  return false;
}
