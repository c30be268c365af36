import { f, type Infer, int32, microTime, object, req, string, time, objectMeta, objectReference } from '#model';
import type { Stored } from '#model';

export const eventSeries = object('io.k8s.api.core.v1.EventSeries', 'An event that keeps happening.', {
  count: f(int32, 1, 'How often it has happened.'),
  lastObservedTime: f(microTime, 2, 'When it last happened.', { always: null }),
});
export type EventSeries = Infer<typeof eventSeries>;

export const eventSource = object('io.k8s.api.core.v1.EventSource', 'Who saw an event.', {
  component: f(string, 1, 'Name of the program.'),
  host: f(string, 2, 'Node that it runs on.'),
});
export type EventSource = Infer<typeof eventSource>;

export const coreEvent = object(
  'io.k8s.api.core.v1.Event',
  'Something that happened to an object, told to people.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: req(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    involvedObject: req(objectReference, 2, 'Object that it happened to.', { always: {} }),
    reason: f(string, 3, 'What happened, in one CamelCase word.'),
    message: f(string, 4, 'What happened, for people.'),
    source: f(eventSource, 5, 'Who saw it.', { always: {} }),
    firstTimestamp: f(time, 6, 'When it first happened, in whole seconds.', { always: null }),
    lastTimestamp: f(time, 7, 'When it last happened, in whole seconds.', { always: null }),
    count: f(int32, 8, 'How often it has happened.'),
    type: f(string, 9, 'Normal or Warning.'),
    eventTime: f(microTime, 10, 'When it first happened.', { always: null }),
    series: f(eventSeries, 11, 'How it keeps happening.'),
    action: f(string, 12, 'What was done.'),
    related: f(objectReference, 13, 'Another object that has to do with it.'),
    reportingComponent: f(string, 14, 'Program that tells it.', { always: '' }),
    reportingInstance: f(string, 15, 'Which instance of the program.', { always: '' }),
  },
  { gvk: ['v1 Event'] },
);
export type CoreEvent = Stored<typeof coreEvent>;
