import {
  isRefusal,
  type AdmissionNotes,
  type AdmissionPlugin,
  type Admitted,
  type KubeObject,
  type Mutated,
  type ObjectMeta,
  type Questions,
  type Refusal,
  type SpokenForm,
} from '#model';
import { jsonEquals, type Json, type JsonObject } from '#std';
import { mutatingWebhooksByResource } from '../../admissionregistration/mutatingwebhookconfiguration/by-resource.js';
import { webhooksFor, type Webhook } from './applicable.js';
import { callOf, withVersion, type Call } from './call.js';
import { isExempt } from './exempt.js';
import { failed, noAnswer, patchedBy, verdictOf, type Verdict } from './verdict.js';

/** What the second run of the chain has to know of the first. */
interface FirstRun {
  /** The object as this plugin left it. */
  readonly output: KubeObject;
  /** Webhooks that were called and want to see later changes. */
  readonly called: ReadonlySet<string>;
  /** Those of them after which another webhook changed the object. */
  readonly due: ReadonlySet<string>;
}

/** Sends the object to the webhooks that may change it, one after the other: each sees what those before it made of it. */
export const mutatingAdmissionWebhook: AdmissionPlugin = {
  name: 'MutatingAdmissionWebhook',
  mutate(request) {
    if (isExempt(request)) return request.object;
    const webhooks = webhooksFor(request.view, mutatingWebhooksByResource, request.kind);
    if (webhooks.length === 0) return request.object;
    return new Run(request).through(webhooks);
  },
};

class Run {
  private object: KubeObject;
  private readonly called: Set<string>;
  private readonly due: Set<string>;
  private readonly notes: AdmissionNotes[] = [];
  private hasChanged = false;

  constructor(private readonly request: Admitted) {
    this.object = request.object;
    const before = (request.again ?? undefined) as FirstRun | undefined;
    this.called = new Set(before?.called);
    this.due = new Set(before?.due);
    // What the other plugins changed since is news to all webhooks that want to see changes.
    if (before && !jsonEquals(before.output as unknown as Json, request.object as unknown as Json)) this.callAgain();
  }

  through(webhooks: readonly Webhook[]): KubeObject | Mutated | Refusal | Questions {
    for (const webhook of webhooks) {
      if (this.request.again !== undefined && !this.due.has(keyOf(webhook))) continue;
      const stop = this.take(webhook);
      if (stop) return stop;
    }
    if (this.notes.length === 0) return this.object;
    const auditAnnotations = Object.assign({}, ...this.notes.map((one) => one.auditAnnotations)) as Record<
      string,
      string
    >;
    const again: FirstRun = { output: this.object, called: this.called, due: this.due };
    return {
      mutated: this.object,
      warnings: this.notes.flatMap(({ warnings }) => warnings),
      auditAnnotations,
      answers: this.notes.flatMap(({ answers }) => answers),
      again,
      runsAgain: this.hasChanged,
    };
  }

  private take(webhook: Webhook): Refusal | Questions | undefined {
    const request = { ...this.request, object: this.object };
    const sight = { show: (object: KubeObject, form: SpokenForm) => shown(request, object, form) };
    const call = callOf(request, webhook, { role: 'mutating', sight });
    if (call === undefined || 'refused' in call) return call;
    const verdict = this.verdict(call);
    if (verdict === undefined) return { questions: [call.question] };
    if (verdict.is === 'denied') return verdict.refusal;
    this.notes.push(verdict.notes);
    const isChanged =
      verdict.is === 'allowed' && verdict.patch !== undefined ? this.change(call, verdict.patch) : false;
    if (isRefusal(isChanged)) return isChanged;
    if (verdict.is === 'allowed') this.notes.push(mutationNote(webhook, isChanged, request));
    if (isChanged) {
      this.callAgain();
      this.hasChanged = true;
    }
    if (webhook.hook.reinvocationPolicy === 'IfNeeded') this.called.add(keyOf(webhook));
    return undefined;
  }

  private callAgain(): void {
    for (const key of this.called) this.due.add(key);
  }

  private verdict(call: Call): Verdict | undefined {
    if (call.unreachable !== undefined) return failed(call, noAnswer(call, call.unreachable), 'mutating');
    const answer = this.request.answers.to(call.question);
    return answer && verdictOf(call, answer, 'mutating');
  }

  private change({ form }: Call, patch: Json): boolean | Refusal {
    // A deletion has no object that could be changed.
    if (this.request.operation === 'DELETE') return false;
    const before = shown(this.request, this.object, form);
    const after = patchedBy(before, patch);
    if (isRefusal(after)) return after;
    if (jsonEquals(before, after)) return false;
    const taken = form.take(after, this.object);
    if (isRefusal(taken)) return taken;
    this.object = withOwnIdentity(this.request, taken, this.object);
    return true;
  }
}

/** What the audit says of each webhook that was called, whether it changed something or not. */
function mutationNote({ configuration, index, hook }: Webhook, mutated: boolean, { again }: Admitted): AdmissionNotes {
  const key = `mutation.webhook.admission.k8s.io/round_${again === undefined ? 0 : 1}_index_${index}`;
  const value = JSON.stringify({ configuration, webhook: hook.name, mutated });
  return { warnings: [], auditAnnotations: { [key]: value }, answers: [] };
}

const keyOf = ({ configuration, hook }: Webhook): string => `${configuration}/${hook.name}`;

/** A new object has no identity before it was admitted: neither a uid nor a time, nor a name that is to be generated. */
function shown(request: Admitted, object: KubeObject, form: SpokenForm): JsonObject {
  if (request.operation !== 'CREATE') return form.show(withVersion(object, request));
  const whole = form.show(object);
  const { uid: _uid, creationTimestamp: _time, ...metadata } = whole['metadata'] as JsonObject;
  const { name: _name, ...unnamed } = metadata;
  return { ...whole, metadata: isUnnamed(request) ? unnamed : metadata };
}

/** Whatever a webhook says of them: what the object is called and when it came to be is not its affair. */
function withOwnIdentity(request: Admitted, taken: KubeObject, { metadata }: KubeObject): KubeObject {
  // What is never stored has none of these.
  const { uid, creationTimestamp, namespace, name }: Partial<ObjectMeta> = metadata;
  const { resourceVersion: _version, ...rest } = taken.metadata;
  const ownName = request.operation === 'CREATE' && isUnnamed(request) ? rest.name || name : name;
  const own = {
    ...(uid !== undefined && { uid }),
    ...(creationTimestamp !== undefined && { creationTimestamp }),
    ...(namespace !== undefined && { namespace }),
    ...(ownName !== undefined && { name: ownName }),
  };
  return { ...taken, metadata: { ...rest, ...own } };
}

function isUnnamed({ command, subresource }: Admitted): boolean {
  return command.verb === 'create' && command.name === '' && subresource === undefined;
}
