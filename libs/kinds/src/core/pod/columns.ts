import type { Pod } from '#pod';
import { ageColumn, column, nameColumn, since, WIDE } from '../../columns.js';
import { podSummary } from './summary.js';

const NONE = '<none>';

export const podColumns = [
  nameColumn,
  column<Pod>('Ready', 'Containers that are ready, of all that should be', (pod) => {
    const { ready, total } = podSummary(pod);
    return `${ready}/${total}`;
  }),
  column<Pod>('Status', 'The most telling word about what it does', (pod) => podSummary(pod).reason),
  column<Pod>('Restarts', 'How often its containers were restarted, and when last', (pod, now) => {
    const { restarts, lastRestart } = podSummary(pod);
    return restarts !== 0 && lastRestart !== undefined
      ? `${restarts} (${since(lastRestart, now)} ago)`
      : String(restarts);
  }),
  ageColumn,
  column<Pod>('IP', 'Its address', (pod) => pod.status?.podIPs?.[0]?.ip || NONE, WIDE),
  column<Pod>('Node', 'Where it runs', (pod) => pod.spec.nodeName || NONE, WIDE),
  column<Pod>(
    'Nominated Node',
    'Where room is being made for it',
    (pod) => pod.status?.nominatedNodeName || NONE,
    WIDE,
  ),
  column<Pod>('Readiness Gates', 'Its own conditions that are true, of all it asks for', readinessGates, WIDE),
];

function readinessGates(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? [];
  if (gates.length === 0) return NONE;
  const isTrue = (type: string): boolean =>
    pod.status?.conditions?.some((c) => c.type === type && c.status === 'True') === true;
  return `${gates.filter((gate) => isTrue(gate.conditionType)).length}/${gates.length}`;
}
