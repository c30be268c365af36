import type { JsonObject } from '#std';

/** Refused requests have a file of their own: a flood of them must not push out what was done. */
export type AuditSeries = 'audit' | 'refused';

/** Where the API's audit events (`audit.k8s.io/v1`) go. */
export interface AuditLog {
  /** Takes an event. Never throws and never waits: what the disk is too slow or too full for is dropped and counted. */
  write(series: AuditSeries, event: JsonObject): void;
  /** Events that were dropped since the start. */
  readonly lost: number;
  /** Events that were written since the start. */
  readonly written: number;
  /** Writes what was taken, as far as the disk can. */
  close(): Promise<void>;
}
