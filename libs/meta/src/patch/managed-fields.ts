import { isJsonObject, type Json, type JsonObject } from '#std';
import { canonicalElement } from './path-element.js';
import { EMPTY, inElementOrder, isEmptySet, makeNode, type FieldSet } from './field-set.js';

/** One manager's part of an object: an entry of `metadata.managedFields`, with its set. */
export interface ManagedSet {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly set: FieldSet;
}
/** All managers of an object by what identifies them. */
export type Managers = ReadonlyMap<string, ManagedSet>;

/** What identifies an entry. An applier is one and the same in whatever version it applies. */
export function identifierOf(entry: Omit<ManagedSet, 'set' | 'time'>): string {
  const { manager, operation, apiVersion, subresource } = entry;
  return JSON.stringify({
    ...(manager !== '' && { manager }),
    operation,
    ...(operation !== 'Apply' && apiVersion !== '' && { apiVersion }),
    ...(subresource !== '' && { subresource }),
  });
}

/** The managers of an object; undefined when what is there cannot be understood. */
export function readManagers(object: JsonObject | undefined): Managers | undefined {
  const entries = managedFieldsOf(object);
  const managers = new Map<string, ManagedSet>();
  if (!Array.isArray(entries)) return managers;
  for (const entry of entries as readonly Json[]) {
    const read = readEntry(entry);
    if (read === undefined) return undefined;
    managers.set(identifierOf(read), read);
  }
  return managers;
}

export function managedFieldsOf(object: JsonObject | undefined): Json | undefined {
  const metadata = object?.['metadata'];
  return isJsonObject(metadata) ? metadata['managedFields'] : undefined;
}

/** Whether a client asks to forget all owners: an empty list, or one entry that says nothing. */
export function isReset(entries: Json | undefined): boolean {
  if (!Array.isArray(entries)) return false;
  const [only] = entries as readonly Json[];
  if (entries.length === 0) return true;
  return (
    entries.length === 1 && isJsonObject(only) && Object.values(only).every((value) => value === null || value === '')
  );
}

const readEntries = new WeakMap<object, ManagedSet>();

function readEntry(entry: Json): ManagedSet | undefined {
  if (!isJsonObject(entry)) return undefined;
  let read = readEntries.get(entry);
  if (read !== undefined) return read;
  const { operation, fieldsType, fieldsV1, apiVersion } = entry;
  if (operation !== 'Apply' && operation !== 'Update') return undefined;
  if (fieldsType !== 'FieldsV1' || typeof apiVersion !== 'string' || apiVersion === '') return undefined;
  const set = fieldsV1 === null || fieldsV1 === undefined ? EMPTY : readSet(fieldsV1);
  if (set === undefined) return undefined;
  const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
  const time = typeof entry['time'] === 'string' ? entry['time'] : undefined;
  read = { manager: text(entry['manager']), operation, apiVersion, subresource: text(entry['subresource']), time, set };
  readEntries.set(entry, read);
  return read;
}

const canonicalSets = new WeakSet<object>([EMPTY]);

/** The set that `fieldsV1` holds, every element in its one spelling; undefined when it is no set. */
function readSet(fields: Json): FieldSet | undefined {
  if (!isJsonObject(fields)) return undefined;
  if (canonicalSets.has(fields)) return fields as unknown as FieldSet;
  const children: [string, FieldSet][] = [];
  let member = false;
  let isCanonical = true;
  for (const [key, inner] of Object.entries(fields)) {
    if (inner === undefined) continue;
    if (key === '.') {
      member = true;
      continue;
    }
    const element = canonicalElement(key);
    const set = element === undefined ? undefined : readSet(inner);
    if (element === undefined || set === undefined) return undefined;
    isCanonical &&= element === key && set === (inner as unknown);
    children.push([element, set]);
  }
  const made = isCanonical ? (fields as unknown as FieldSet) : (makeNode(member, inElementOrder(children)) ?? EMPTY);
  canonicalSets.add(made);
  return made;
}

/** The object with these managers, in Kubernetes' order; the very same object when nothing changes by it. */
export function writeManagers<T extends JsonObject>(object: T, managers: Managers): T {
  const entries = [...managers.values()]
    .filter((entry) => !isEmptySet(entry.set))
    .sort(entryOrder)
    .map(writeEntry);
  const metadata = isJsonObject(object['metadata']) ? object['metadata'] : {};
  const old = metadata['managedFields'];
  if (entries.length === 0) {
    if (old === undefined) return object;
    const { managedFields: _forgotten, ...rest } = metadata;
    return { ...object, metadata: rest };
  }
  if (Array.isArray(old) && old.length === entries.length && entries.every((entry, i) => entry === old[i]))
    return object;
  return { ...object, metadata: { ...metadata, managedFields: entries } };
}

const writtenEntries = new WeakMap<ManagedSet, JsonObject>();

function writeEntry(entry: ManagedSet): JsonObject {
  let written = writtenEntries.get(entry);
  if (written === undefined) {
    const { apiVersion, set, manager, operation, subresource, time } = entry;
    written = {
      apiVersion,
      fieldsType: 'FieldsV1',
      fieldsV1: set as unknown as JsonObject,
      ...(manager !== '' && { manager }),
      operation,
      ...(subresource !== '' && { subresource }),
      ...(time !== undefined && { time }),
    };
    writtenEntries.set(entry, written);
    readEntries.set(written, entry);
  }
  return written;
}

/** Appliers first, then by the second of their time, then by name. */
function entryOrder(a: ManagedSet, b: ManagedSet): number {
  return (
    compareTexts(a.operation, b.operation) ||
    secondsOf(a.time) - secondsOf(b.time) ||
    compareTexts(a.manager, b.manager) ||
    compareTexts(a.apiVersion, b.apiVersion) ||
    compareTexts(a.subresource, b.subresource)
  );
}
function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
export function secondsOf(time: string | undefined): number {
  return time === undefined ? 0 : Math.floor(Date.parse(time) / 1000);
}
