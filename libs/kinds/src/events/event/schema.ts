import { f, type Infer, int32, microTime, object, req, string, time, objectMeta, objectReference } from '#model';
import type { Stored } from '#model';
import { eventSource } from '../../core/event/schema.js';

export const eventsEventSeries = object('io.k8s.api.events.v1.EventSeries', 'An event that keeps happening.', {
  count: req(int32, 1, 'How often it has happened.'),
  lastObservedTime: req(microTime, 2, 'When it last happened.', { always: null }),
});
export type EventsEventSeries = Infer<typeof eventsEventSeries>;

export const eventsEvent = object(
  'io.k8s.api.events.v1.Event',
  'Something that happened to an object, told to people.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    eventTime: req(microTime, 2, 'When it first happened.', { always: null }),
    series: f(eventsEventSeries, 3, 'How it keeps happening.'),
    reportingController: f(string, 4, 'Program that tells it.'),
    reportingInstance: f(string, 5, 'Which instance of the program.'),
    action: f(string, 6, 'What was done.'),
    reason: f(string, 7, 'Why it was done, in one CamelCase word.'),
    regarding: f(objectReference, 8, 'Object that it happened to.', { always: {} }),
    related: f(objectReference, 9, 'Another object that has to do with it.'),
    note: f(string, 10, 'What happened, for people.'),
    type: f(string, 11, 'Normal or Warning.'),
    deprecatedSource: f(eventSource, 12, 'Who saw it; for the older form of events.', { always: {} }),
    deprecatedFirstTimestamp: f(time, 13, 'When it first happened; for the older form of events.', { always: null }),
    deprecatedLastTimestamp: f(time, 14, 'When it last happened; for the older form of events.', { always: null }),
    deprecatedCount: f(int32, 15, 'How often it has happened; for the older form of events.'),
  },
  { gvk: ['events.k8s.io/v1 Event'] },
);
export type EventsEvent = Stored<typeof eventsEvent>;
