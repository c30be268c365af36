import { kindRef, refusals, type AdmissionPlugin, type Admitted, type KubeObject, type Refusal } from '#model';
import type { Pod } from '#pod';
import { baselineChecks } from './baseline.js';
import type { Violation } from './check.js';
import { isNoStricter, labelProblems, policyOf, policyText, type Policy } from './policy.js';
import { restrictedChecks } from './restricted.js';
import { containersOf, type Subject } from './subject.js';

const namespaces = kindRef('core.namespaces');
const pods = kindRef<Pod>('core.pods');

/** Holds pods to the standard that their namespace asks for by its labels, and warns about everything that makes pods. */
export const podSecurity: AdmissionPlugin = {
  name: 'PodSecurity',
  validate: (request) => {
    if (request.operation === 'DELETE') return undefined;
    return request.kind.id === namespaces.id ? badLabels(request) : badPod(request);
  },
  warnings: (request) => {
    if (request.operation === 'DELETE') return [];
    return request.kind.id === namespaces.id ? aboutExistingPods(request) : aboutPod(request);
  },
};

/** Controls of the policy that a pod violates: those of the baseline first, each part in the order of their ids. */
export function violations(subject: Subject, { level, minor }: Policy): readonly Violation[] {
  if (level === 'privileged') return [];
  const strict = level === 'restricted' ? restrictedChecks.filter((check) => check.since <= minor) : [];
  const replaced = new Set(strict.map((check) => check.replaces));
  const basic = baselineChecks.filter((check) => check.since <= minor && !replaced.has(check.id));
  return [...basic, ...strict].flatMap((check) => check.test(subject, minor) ?? []);
}
function words(found: readonly Violation[]): string {
  return found.map(({ control, detail }) => `${control} (${detail})`).join(', ');
}

function badPod(request: Admitted): Refusal | undefined {
  if (!isJudgedPod(request)) return undefined;
  const policy = policyOf(labelsOf(request), 'enforce');
  const found = violations(request.object as Pod, policy);
  if (found.length === 0) return undefined;
  const about = { group: '', resource: 'pods', kind: 'Pod', name: request.object.metadata.name };
  return refusals.forbidden(about, `violates PodSecurity "${policyText(policy)}": ${words(found)}`);
}

function aboutPod(request: Admitted): readonly string[] {
  const subject = request.kind.id === pods.id ? judged(request) : templateOf(request);
  if (subject === undefined || badPod(request) !== undefined) return [];
  const policy = policyOf(labelsOf(request), 'warn');
  const found = violations(subject, policy);
  return found.length === 0 ? [] : [`would violate PodSecurity "${policyText(policy)}": ${words(found)}`];
}
function judged(request: Admitted): Subject | undefined {
  return isJudgedPod(request) ? (request.object as Pod) : undefined;
}

/** A pod is judged when it is made, and again, as a whole, when an image changes or a container comes. */
function isJudgedPod(request: Admitted): boolean {
  const { kind, operation, object, old, subresource } = request;
  if (kind.id !== pods.id || (subresource !== undefined && subresource !== 'ephemeralcontainers')) return false;
  if (operation === 'CREATE') return subresource === undefined;
  const images = (pod: KubeObject | undefined): string =>
    pod ? JSON.stringify(containersOf(pod as Pod).map(({ name, image }) => [name, image])) : '';
  return images(object) !== images(old);
}
/** What a workload would make: anything with a pod template in its spec. */
function templateOf(request: Admitted): Subject | undefined {
  if (request.subresource !== undefined) return undefined;
  const spec = request.object['spec'] as { readonly template?: Partial<Subject> } | undefined;
  const template = spec?.template;
  return template?.spec ? { metadata: template.metadata ?? {}, spec: template.spec } : undefined;
}
function labelsOf(request: Admitted): KubeObject['metadata']['labels'] {
  return request.view.get(namespaces, undefined, request.command.namespace ?? '')?.metadata.labels;
}

function badLabels({ object, old, subresource }: Admitted): Refusal | undefined {
  const problems = subresource === undefined ? labelProblems(object.metadata.labels) : [];
  if (problems.length === 0 || (old !== undefined && labelProblems(old.metadata.labels).length > 0)) return undefined;
  const about = { group: '', resource: 'namespaces', kind: 'Namespace', name: object.metadata.name };
  return refusals.invalid(about, problems);
}

/** A namespace that becomes stricter tells of the pods in it that would not be let in any more. */
function aboutExistingPods(request: Admitted): readonly string[] {
  const { object, old, subresource, view } = request;
  if (old === undefined || subresource !== undefined || labelProblems(object.metadata.labels).length > 0) return [];
  const policy = policyOf(object.metadata.labels, 'enforce');
  if (isNoStricter(policy, policyOf(old.metadata.labels, 'enforce'))) return [];
  const byControls = new Map<string, string[]>();
  for (const pod of view.list(pods, object.metadata.name)) {
    const controls = violations(pod, policy).map((found) => found.control);
    if (controls.length === 0) continue;
    const key = controls.join(', ');
    byControls.set(key, [...(byControls.get(key) ?? []), pod.metadata.name]);
  }
  if (byControls.size === 0) return [];
  const name = object.metadata.name;
  const head = `existing pods in namespace "${name}" violate the new PodSecurity enforce level "${policyText(policy)}"`;
  return [head, ...[...byControls].map(([controls, names]) => `${andOthers(names)}: ${controls}`)];
}
function andOthers([first = '', ...others]: readonly string[]): string {
  if (others.length === 0) return first;
  return `${first} (and ${others.length} other pod${others.length === 1 ? '' : 's'})`;
}
