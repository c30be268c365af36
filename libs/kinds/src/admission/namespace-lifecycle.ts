import { kindRef, refusals, type AdmissionPlugin, type Admitted, type KubeObject, type Refusal } from '#model';

const namespaces = kindRef('core.namespaces');
const IMMORTAL = ['default', 'kube-system', 'kube-public'];

/** Nothing is made in a namespace that is not there or is going, and the system's own namespaces stay. */
export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  mutate: (request) => check(request) ?? request.object,
};

function check(request: Admitted): Refusal | undefined {
  const { kind, operation, command } = request;
  const about = { group: kind.names.group, resource: kind.names.plural, kind: kind.names.kind, name: nameOf(request) };
  if (kind.id === namespaces.id) {
    if (operation !== 'DELETE' || !IMMORTAL.includes(command.name)) return undefined;
    return refusals.forbidden(about, 'this namespace may not be deleted');
  }
  // A review says nothing of its namespace, not even that there is none.
  if (!kind.names.namespaced || kind.isVirtual || operation === 'DELETE') return undefined;
  const name = command.namespace ?? '';
  const namespace = request.view.get<KubeObject>(namespaces, undefined, name);
  if (namespace === undefined) {
    return refusals.notFound({ group: '', resource: 'namespaces', kind: 'Namespace', name });
  }
  if (operation !== 'CREATE' || !isTerminating(namespace)) return undefined;
  const why = `unable to create new content in namespace ${name} because it is being terminated`;
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${name} is being terminated`,
    field: 'metadata.namespace',
  };
  return refusals.forbidden(about, why, [cause]);
}

function nameOf(request: Admitted): string {
  return request.object.metadata.generateName || (request.object.metadata.name ?? '');
}
function isTerminating(namespace: KubeObject): boolean {
  return (namespace['status'] as { phase?: string } | undefined)?.phase === 'Terminating';
}
