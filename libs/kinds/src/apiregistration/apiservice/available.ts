import { findCondition } from '#meta';
import type { ApiService } from './schema.js';

/** Type of the condition that decides whether requests are forwarded. */
export const AVAILABLE = 'Available';

/** Condition of an APIService whose group version this server has itself. */
export const LOCALLY_AVAILABLE = {
  type: AVAILABLE,
  status: 'True',
  reason: 'Local',
  message: 'Local APIServices are always available',
} as const;

export function isAvailable({ status }: ApiService): boolean {
  return findCondition(status?.conditions, AVAILABLE)?.status === 'True';
}

/** What a measurement of an aggregated server was made against. One with another text is out of date. */
export function apiServiceCheckOf({ metadata, spec: { service } }: ApiService): string {
  return `${metadata.uid} ${service?.namespace ?? ''}/${service?.name ?? ''}:${service?.port ?? 0}`;
}
