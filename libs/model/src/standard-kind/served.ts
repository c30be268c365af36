import type { Kind, ServedVersion } from '../kind.js';
import type { KubeObject } from '../kube-object.js';
import type { ObjectType } from '../schema/index.js';

/** One version of a kind as a client speaks it. */
export interface Spoken {
  readonly group: string;
  readonly version: string;
  /** `apps/v1` */
  readonly apiVersion: string;
  readonly schema: ObjectType<unknown>;
  toServed(object: KubeObject): KubeObject;
  toStored(object: KubeObject): KubeObject;
}

const same = (object: KubeObject): KubeObject => object;

export function apiVersionOf(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The version that a command is written in; the stored one when it names none that is served. */
export function spokenVersion(kind: Kind, apiVersion: string): Spoken {
  const { group, version } = kind.names;
  const stored = apiVersionOf(group, version);
  if (apiVersion === stored) return { group, version, apiVersion: stored, schema: kind.schema, toServed: same, toStored: same };
  const served = kind.served.find((other) => apiVersionOf(other.group, other.version) === apiVersion);
  if (served === undefined) return { group, version, apiVersion: stored, schema: kind.schema, toServed: same, toStored: same };
  return spoken(served);
}

function spoken(served: ServedVersion): Spoken {
  return {
    group: served.group,
    version: served.version,
    apiVersion: apiVersionOf(served.group, served.version),
    schema: served.schema,
    toServed: (object) => served.toServed?.(object) ?? object,
    toStored: (object) => served.toStored?.(object) ?? object,
  };
}
