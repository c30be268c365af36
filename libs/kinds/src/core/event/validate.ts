import { dns1123Subdomain, qualifiedName } from '#meta';
import type { Problem, StrategyContext } from '#model';
import { jsonEquals } from '#std';
import type { CoreEvent } from './schema.js';

/** Events made through core/v1 are checked loosely unless they have an eventTime; those of events.k8s.io strictly. */
export function validateEvent(object: CoreEvent, context: StrategyContext): readonly Problem[] {
  const isStrict = isStrictly(context);
  const loose = object.eventTime ? withEventTime(object, isStrict) : namespaceProblems(object);
  return isStrict ? [...loose, ...nameProblems(object), ...strictProblems(object)] : loose;
}
/** Names that core/v1 takes for historic reasons are none here. A missing one is reported with the other metadata. */
function nameProblems({ metadata: { name } }: CoreEvent): readonly Problem[] {
  if (!name) return [];
  return dns1123Subdomain(name).map((detail) => ({ type: 'Invalid', field: 'metadata.name', value: name, detail }));
}

/** Through events.k8s.io only labels, annotations and the series may change. */
export function validateEventUpdate(object: CoreEvent, old: CoreEvent, context: StrategyContext): readonly Problem[] {
  const loose = object.eventTime ? withEventTime(object, isStrictly(context)) : namespaceProblems(object);
  if (!isStrictly(context)) return loose;
  const problems: Problem[] = [];
  const fixed = (field: string, next: unknown, before: unknown, shown: unknown): void => {
    if (!jsonEquals(next ?? null, before ?? null))
      problems.push({ type: 'Invalid', field, value: shown, detail: 'field is immutable' });
  };
  fixed('involvedObject', object.involvedObject, old.involvedObject, internalReference(object.involvedObject));
  fixed('reason', object.reason, old.reason, object.reason ?? '');
  fixed('message', object.message, old.message, object.message ?? '');
  const { component = '', host = '' } = object.source ?? {};
  fixed('source', object.source ?? {}, old.source ?? {}, { Component: component, Host: host });
  fixed('firstTimestamp', object.firstTimestamp, old.firstTimestamp, object.firstTimestamp);
  fixed('lastTimestamp', object.lastTimestamp, old.lastTimestamp, object.lastTimestamp);
  fixed('count', object.count ?? 0, old.count ?? 0, object.count ?? 0);
  // Kubernetes looks at the reason twice, and says it twice.
  fixed('reason', object.reason, old.reason, object.reason ?? '');
  fixed('type', object.type, old.type, object.type ?? '');
  fixed('eventTime', object.eventTime, old.eventTime, object.eventTime);
  fixed('action', object.action, old.action, object.action ?? '');
  fixed('related', object.related, old.related, object.related && internalReference(object.related));
  fixed('reportingController', object.reportingComponent, old.reportingComponent, object.reportingComponent ?? '');
  fixed('reportingInstance', object.reportingInstance, old.reportingInstance, object.reportingInstance ?? '');
  return [...problems, ...seriesProblems(object)];
}

function isStrictly(context: StrategyContext): boolean {
  return context.command.apiVersion === 'events.k8s.io/v1';
}

function namespaceProblems(object: CoreEvent): readonly Problem[] {
  const about = object.involvedObject.namespace ?? '';
  const own = object.metadata.namespace ?? '';
  // For historic reasons none is the same as default.
  if (about === '' ? own === 'default' || own === '' : about === own) return [];
  return [mismatch(about)];
}
function mismatch(about: string): Problem {
  return { type: 'Invalid', field: 'involvedObject.namespace', value: about, detail: 'does not match event.namespace' };
}

function withEventTime(object: CoreEvent, isStrict: boolean): readonly Problem[] {
  const problems: Problem[] = [];
  const own = object.metadata.namespace ?? '';
  if (!object.involvedObject.namespace && own !== 'default' && own !== 'kube-system') problems.push(mismatch(''));
  const controller = isStrict ? 'reportingController' : 'reportingComponent';
  const component = object.reportingComponent ?? '';
  if (component === '') problems.push({ type: 'Required', field: controller, detail: '' });
  for (const detail of qualifiedName(component))
    problems.push({ type: 'Invalid', field: controller, value: component, detail });
  const texts = [
    ['reportingInstance', object.reportingInstance],
    ['action', object.action],
    ['reason', object.reason],
  ] as const;
  for (const [field, text] of texts) {
    if (!text) problems.push({ type: 'Required', field, detail: '' });
    if (text && text.length > 128)
      problems.push({ type: 'Invalid', field, value: '', detail: 'can have at most 128 characters' });
  }
  if ((object.message ?? '').length > 1024) {
    problems.push({ type: 'Invalid', field: 'message', value: '', detail: 'can have at most 1024 characters' });
  }
  return problems;
}

function strictProblems(object: CoreEvent): readonly Problem[] {
  const problems: Problem[] = [...seriesProblems(object)];
  const unset = (field: string): Problem => ({ type: 'Invalid', field, value: '', detail: 'needs to be unset' });
  if (!object.eventTime) problems.push({ type: 'Required', field: 'eventTime', detail: '' });
  if (object.type !== 'Normal' && object.type !== 'Warning') {
    problems.push({ type: 'Invalid', field: 'type', value: '', detail: `has invalid value: ${object.type ?? ''}` });
  }
  if (object.firstTimestamp) problems.push(unset('firstTimestamp'));
  if (object.lastTimestamp) problems.push(unset('lastTimestamp'));
  if (object.count) problems.push(unset('count'));
  if (object.source?.component || object.source?.host) problems.push(unset('source'));
  return problems;
}
function seriesProblems(object: CoreEvent): readonly Problem[] {
  if (object.series === undefined) return [];
  const problems: Problem[] = [];
  if ((object.series.count ?? 0) < 2) {
    problems.push({ type: 'Invalid', field: 'series.count', value: '', detail: 'should be at least 2' });
  }
  if (!object.series.lastObservedTime)
    problems.push({ type: 'Required', field: 'series.lastObservedTime', detail: '' });
  return problems;
}

/** The genuine server prints its inner type here, whose fields have Go's names. */
function internalReference(reference: CoreEvent['involvedObject']): unknown {
  const {
    kind = '',
    namespace = '',
    name = '',
    uid = '',
    apiVersion = '',
    resourceVersion = '',
    fieldPath = '',
  } = reference;
  return {
    Kind: kind,
    Namespace: namespace,
    Name: name,
    UID: uid,
    APIVersion: apiVersion,
    ResourceVersion: resourceVersion,
    FieldPath: fieldPath,
  };
}
