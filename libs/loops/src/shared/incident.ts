import { events, type CoreEvent } from '#kinds';
import type { KubeObject, Submit, View } from '#model';
import { objectsByUid } from '#model';
import { parseInstant, toTime, uuidOf, type Instant, type Json, type JsonObject } from '#std';

/** What `kubectl events` shows about an object. */
export interface Incident {
  readonly about: KubeObject;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** Kubernetes' name of the one who reports it, `deployment-controller`. */
  readonly component: string;
  /** What was being done, `Binding`; only some reporters say. */
  readonly action?: string;
  /** The one on whose behalf it happened. */
  readonly related?: KubeObject;
  /** Reporters of the newer kind name themselves once, not as a source too. */
  readonly isReportedOnly?: boolean;
  /** Every occurrence is worth a record; otherwise repeats are thinned out: the pauses double, up to ten minutes. */
  readonly eachTime?: boolean;
}

const PAUSE_MAX_MS = 600_000;

/**
 * The record of an incident: one row for each (object, reason, message), whose count grows; the kind gives it its name.
 * Empty when the row is too fresh for another record.
 */
export function incident(view: View, now: Instant, facts: Incident): readonly Submit[] {
  const { about, reason, message } = facts;
  const uid = uuidOf(`${about.metadata.uid}/${reason}/${message}`);
  const { name } = about.metadata;
  const namespace = about.metadata.namespace ?? 'default';
  const known = view.by(objectsByUid, uid)[0] as CoreEvent | undefined;
  const first = parseInstant(known?.firstTimestamp) ?? now;
  const last = parseInstant(known?.lastTimestamp) ?? now;
  if (known && !facts.eachTime && now - last < Math.min(Math.max(last - first, 1000), PAUSE_MAX_MS)) return [];
  return [
    {
      is: 'submit',
      because: message,
      command: {
        verb: 'create',
        kind: events.id,
        namespace,
        name,
        apiVersion: 'v1',
        uid,
        body: rowOf(facts, { name, namespace, first, now, count: (known?.count ?? 0) + 1 }),
        event: { type: 'IncidentRecorded' },
      },
    },
  ];
}

interface Row {
  readonly name: string;
  readonly namespace: string;
  readonly first: Instant;
  readonly now: Instant;
  readonly count: number;
}
function rowOf(facts: Incident, row: Row): Json {
  const { about, type, reason, message, component, action, related, isReportedOnly } = facts;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: row.name, namespace: row.namespace },
    involvedObject: reference(about),
    ...(related && { related: reference(related) }),
    reason,
    message,
    type,
    count: row.count,
    firstTimestamp: toTime(row.first),
    lastTimestamp: toTime(row.now),
    eventTime: null,
    source: isReportedOnly ? {} : { component },
    reportingComponent: component,
    reportingInstance: '',
    ...(action !== undefined && { action }),
  };
}

function reference({ apiVersion, kind, metadata }: KubeObject): JsonObject {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion,
    kind,
    ...(namespace !== undefined && { namespace }),
    name,
    uid,
    ...(resourceVersion !== undefined && { resourceVersion }),
  };
}
