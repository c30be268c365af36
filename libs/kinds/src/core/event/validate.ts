import { qualifiedName } from '#meta';
import type { Problem, StrategyContext } from '#model';
import type { CoreEvent } from './schema.js';

/** Events made through core/v1 are checked loosely unless they have an eventTime; those of events.k8s.io strictly. */
export function validateEvent(object: CoreEvent, context: StrategyContext): readonly Problem[] {
  const strict = context.command.apiVersion === 'events.k8s.io/v1';
  const problems = [...namespaceProblems(object), ...(object.eventTime ? newFields(object, strict) : [])];
  return strict ? [...problems, ...strictProblems(object)] : problems;
}

function namespaceProblems(object: CoreEvent): readonly Problem[] {
  const about = object.involvedObject.namespace ?? '';
  const own = object.metadata.namespace ?? '';
  // For historic reasons none is the same as default.
  if (about === '' ? own === 'default' || own === '' : about === own) return [];
  return [{ type: 'Invalid', field: 'involvedObject.namespace', value: about, detail: 'does not match event.namespace' }];
}

function newFields(object: CoreEvent, strict: boolean): readonly Problem[] {
  const problems: Problem[] = [];
  const controller = strict ? 'reportingController' : 'reportingComponent';
  const component = object.reportingComponent ?? '';
  if (component === '') problems.push({ type: 'Required', field: controller, detail: '' });
  else for (const detail of qualifiedName(component)) problems.push({ type: 'Invalid', field: controller, value: component, detail });
  const texts = [
    ['reportingInstance', object.reportingInstance],
    ['action', object.action],
    ['reason', object.reason],
  ] as const;
  for (const [field, text] of texts) {
    if (!text) problems.push({ type: 'Required', field, detail: '' });
    else if (text.length > 128) problems.push({ type: 'Invalid', field, value: '', detail: 'can have at most 128 characters' });
  }
  if ((object.message ?? '').length > 1024) {
    problems.push({ type: 'Invalid', field: 'message', value: '', detail: 'can have at most 1024 characters' });
  }
  return problems;
}

function strictProblems(object: CoreEvent): readonly Problem[] {
  const problems: Problem[] = [];
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
