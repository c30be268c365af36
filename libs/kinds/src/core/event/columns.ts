import { column, since, WIDE } from '../../columns.js';
import type { CoreEvent } from './schema.js';

export const eventColumns = [
  column<CoreEvent>('Last Seen', 'When it happened last', (object, now) => lastSeen(object, now)),
  column<CoreEvent>('Type', 'Normal or Warning', (object) => object.type ?? ''),
  column<CoreEvent>('Reason', 'Why, in one word', (object) => object.reason ?? ''),
  column<CoreEvent>('Object', 'What it is about', (object) => {
    const { kind, name } = object.involvedObject;
    return name ? `${(kind ?? '').toLowerCase()}/${name}` : (kind ?? '').toLowerCase();
  }),
  column<CoreEvent>('Subobject', 'Which part of it', (object) => object.involvedObject.fieldPath ?? '', WIDE),
  column<CoreEvent>('Source', 'Who says so', source, WIDE),
  column<CoreEvent>('Message', 'What happened', (object) => (object.message ?? '').trim()),
  column<CoreEvent>('First Seen', 'When it happened first', (object, now) => firstSeen(object, now), WIDE),
  column<CoreEvent>('Count', 'How often it happened', (object) => count(object), WIDE),
  column<CoreEvent>('Name', 'Name of the event', (object) => object.metadata.name, { priority: 1, format: 'name' }),
];

function firstSeen(object: CoreEvent, now: number): string {
  return object.firstTimestamp ? since(object.firstTimestamp, now) : since(object.eventTime, now);
}
function lastSeen(object: CoreEvent, now: number): string {
  if (object.series) return since(object.series.lastObservedTime, now);
  return object.lastTimestamp ? since(object.lastTimestamp, now) : firstSeen(object, now);
}
function count(object: CoreEvent): number {
  return object.series?.count ?? (object.count || 1);
}
function source(object: CoreEvent): string {
  const component = object.source?.component || object.reportingComponent || '';
  const host = object.source?.host || object.reportingInstance || '';
  return host ? `${component}, ${host}` : component;
}
