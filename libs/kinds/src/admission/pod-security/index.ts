import {
  kindRef,
  refusals,
  type AdmissionNotes,
  type AdmissionPlugin,
  type Admitted,
  type KubeObject,
  type Refusal,
} from '#model';
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
  validate(request) {
    if (request.operation === 'DELETE') return undefined;
    if (request.kind.id === namespaces.id) return badLabels(request) ?? { warnings: aboutExistingPods(request) };
    return request.kind.id === pods.id ? aboutPod(request) : aboutTemplate(request);
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

/** Requests about a pod that change nothing a policy asks about. */
const IGNORED = new Set(['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status']);
const ANNOTATION = 'pod-security.kubernetes.io/';

function aboutPod(request: Admitted): Notes | Refusal | undefined {
  if (request.subresource !== undefined && IGNORED.has(request.subresource)) return undefined;
  const policies = policiesOf(request);
  if (isFullyPrivileged(policies)) return { auditAnnotations: enforced(policies.enforce) };
  return isChangeJudged(request) ? judge(request.object as Pod, policies, request) : undefined;
}
function aboutTemplate(request: Admitted): Notes | Refusal | undefined {
  const subject = templateOf(request);
  if (subject === undefined) return undefined;
  const policies = policiesOf(request);
  return judge(subject, { ...policies, enforce: undefined }, request);
}

type Notes = Partial<AdmissionNotes>;
interface Policies {
  readonly enforce: Policy;
  readonly audit: Policy;
  readonly warn: Policy;
}
function policiesOf(request: Admitted): Policies {
  const labels = labelsOf(request);
  return {
    enforce: policyOf(labels, 'enforce'),
    audit: policyOf(labels, 'audit'),
    warn: policyOf(labels, 'warn'),
  };
}
function isFullyPrivileged({ enforce, audit, warn }: Policies): boolean {
  return [enforce, audit, warn].every(({ level }) => level === 'privileged');
}
function enforced(policy: Policy): Record<string, string> {
  return { [`${ANNOTATION}enforce-policy`]: policyText(policy) };
}

/** A refusal or else a warning, with what the audit is told. Of a pod that is not made yet, only its template, nothing is enforced. */
function judge(
  subject: Subject,
  { enforce, audit, warn }: Omit<Policies, 'enforce'> & { readonly enforce: Policy | undefined },
  request: Admitted,
): Notes | Refusal {
  const notTolerated = violationWords(subject, audit);
  const auditAnnotations = {
    ...(enforce && enforced(enforce)),
    ...(notTolerated !== undefined && { [`${ANNOTATION}audit-violations`]: `would violate ${notTolerated}` }),
  };
  const forbidden = enforce && violationWords(subject, enforce);
  if (forbidden !== undefined) {
    const about = { group: '', resource: 'pods', kind: 'Pod', name: request.object.metadata.name };
    return { ...refusals.forbidden(about, `violates ${forbidden}`), auditAnnotations };
  }
  const unwanted = violationWords(subject, warn);
  return { auditAnnotations, ...(unwanted !== undefined && { warnings: [`would violate ${unwanted}`] }) };
}
/** `PodSecurity "baseline:latest": host namespaces (hostPID=true)` */
function violationWords(subject: Subject, policy: Policy): string | undefined {
  const found = violations(subject, policy);
  return found.length === 0 ? undefined : `PodSecurity "${policyText(policy)}": ${words(found)}`;
}

/** A pod is judged when it is made, and again, as a whole, when an image changes or a container comes. */
function isChangeJudged({ object, old }: Admitted): boolean {
  const images = (pod: KubeObject): string =>
    JSON.stringify(containersOf(pod as Pod).map(({ name, image }) => [name, image]));
  return old === undefined || images(object) !== images(old);
}
/** What a workload or a PodTemplate would make. A custom kind is none, whatever its objects look like. */
function templateOf({ kind, object, subresource }: Admitted): Subject | undefined {
  if (subresource !== undefined || kind.isCustom) return undefined;
  const holder = object as unknown as TemplateHolder;
  const template = holder.spec?.template ?? holder.spec?.jobTemplate?.spec?.template ?? holder.template;
  return template?.spec ? { metadata: template.metadata ?? {}, spec: template.spec } : undefined;
}
interface TemplateHolder {
  readonly template?: Partial<Subject>;
  readonly spec?: {
    readonly template?: Partial<Subject>;
    readonly jobTemplate?: { readonly spec?: { readonly template?: Partial<Subject> } };
  };
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
