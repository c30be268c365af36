import type { FieldSelector, KubeObject, ServedVersion } from '#model';
import { eventsEvent } from '../../events/event/schema.js';

/** Names of the same field in core/v1 (stored) and in events.k8s.io/v1. */
const NAMES: readonly (readonly [core: string, events: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
];
const toEvents = new Map(NAMES);
const toCore = new Map(NAMES.map(([core, events]) => [events, core]));

/** Events of both groups are one store. */
export const eventsVersion: ServedVersion = {
  group: 'events.k8s.io',
  version: 'v1',
  schema: eventsEvent,
  toServed: (object) => renamed(object, toEvents, 'events.k8s.io/v1'),
  toStored: (object) => withEmptyTexts(renamed(object, toCore, 'v1')),
  fieldSelectors: [
    ...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map((field) =>
      selector(`regarding.${field}`, (object) => (object['involvedObject'] as Texts | undefined)?.[field]),
    ),
    selector('reason', (object) => (object as Texts)['reason']),
    selector('reportingController', (object) => (object as Texts)['reportingComponent']),
    selector('type', (object) => (object as Texts)['type']),
  ],
};

type Texts = Readonly<Record<string, string | undefined>>;
function selector(
  field: string,
  value: (object: Readonly<Record<string, unknown>>) => string | undefined,
): FieldSelector {
  return { field, value: (object) => value(object as unknown as Record<string, unknown>) ?? '' };
}

function renamed(object: KubeObject, names: ReadonlyMap<string, string>, apiVersion: string): KubeObject {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(object)) {
    const name = names.get(key) ?? key;
    // core/v1 always writes these two texts, events.k8s.io/v1 only when they say something.
    if (apiVersion !== 'v1' && value === '' && (name === 'reportingController' || name === 'reportingInstance'))
      continue;
    out[name] = value;
  }
  return { ...out, apiVersion } as unknown as KubeObject;
}
function withEmptyTexts(object: KubeObject): KubeObject {
  return { reportingComponent: '', reportingInstance: '', ...object };
}
