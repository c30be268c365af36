import { toTime, type Instant, type JsonObject } from '#std';
import { setAtCreation } from './creation-set.js';
import {
  identifierOf,
  isReset,
  managedFieldsOf,
  readManagers,
  writeManagers,
  type Managers,
} from './managed-fields.js';
import { entryOf, recordUpdate, type WriteContext } from './ownership.js';
import { hasUnnamedItems } from './unnamed-items.js';
import { zeroObject } from './zero.js';

export interface TrackUpdate<T extends JsonObject> extends WriteContext {
  /** The live object as this version shows it; undefined at creation. */
  readonly before: JsonObject | undefined;
  /** What is to be stored: decoded and defaulted, not yet touched by admission or by the kind's own preparation. */
  readonly after: T;
  readonly manager: string;
  readonly now: Instant;
}

/** The written object with `metadata.managedFields` brought up to date, for every write but an apply. */
export function trackUpdate<T extends JsonObject>(write: TrackUpdate<T>): T {
  const { before, after } = write;
  // Of lists without clear keys nothing can be told: then nobody owns anything.
  if (hasUnnamedItems(after, write.shape)) return writeManagers(after, new Map());
  const managers = managersGiven(write);
  // Once nobody owns anything, updates are not tracked until the next apply; a creation always is.
  if (before !== undefined && managers.size === 0) return writeManagers(after, managers);
  const time = timeOf(write, write.now);
  if (before === undefined && managers.size === 0) {
    const set = setAtCreation(after, write);
    const entry = { ...entryOf(write.manager, 'Update', write), time, set };
    return writeManagers(after, new Map([[identifierOf(entry), entry]]));
  }
  const next = recordUpdate(before ?? zeroObject(write.shape), after, managers, write.manager, time, write);
  return writeManagers(after, next);
}

/** Entries of /scale carry no time: it is lost between the Scale and its parent. */
export function timeOf(context: WriteContext, now: Instant): string | undefined {
  return context.subresource === 'scale' ? undefined : toTime(now);
}

/** The managers that a write starts from: those it brings, when it brings any that can be read; else the live ones. */
function managersGiven({ before, after, subresource }: TrackUpdate<JsonObject>): Managers {
  const live = readManagers(before) ?? new Map();
  if (subresource !== undefined && subresource !== '') return live;
  const entries = managedFieldsOf(after);
  if (isReset(entries)) return new Map();
  if (entries === managedFieldsOf(before)) return live;
  const given = readManagers(after);
  return given === undefined || given.size === 0 ? live : given;
}
