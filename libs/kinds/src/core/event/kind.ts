import { pathSegment } from '#meta';
import { INCIDENT_RECORDED, standardKind, type FieldSelector, type Kind, type KubeObject, objectsByUid } from '#model';
import { eventColumns } from './columns.js';
import { decideIncident } from './incident.js';
import { coreEvent, type CoreEvent } from './schema.js';
import { eventsVersion } from './served.js';
import { validateEvent, validateEventUpdate } from './validate.js';

const selector = (field: string, value: (object: CoreEvent) => string | undefined): FieldSelector => ({
  field,
  value: (object: KubeObject) => value(object as CoreEvent) ?? '',
});

const plain = standardKind<CoreEvent>({
  names: { group: '', version: 'v1', kind: 'Event', plural: 'events', shortNames: ['ev'], namespaced: true },
  schema: coreEvent,
  columns: eventColumns,
  served: [eventsVersion],
  fieldSelectors: [
    selector('involvedObject.kind', (object) => object.involvedObject.kind),
    selector('involvedObject.namespace', (object) => object.involvedObject.namespace),
    selector('involvedObject.name', (object) => object.involvedObject.name),
    selector('involvedObject.uid', (object) => object.involvedObject.uid),
    selector('involvedObject.apiVersion', (object) => object.involvedObject.apiVersion),
    selector('involvedObject.resourceVersion', (object) => object.involvedObject.resourceVersion),
    selector('involvedObject.fieldPath', (object) => object.involvedObject.fieldPath),
    selector('reason', (object) => object.reason),
    selector('reportingComponent', (object) => object.reportingComponent),
    selector('source', (object) => object.source?.component || object.reportingComponent),
    selector('type', (object) => object.type),
  ],
  fieldSelectorError: 'label',
  events: [INCIDENT_RECORDED],
  indexes: [objectsByUid],
  strategy: {
    name: pathSegment,
    shortFinalizers: true,
    putCreates: true,
    garbageCollection: 'Unsupported',
    validate: validateEvent,
    validateUpdate: validateEventUpdate,
  },
});

/** What happened, for people to read. Loops and agents record incidents; clients may write events of their own. */
export const eventKind: Kind<CoreEvent> = {
  ...plain,
  decide: (command, state, view, context) =>
    command.event?.type === INCIDENT_RECORDED && command.verb === 'create'
      ? decideIncident(plain, command, view, context)
      : plain.decide(command, state, view, context),
};
