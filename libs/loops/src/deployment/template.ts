import type { Deployment, ReplicaSet } from '#kinds';
import { fnv32, jsonEquals, stableStringify, type JsonObject } from '#std';

export const HASH_LABEL = 'pod-template-hash';
type Template = ReplicaSet['spec']['template'] | Deployment['spec']['template'];

/** Whether two templates make the same pods; the label that the rollout itself adds does not count. */
export function sameTemplate(a: Template, b: Template): boolean {
  return jsonEquals(withoutHash(a), withoutHash(b));
}

function withoutHash(template: Template): unknown {
  const labels = template?.metadata?.labels;
  if (!labels || labels[HASH_LABEL] === undefined) return template;
  const { [HASH_LABEL]: _, ...rest } = labels;
  return { ...template, metadata: { ...template?.metadata, labels: Object.keys(rest).length > 0 ? rest : undefined } };
}

const SAFE = 'bcdfghjklmnpqrstvwxz2456789';

/** A short name for a template, the same for equal ones. The count tells apart templates that would share one. */
export function templateHash(template: Template, collisionCount: number): string {
  const text = stableStringify(withoutHash(template) as JsonObject);
  const digits = String(fnv32(collisionCount > 0 ? `${text}/${collisionCount}` : text));
  return [...digits].map((digit) => SAFE[(digit.charCodeAt(0) * 7) % SAFE.length]).join('');
}
