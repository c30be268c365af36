import { refusals, type AdmissionNotes, type Admitted, type Refusal } from '#model';
import type { RequestAttributes } from '../matching/index.js';
import type { Failure, Verdict } from './verdict.js';

const CODES: Readonly<Record<string, number>> = { Forbidden: 403, Invalid: 422, RequestEntityTooLarge: 413 };
const FAILURE_KEY = 'validation.policy.admission.k8s.io/validation_failure';
const ANNOTATION_LENGTH_MAX = 10 * 1024;
/** Characters of all annotations of one request; what is beyond them is left out. */
const ANNOTATIONS_LENGTH_MAX = 256 * 1024;

/** Where a failure comes from: a policy, and one of its bindings unless the policy as such is at fault. */
export interface Source {
  readonly policy: string;
  readonly binding?: string;
  readonly actions: readonly string[];
}

/** What all policies of one request lead to. */
export class Effects {
  private denied: { readonly message: string; readonly reason: string } | undefined;
  private readonly warnings: string[] = [];
  private readonly annotations = new Map<string, string>();
  private annotationsLength = 0;

  /** Refuses the request. The first refusal is the answer. */
  deny({ policy, binding }: Source, { message, reason }: Pick<Failure, 'message' | 'reason'>): void {
    const by = binding === undefined ? '' : ` with binding '${binding}'`;
    this.denied ??= { message: `ValidatingAdmissionPolicy '${policy}'${by} denied request: ${message}`, reason };
  }

  add(source: Source, { failures, annotationErrors }: Verdict): void {
    for (const failure of failures) this.fail(source, failure);
    for (const message of annotationErrors) this.deny(source, { message, reason: 'Invalid' });
  }

  private fail(source: Source, failure: Failure): void {
    const { policy, binding = '', actions } = source;
    for (const action of actions) {
      if (action === 'Deny') this.deny(source, failure);
      else if (action === 'Warn')
        this.warnings.push(
          `Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${binding}': ${failure.message}`,
        );
      else if (action === 'Audit') {
        const { message, index: expressionIndex } = failure;
        this.annotate(
          FAILURE_KEY,
          JSON.stringify([{ message, policy, binding, expressionIndex, validationActions: actions }]),
        );
      }
    }
  }

  /** The annotations of one policy, of all its bindings and parameters. */
  annotateAll(policy: string, annotations: Verdict['annotations']): void {
    const values = new Map<string, Set<string>>();
    for (const { key, value } of annotations) {
      const own = values.get(key) ?? new Set();
      values.set(key, own.add(value.slice(0, ANNOTATION_LENGTH_MAX)));
    }
    for (const [key, own] of values) this.annotate(`${policy}/${key}`, [...own].join(', '));
  }

  /** As in Kubernetes, what is annotated first stays. */
  private annotate(key: string, value: string): void {
    this.annotationsLength += key.length + value.length;
    if (this.annotationsLength > ANNOTATIONS_LENGTH_MAX || this.annotations.has(key)) return;
    this.annotations.set(key, value);
  }

  outcome(request: Admitted, { requested, name, object }: RequestAttributes): Partial<AdmissionNotes> | Refusal {
    const notes = {
      ...(this.warnings.length > 0 && { warnings: this.warnings }),
      ...(this.annotations.size > 0 && { auditAnnotations: Object.fromEntries(this.annotations) }),
    };
    if (!this.denied) return notes;
    const { message, reason } = this.denied;
    const about = {
      group: requested.group,
      resource: requested.resource,
      kind: request.kind.names.kind,
      name: name || object?.metadata.name || 'Unknown',
    };
    const refusal = refusals.forbidden(about, message);
    const code = CODES[reason] ?? 422;
    return { ...refusal, ...notes, code, reason, details: { ...refusal.details, causes: [{ message }] } };
  }
}
