import { f, type Infer, int32, microTime, object, req, string, time } from '#model';
import { eventSource } from '../../core/event/schema.js';
import { objectMeta } from '../../shared/meta.schema.js';
import { objectReference } from '../../shared/references.schema.js';
import type { Stored } from '../../shared/stored.js';

export const eventsEventSeries = object('io.k8s.api.events.v1.EventSeries', '', {
  count: req(int32, 1, ''),
  lastObservedTime: req(microTime, 2, '', { always: null }),
});
export type EventsEventSeries = Infer<typeof eventsEventSeries>;

export const eventsEvent = object(
  'io.k8s.api.events.v1.Event',
  '',
  {
    action: f(string, 6, ''),
    apiVersion: f(string, 0, ''),
    deprecatedCount: f(int32, 15, ''),
    deprecatedFirstTimestamp: f(time, 13, '', { always: null }),
    deprecatedLastTimestamp: f(time, 14, '', { always: null }),
    deprecatedSource: f(eventSource, 12, '', { always: {} }),
    eventTime: req(microTime, 2, '', { always: null }),
    kind: f(string, 0, ''),
    metadata: f(objectMeta, 1, '', { always: {} }),
    note: f(string, 10, ''),
    reason: f(string, 7, ''),
    regarding: f(objectReference, 8, '', { always: {} }),
    related: f(objectReference, 9, ''),
    reportingController: f(string, 4, ''),
    reportingInstance: f(string, 5, ''),
    series: f(eventsEventSeries, 3, ''),
    type: f(string, 11, ''),
  },
  { gvk: ['events.k8s.io/v1 Event'] },
);
export type EventsEvent = Stored<typeof eventsEvent>;
