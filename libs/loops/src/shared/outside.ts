import type { LoopRefusal, Outside } from '#model';
import { isJsonObject } from '#std';

/** Submits of the last look that were refused for a reason of substance; a lost race and an outage are none. */
export function refusalsIn(outside: Outside | undefined): readonly LoopRefusal[] {
  const refusals = outside?.fact('refusals');
  if (!Array.isArray(refusals)) return [];
  return refusals.filter(isRefusalOfSubstance);
}
const RACES = new Set(['Stale', 'AlreadyExists', 'Conflict', 'NotFound']);
/** The writer is busy, away, or did not answer: nothing that an object's status should say. */
const OUTAGES = new Set([429, 503, 504]);

function isRefusalOfSubstance(value: unknown): value is LoopRefusal {
  if (!isJsonObject(value) || typeof value['message'] !== 'string') return false;
  return !RACES.has(String(value['reason'])) && !OUTAGES.has(Number(value['code']));
}

/** The PEM text of the cluster's certificate authority. */
export function caCertificate(outside: Outside | undefined): string | undefined {
  const pem = outside?.fact('caCertificate');
  return typeof pem === 'string' && pem !== '' ? pem : undefined;
}

export interface ApiEndpoint {
  readonly ip: string;
  readonly port: number;
}
/** Where the API can be reached from pods: `[{ ip, port }]`, one of each replica. */
export function apiEndpoints(outside: Outside | undefined): readonly ApiEndpoint[] {
  const list = outside?.fact('apiEndpoints');
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) =>
    isJsonObject(item) && typeof item['ip'] === 'string' && typeof item['port'] === 'number'
      ? [{ ip: item['ip'], port: item['port'] }]
      : [],
  );
}
