import type { Labels } from '#meta';
import {
  kindRef,
  spokenVersion,
  type AdmissionOperation,
  type Admitted,
  type Kind,
  type KubeObject,
  type Subresource,
} from '#model';

/** One API resource in one version, with the kind that its bodies have. */
export interface VersionedResource {
  readonly group: string;
  readonly version: string;
  /** Plural name, without the subresource. */
  readonly resource: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
}

/** What rules and selectors of webhooks and policies compare a request with. Derived once per request. */
export interface RequestAttributes {
  readonly operation: AdmissionOperation;
  /** The resource and version in the URL. */
  readonly requested: VersionedResource;
  /** `''` for the main resource. */
  readonly subresource: string;
  /** `''` for cluster-scoped objects; a Namespace has its own name here, as in Kubernetes. */
  readonly namespace: string;
  /** `''` while the name is to be generated, and for each deletion of a collection. */
  readonly name: string;
  /** Undefined for deletions. Only its metadata are compared. */
  readonly object: KubeObject | undefined;
  /** Undefined for creations. */
  readonly old: KubeObject | undefined;
  /** All served versions of the resource with the same subresource, the requested one among them. */
  readonly equivalents: readonly VersionedResource[];
  /** Labels of the namespace; undefined when it does not exist. */
  readonly namespaceLabels: Labels | undefined;
}

const namespaces = kindRef('core.namespaces');

export function attributesOf(
  request: Pick<Admitted, 'kind' | 'command' | 'operation' | 'subresource' | 'view' | 'object' | 'old' | 'form'>,
): RequestAttributes {
  const { kind, command, operation, subresource = '' } = request;
  const isNamespace = kind.id === namespaces.id;
  const namespace = isNamespace ? command.name : (command.namespace ?? '');
  const spoken = spokenVersion(kind, command.apiVersion);
  const isWrite = operation === 'CREATE' || operation === 'UPDATE';
  const labelled =
    isNamespace && subresource === '' && isWrite
      ? request.object
      : request.view.get<KubeObject>(namespaces, undefined, namespace);
  return {
    operation,
    requested: versioned(kind, spoken, subresource),
    subresource,
    namespace,
    name: command.options.ofCollection ? '' : command.name,
    object: operation === 'DELETE' ? undefined : seen(request, request.object),
    old: request.old && seen(request, request.old),
    equivalents: equivalents(kind, subresource),
    namespaceLabels: labelled && (labelled.metadata.labels ?? {}),
  };
}

/** Selectors see the labels of what the client sends: a Scale has none of its object's. */
function seen({ form, kind }: Pick<Admitted, 'form' | 'kind'>, object: KubeObject): KubeObject {
  return form.kind === kind.names.kind ? object : (form.show(object) as unknown as KubeObject);
}

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

const known = new WeakMap<Kind, Map<string, readonly VersionedResource[]>>();

/** Remembered on the kind: a kind's versions never change. */
function equivalents(kind: Kind, subresource: string): readonly VersionedResource[] {
  let ofKind = known.get(kind);
  if (!ofKind) known.set(kind, (ofKind = new Map()));
  let found = ofKind.get(subresource);
  if (!found) {
    const { group, version } = kind.names;
    const stored = kind.storedOnly ? [] : [{ group, version }];
    found = [...stored, ...kind.served].map((one) => versioned(kind, one, subresource));
    ofKind.set(subresource, found);
  }
  return found;
}

function versioned(kind: Kind, { group, version }: GroupVersion, subresource: string): VersionedResource {
  const part = kind.subresources.find((one) => one.name === subresource);
  return { group, version, resource: kind.names.plural, kind: bodyKind(kind, { group, version }, part) };
}

/** The kind of a request's body: `Scale` of `autoscaling/v1` for `deployments/scale`. */
function bodyKind(
  kind: Kind,
  { group, version }: GroupVersion,
  part: Subresource | undefined,
): VersionedResource['kind'] {
  return {
    group: part?.group ?? group,
    version: part?.version ?? version,
    kind: part?.kind ?? kind.names.kind,
  };
}
