import type { Pod } from '#pod';
import type { ServiceAccount } from '../core/serviceaccount/schema.js';

interface Container {
  readonly name: string;
  readonly env?: readonly {
    readonly name: string;
    readonly valueFrom?: { readonly secretKeyRef?: { readonly name?: string } };
  }[];
  readonly envFrom?: readonly { readonly secretRef?: { readonly name?: string } }[];
}

/** An account that enforces its list of secrets: what the pod uses beside it, or undefined when nothing. */
export function secretNotAllowed(spec: Pod['spec'], account: ServiceAccount): string | undefined {
  const name = account.metadata.name;
  const allowed = new Set((account.secrets ?? []).map((secret) => secret.name));
  const tail = `is not allowed because service account ${name} does not reference that secret`;
  for (const volume of spec.volumes ?? []) {
    const secret = volume.secret?.secretName;
    if (secret !== undefined && !allowed.has(secret)) return `volume with secret.secretName="${secret}" ${tail}`;
  }
  const inContainers = inAny('init container', spec.initContainers) ?? inAny('container', spec.containers);
  if (inContainers !== undefined) return inContainers;
  const pullable = new Set((account.imagePullSecrets ?? []).map((secret) => secret.name));
  for (const [i, secret] of (spec.imagePullSecrets ?? []).entries()) {
    if (pullable.has(secret.name)) continue;
    return `imagePullSecrets[${i}].name="${secret.name}" is not allowed because service account ${name} does not reference that imagePullSecret`;
  }
  return undefined;

  function inAny(what: string, containers: readonly Container[] | undefined): string | undefined {
    for (const container of containers ?? []) {
      for (const env of container.env ?? []) {
        const secret = env.valueFrom?.secretKeyRef?.name;
        if (secret !== undefined && !allowed.has(secret)) {
          return `${what} ${container.name} with envVar ${env.name} referencing secret.secretName="${secret}" ${tail}`;
        }
      }
      for (const source of container.envFrom ?? []) {
        const secret = source.secretRef?.name;
        if (secret !== undefined && !allowed.has(secret)) {
          return `${what} ${container.name} with envFrom referencing secret.secretName="${secret}" ${tail}`;
        }
      }
    }
    return undefined;
  }
}

/** Names of all secrets that a pod mentions in volumes, environments and image pulls. */
export function secretsOf(spec: Pod['spec']): readonly string[] {
  const containers: readonly Container[] = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  const found = [
    ...(spec.volumes ?? []).flatMap((volume) => [
      volume.secret?.secretName,
      ...(volume.projected?.sources ?? []).map((source) => source.secret?.name),
    ]),
    ...containers.flatMap((container) => [
      ...(container.env ?? []).map((env) => env.valueFrom?.secretKeyRef?.name),
      ...(container.envFrom ?? []).map((source) => source.secretRef?.name),
    ]),
    ...(spec.imagePullSecrets ?? []).map((secret) => secret.name),
  ];
  return found.filter((name): name is string => name !== undefined && name !== '');
}
