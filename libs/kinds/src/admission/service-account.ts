import { kindRef, type AdmissionPlugin, type Admitted, type KubeObject, type Refusal } from '#model';
import type { Pod } from '#pod';
import { safeSuffix } from '#std';
import type { ServiceAccount } from '../core/serviceaccount/schema.js';
import { secretNotAllowed, secretsOf } from './mountable-secrets.js';
import { forbidPod, isPlainPod } from './pods.js';

const serviceAccounts = kindRef<ServiceAccount>('core.serviceaccounts');
const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const VOLUME_PREFIX = 'kube-api-access-';
const ENFORCE_MOUNTABLE = 'kubernetes.io/enforce-mountable-secrets';

/** Every pod has a service account, and, unless it does not want it, that account's token within its containers. */
export const serviceAccountAdmission: AdmissionPlugin = {
  name: 'ServiceAccount',
  mutate: (request) => {
    if (!isPlainPod(request) || request.operation !== 'CREATE') return request.object;
    const pod = request.object as Pod;
    const isMirror = pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined;
    return isMirror ? mirrored(request, pod) : withAccount(request, pod);
  },
};

function withAccount(request: Admitted, pod: Pod): KubeObject | Refusal {
  const name = pod.spec.serviceAccountName || 'default';
  const namespace = request.command.namespace ?? '';
  const account = request.view.get(serviceAccounts, namespace, name);
  if (account === undefined) {
    return forbidPod(pod, `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`);
  }
  let spec: Pod['spec'] = { ...pod.spec, serviceAccount: name, serviceAccountName: name };
  const wantsToken = pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
  if (wantsToken) spec = withToken(spec, safeSuffix(`${request.uid} ${VOLUME_PREFIX}`));
  if ((spec.imagePullSecrets?.length ?? 0) === 0 && account.imagePullSecrets) {
    spec = { ...spec, imagePullSecrets: account.imagePullSecrets };
  }
  if (account.metadata.annotations?.[ENFORCE_MOUNTABLE] === 'true') {
    const why = secretNotAllowed(spec, account);
    if (why !== undefined) return forbidPod(pod, why);
  }
  return { ...pod, spec };
}

function mirrored(request: Admitted, pod: Pod): KubeObject | Refusal {
  if (pod.spec.serviceAccountName) return forbidPod(pod, 'a mirror pod may not reference service accounts');
  if (secretsOf(pod.spec).length > 0) return forbidPod(pod, 'a mirror pod may not reference secrets');
  const hasToken = pod.spec.volumes?.some((volume) =>
    volume.projected?.sources?.some((source) => source.serviceAccountToken !== undefined),
  );
  if (hasToken) return forbidPod(pod, 'a mirror pod may not use ServiceAccountToken volume projections');
  return request.object;
}

/** Mounts the token where a container has nothing at that path yet; the volume is made once. */
function withToken(spec: Pod['spec'], suffix: string): Pod['spec'] {
  const existing = spec.volumes?.find((volume) => volume.name?.startsWith(VOLUME_PREFIX));
  const name = existing?.name ?? `${VOLUME_PREFIX}${suffix}`;
  let isMounted = false;
  const mount = <
    C extends { readonly volumeMounts?: readonly { readonly mountPath: string; readonly name: string }[] },
  >(
    container: C,
  ): C => {
    if (container.volumeMounts?.some((other) => other.mountPath === MOUNT_PATH)) return container;
    isMounted = true;
    return {
      ...container,
      volumeMounts: [...(container.volumeMounts ?? []), { mountPath: MOUNT_PATH, name, readOnly: true }],
    };
  };
  // A pod without containers is refused later, with all that is wrong with it.
  const containers = (spec.containers ?? []).map(mount);
  const initContainers = spec.initContainers?.map(mount);
  if (!isMounted) return spec;
  const volumes = existing ? spec.volumes : [...(spec.volumes ?? []), tokenVolume(name)];
  return { ...spec, containers, ...(initContainers && { initContainers }), ...(volumes && { volumes }) };
}

/** The token is asked for a little longer than an hour, so that clients that count on an hour never see it end. */
function tokenVolume(name: string): NonNullable<Pod['spec']['volumes']>[number] {
  return {
    name,
    projected: {
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { items: [{ key: 'ca.crt', path: 'ca.crt' }], name: 'kube-root-ca.crt' } },
        {
          downwardAPI: {
            items: [{ fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' }, path: 'namespace' }],
          },
        },
      ],
    },
  };
}
