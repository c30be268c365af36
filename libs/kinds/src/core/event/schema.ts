import { f, type Infer, int32, microTime, object, req, string, time } from '#model';
import { objectMeta } from '../../shared/meta.schema.js';
import { objectReference } from '../../shared/references.schema.js';
import type { Stored } from '../../shared/stored.js';

export const eventSeries = object('io.k8s.api.core.v1.EventSeries', '', {
  count: f(int32, 1, ''),
  lastObservedTime: f(microTime, 2, '', { always: null }),
});
export type EventSeries = Infer<typeof eventSeries>;

export const eventSource = object('io.k8s.api.core.v1.EventSource', '', {
  component: f(string, 1, ''),
  host: f(string, 2, ''),
});
export type EventSource = Infer<typeof eventSource>;

export const coreEvent = object(
  'io.k8s.api.core.v1.Event',
  '',
  {
    action: f(string, 12, ''),
    apiVersion: f(string, 0, ''),
    count: f(int32, 8, ''),
    eventTime: f(microTime, 10, '', { always: null }),
    firstTimestamp: f(time, 6, '', { always: null }),
    involvedObject: req(objectReference, 2, '', { always: {} }),
    kind: f(string, 0, ''),
    lastTimestamp: f(time, 7, '', { always: null }),
    message: f(string, 4, ''),
    metadata: req(objectMeta, 1, '', { always: {} }),
    reason: f(string, 3, ''),
    related: f(objectReference, 13, ''),
    reportingComponent: f(string, 14, '', { always: '' }),
    reportingInstance: f(string, 15, '', { always: '' }),
    series: f(eventSeries, 11, ''),
    source: f(eventSource, 5, '', { always: {} }),
    type: f(string, 9, ''),
  },
  { gvk: ['v1 Event'] },
);
export type CoreEvent = Stored<typeof coreEvent>;
