import { fromJson, type Value, type Variables } from '#cel';
import { apiVersionOf, kindRef, spokenVersion, type Admitted, type KubeObject } from '#model';
import type { JsonObject } from '#std';
import type { RequestAttributes, VersionedResource } from '../matching/index.js';
import { authorizerValues } from './authorizer.js';
import type { PolicyVariables } from './verdict.js';

const namespaces = kindRef('core.namespaces');

/** The values of one request, made when an expression first reads them and shared by all policies that see the same. */
export class RequestValues {
  private readonly seen = new Map<VersionedResource, ReadonlyMap<string, Value>>();
  private readonly authorizer: { readonly authorizer: Value; readonly requestResource: Value };
  private namespaceValue: Value | undefined;

  constructor(
    private readonly request: Admitted,
    private readonly attributes: RequestAttributes,
  ) {
    this.authorizer = authorizerValues(request.command.actor, request.view, attributes);
  }

  /** What a policy that matched in a version sees. Conditions see the version of the request as its resource. */
  variables(matched: VersionedResource, params: JsonObject | undefined): PolicyVariables {
    const objects = this.objects(matched);
    const { requested } = this.attributes;
    const paramsValue = fromJson(params);
    const requests = new Map<VersionedResource, Value>();
    const requestIn = (resource: VersionedResource): Value => {
      const made =
        requests.get(resource) ?? fromJson(requestJson(this.request, this.attributes, { matched, resource }));
      requests.set(resource, made);
      return made;
    };
    const base =
      (resource: VersionedResource, namespace: () => Value): Variables =>
      (name) => {
        switch (name) {
          case 'request':
            return requestIn(resource);
          case 'namespaceObject':
            return namespace();
          case 'params':
            return paramsValue;
          case 'authorizer':
            return this.authorizer.authorizer;
          case 'authorizer.requestResource':
            return this.authorizer.requestResource;
          default:
            return objects.get(name);
        }
      };
    return { conditions: base(requested, () => null), validations: base(matched, () => this.namespace()) };
  }

  private objects(version: VersionedResource): ReadonlyMap<string, Value> {
    let known = this.seen.get(version);
    if (!known) {
      const { object, old } = this.attributes;
      known = new Map([
        ['object', object ? fromJson(this.show(object, version)) : null],
        ['oldObject', old ? fromJson(this.show(withVersion(old, this.request), version)) : null],
      ]);
      this.seen.set(version, known);
    }
    return known;
  }

  /** An object as the client speaks it, or in another version that a rule names. */
  private show(object: KubeObject, version: VersionedResource): JsonObject {
    const { form, kind } = this.request;
    const { requested } = this.attributes;
    if (version.group === requested.group && version.version === requested.version) return form.show(object);
    const apiVersion = apiVersionOf(version.group, version.version);
    const served = spokenVersion(kind, apiVersion).toServed(object);
    return { ...served, apiVersion, kind: version.kind.kind } as unknown as JsonObject;
  }

  /** A Namespace is in none, although its requests carry its name as their namespace. */
  private namespace(): Value {
    if (this.namespaceValue !== undefined) return this.namespaceValue;
    const { namespace } = this.attributes;
    const isNamespace = this.request.kind.id === namespaces.id;
    const object =
      namespace === '' || isNamespace ? undefined : this.request.view.get(namespaces, undefined, namespace);
    return (this.namespaceValue = object ? fromJson(namespaceJson(object)) : null);
  }
}

function withVersion(old: KubeObject, { oldVersion }: Admitted): KubeObject {
  if (oldVersion === undefined) return old;
  return { ...old, metadata: { ...old.metadata, resourceVersion: oldVersion } };
}

const NAMESPACE_METADATA = [
  ...['name', 'generateName', 'namespace', 'labels', 'annotations', 'uid', 'creationTimestamp'],
  ...['deletionGracePeriodSeconds', 'deletionTimestamp', 'generation', 'resourceVersion', 'finalizers'],
];

/** The part of a namespace that expressions may see. */
function namespaceJson({ metadata, ...object }: KubeObject): JsonObject {
  const all = metadata as unknown as JsonObject;
  const seen = NAMESPACE_METADATA.filter((name) => all[name] !== undefined).map((name) => [name, all[name]] as const);
  const { spec, status } = object as unknown as Readonly<Record<'spec' | 'status', JsonObject | undefined>>;
  return {
    metadata: Object.fromEntries(seen) as JsonObject,
    spec: spec?.['finalizers'] === undefined ? {} : { finalizers: spec['finalizers'] },
    status: status?.['phase'] === undefined ? {} : { phase: status['phase'] },
  };
}

/** `request` as AdmissionReview has it, without the objects. */
export function requestJson(
  { command }: Admitted,
  { requested, subresource, name, namespace, operation }: RequestAttributes,
  seen: { readonly matched: VersionedResource; readonly resource: VersionedResource },
): JsonObject {
  const { actor, options } = command;
  const { uid, groups, extra } = actor;
  return {
    kind: { ...seen.matched.kind },
    resource: resourceJson(seen.resource),
    ...(subresource && { subResource: subresource, requestSubResource: subresource }),
    requestKind: { ...requested.kind },
    requestResource: resourceJson(requested),
    ...(name && { name }),
    ...(namespace && { namespace }),
    operation,
    userInfo: {
      username: actor.name,
      ...(uid && { uid }),
      ...(groups.length > 0 && { groups }),
      ...(extra && { extra }),
    },
    dryRun: options.dryRun === true,
    ...(operation !== 'CONNECT' && { options: optionsJson(command, operation) }),
  } as unknown as JsonObject;
}
function resourceJson({ group, version, resource }: VersionedResource): JsonObject {
  return { group, version, resource };
}

const OPTIONS = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' } as const;

function optionsJson({ options, body }: Admitted['command'], operation: keyof typeof OPTIONS): JsonObject {
  const { dryRun, fieldManager, fieldValidation } = options;
  const isDelete = operation === 'DELETE';
  return {
    ...(isDelete && { ...(body as JsonObject | undefined) }),
    kind: OPTIONS[operation],
    apiVersion: 'meta.k8s.io/v1',
    ...(dryRun && { dryRun: ['All'] }),
    ...(!isDelete && fieldManager !== undefined && { fieldManager }),
    ...(!isDelete && fieldValidation !== undefined && { fieldValidation }),
  };
}
