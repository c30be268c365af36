import type { Container, Pod } from '#pod';
import { secrets } from '#kinds';
import { kubelet } from '#loops';
import type { RegistryCredentials, RuntimeImage } from '#ports';
import { RuntimeFault } from '#ports';
import type { PullLogin } from './pull-records.js';
import type { NodeContext } from './node-context.js';

export type ImageOutcome =
  { readonly found: RuntimeImage } | { readonly problem: { readonly reason: string; readonly message: string } };

/** Has the container's image on the node, pulled where the policy says so or the pod's credentials are to be proved for it. */
export async function ensureImage(
  context: NodeContext,
  pod: Pod,
  container: Container,
  tell: (incident: kubelet.Incident) => void,
): Promise<ImageOutcome> {
  const name = container.image ?? '';
  const invalid = kubelet.imageNameProblem(name);
  if (invalid !== undefined) {
    tell({ type: 'Warning', reason: 'InspectFailed', message: invalid });
    tell({ type: 'Warning', reason: 'Failed', message: 'Error: InvalidImageName' });
    return { problem: { reason: 'InvalidImageName', message: invalid } };
  }
  const reference = kubelet.withDefaultTag(name);
  const policy = container.imagePullPolicy ?? 'IfNotPresent';
  const here = await context.images.find(reference);
  const logins = loginsFor(context, pod, reference);
  const isUsable = here !== undefined && context.pulls.mayUse({ id: here.id, reference }, logins);
  if (policy === 'Never' && !isUsable) {
    const message = `Container image "${name}" is not present with pull policy of Never`;
    tell({ type: 'Warning', reason: 'ErrImageNeverPull', message });
    tell({ type: 'Warning', reason: 'Failed', message: 'Error: ErrImageNeverPull' });
    return { problem: { reason: 'ErrImageNeverPull', message } };
  }
  if (isUsable && policy !== 'Always') {
    tell({
      type: 'Normal',
      reason: 'Pulled',
      message: `Container image "${name}" already present on machine and can be accessed by the pod`,
    });
    return { found: here };
  }
  return pull(context, { name, reference, logins }, tell);
}

interface Wanted {
  /** As the pod names it. */
  readonly name: string;
  readonly reference: string;
  readonly logins: readonly PullLogin[];
}

async function pull(
  context: NodeContext,
  image: Wanted,
  tell: (incident: kubelet.Incident) => void,
): Promise<ImageOutcome> {
  const { clock } = context.options;
  tell({ type: 'Normal', reason: 'Pulling', message: `Pulling image "${image.name}"` });
  const begun = clock.monotonic();
  try {
    const found = await proved(context, image);
    const took = `${((clock.monotonic() - begun) / 1000).toFixed(3).replace(/\.?0+$/, '')}s`;
    tell({
      type: 'Normal',
      reason: 'Pulled',
      message: `Successfully pulled image "${image.name}" in ${took} (${took} including waiting). Image size: ${found.sizeBytes} bytes.`,
    });
    return { found };
  } catch (error) {
    if (error instanceof RuntimeFault && error.reason === 'unavailable') throw error;
    const message = error instanceof Error ? error.message : String(error);
    const why = `failed to pull and unpack image "${image.reference}": ${message}`;
    tell({ type: 'Warning', reason: 'Failed', message: `Failed to pull image "${image.name}": ${why}` });
    tell({ type: 'Warning', reason: 'Failed', message: 'Error: ErrImagePull' });
    return { problem: { reason: 'ErrImagePull', message: why } };
  }
}

/** Pulls with the first credentials that the registry takes, and remembers which they were. */
async function proved(context: NodeContext, { reference, logins }: Wanted): Promise<RuntimeImage> {
  const { pulls, images } = context;
  await pulls.begin(reference);
  let failure: unknown;
  for (const login of logins.length > 0 ? logins : [undefined]) {
    try {
      const found = await context.options.runtime.pull(reference, login?.credentials);
      // The name may lead to another image now.
      images.forget(reference);
      await pulls.succeeded({ id: found.id, reference }, login);
      return found;
    } catch (cause) {
      failure = cause;
      if (cause instanceof RuntimeFault && cause.reason === 'unavailable') break;
    }
  }
  pulls.failed(reference);
  throw failure;
}

/** The registry's credentials out of the pod's image pull secrets, in their order. */
function loginsFor(context: NodeContext, pod: Pod, reference: string): readonly PullLogin[] {
  const first = reference.split('/')[0] ?? '';
  const registry = reference.includes('/') && /[.:]|^localhost$/.test(first) ? first : 'docker.io';
  const namespace = pod.metadata.namespace ?? '';
  const logins: PullLogin[] = [];
  for (const { name } of pod.spec.imagePullSecrets ?? []) {
    const secret = name ? context.objects.get(secrets, namespace, name) : undefined;
    const encoded = (secret?.data as Record<string, string> | undefined)?.['.dockerconfigjson'];
    if (!secret || !name || !encoded) continue;
    const credentials = loginOf(kubelet.textOfBase64(encoded), registry);
    if (credentials) logins.push({ credentials, secret: { uid: secret.metadata.uid, namespace, name } });
  }
  return logins;
}
function loginOf(json: string, registry: string): RegistryCredentials | undefined {
  try {
    const auths =
      (JSON.parse(json) as { auths?: Record<string, { username?: string; password?: string; auth?: string }> }).auths ??
      {};
    for (const [server, entry] of Object.entries(auths)) {
      if (
        server
          .replace(/^https?:\/\//, '')
          .split('/')[0]
          ?.replace('index.docker.io', 'docker.io') !== registry
      )
        continue;
      const [username = '', password = ''] = entry.auth
        ? splitOnce(kubelet.textOfBase64(entry.auth))
        : [entry.username ?? '', entry.password ?? ''];
      return { username, password, server };
    }
  } catch {
    return undefined;
  }
  return undefined;
}
function splitOnce(text: string): readonly [string, string] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
}
