import type { Kind, ServedVersion } from '../kind.js';
import type { VersionConversion } from '../conversion.js';
import type { KubeObject } from '../kube-object.js';
import type { ObjectType } from '../schema/index.js';

/** One version of a kind as a client speaks it. */
export interface Spoken {
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  /** `apps/v1` */
  readonly apiVersion: string;
  readonly schema: ObjectType<unknown>;
  toServed(object: KubeObject): KubeObject;
  toStored(object: KubeObject): KubeObject;
  /** What was made of an object of this version to be stored, as it was written. */
  asWritten(stored: KubeObject): KubeObject;
  /** Where a server outside converts objects to this version. */
  readonly conversion?: VersionConversion;
  /** Names of its subresources. */
  readonly subresources: readonly string[];
}

const same = (object: KubeObject): KubeObject => object;

export function apiVersionOf(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The version that a command is written in; the stored one when it names none that is served. */
export function spokenVersion(kind: Kind, apiVersion: string): Spoken {
  const { group, version } = kind.names;
  const stored = apiVersionOf(group, version);
  const served =
    apiVersion === stored && kind.storedOnly !== true
      ? undefined
      : kind.served.find((other) => apiVersionOf(other.group, other.version) === apiVersion);
  if (served) return spoken(kind, served);
  return {
    ...plainVersion(kind.names.kind, group, version, kind.schema),
    subresources: kind.subresources.map(({ name }) => name),
  };
}

/** A type that is spoken as it is: a kind's stored version, or the body of a subresource. */
export function plainVersion(kind: string, group: string, version: string, schema: ObjectType<unknown>): Spoken {
  const apiVersion = apiVersionOf(group, version);
  return {
    ...{ kind, group, version, apiVersion, schema },
    ...{ toServed: same, toStored: same, asWritten: same, subresources: [] },
  };
}

function spoken(kind: Kind, served: ServedVersion): Spoken {
  return {
    kind: kind.names.kind,
    group: served.group,
    version: served.version,
    apiVersion: apiVersionOf(served.group, served.version),
    schema: served.schema,
    toServed: (object) => served.toServed?.(object) ?? object,
    toStored: (object) => served.toStored?.(object) ?? object,
    asWritten: (object) => served.asWritten?.(object) ?? served.toServed?.(object) ?? object,
    ...(served.conversion && { conversion: served.conversion }),
    subresources: served.subresources ?? kind.subresources.map(({ name }) => name),
  };
}
