import type { JsonObject } from '#std';
import type { KubeObject } from '../kube-object.js';
import { applyDefaults, decode, type ObjectType } from '../schema/index.js';
import type { SpokenForm } from '../kind.js';
import type { Request } from './request.js';
import { spokenVersion, type Spoken } from './served.js';

export type { SpokenForm };

/** The form of the object itself, as its client speaks it. */
export function ownForm(request: Request): SpokenForm {
  const inVersion = (apiVersion: string): SpokenForm => formIn(request, spokenVersion(request.kind, apiVersion));
  return { ...formIn(request, request.spoken), in: inVersion };
}

/** The form of the object in one of the versions of its kind. */
export function formIn(request: Request, spoken: Spoken): SpokenForm {
  const { group, version, kind } = spoken;
  return {
    group,
    version,
    kind,
    show: (object) => ({ ...spoken.toServed(object), apiVersion: spoken.apiVersion, kind }) as unknown as JsonObject,
    take(shown, object) {
      const read = decode(spoken.schema as ObjectType<KubeObject>, shown);
      if (read.error !== undefined) return { refused: true, code: 500, reason: 'InternalError', message: read.error };
      const isCreate = request.old === undefined;
      const completed = applyDefaults(spoken.schema, {
        ...(read.value as unknown as JsonObject),
        apiVersion: spoken.apiVersion,
        kind,
        metadata: { ...read.value.metadata },
      } as unknown as KubeObject) as KubeObject;
      const stored = spoken.toStored(completed);
      const { apiVersion, kind: storedKind } = object;
      const named = { ...stored, apiVersion, kind: storedKind };
      return request.strategy.applyDefaults?.(named, { isCreate, subresource: request.subresource }) ?? named;
    },
  };
}
