import { kubelet } from '#loops';
import type { Clock, ContainerRuntime, RegistryCredentials, RuntimeImage } from '#ports';
import { RuntimeFault } from '#ports';
import type { Surroundings } from './surroundings.js';

const KNOWN_FOR_MS = 10_000;

/** Images that were found a moment ago are not looked for again: many pods of one kind start together. */
export class KnownImages {
  private readonly known = new Map<string, { readonly found: RuntimeImage; readonly at: number }>();

  constructor(
    private readonly runtime: Pick<ContainerRuntime, 'image'>,
    private readonly clock: Clock,
  ) {}
  async find(reference: string): Promise<RuntimeImage | undefined> {
    const known = this.known.get(reference);
    if (known && this.clock.monotonic() - known.at < KNOWN_FOR_MS) return known.found;
    const found = await this.runtime.image(reference);
    if (found) this.known.set(reference, { found, at: this.clock.monotonic() });
    else this.known.delete(reference);
    return found;
  }
  /** It was not there after all. */
  forget(reference: string): void {
    this.known.delete(reference);
  }
}

export type ImageOutcome =
  { readonly found: RuntimeImage } | { readonly problem: { readonly reason: string; readonly message: string } };

/** Has the container's image on the node, pulled where the policy says so. */
export async function ensureImage(
  around: Surroundings,
  pod: kubelet.Pod,
  container: kubelet.Container,
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
  const here = await around.images.find(reference);
  if (policy === 'Never' && !here) {
    const message = `Container image "${name}" is not present with pull policy of Never`;
    tell({ type: 'Warning', reason: 'ErrImageNeverPull', message });
    tell({ type: 'Warning', reason: 'Failed', message: 'Error: ErrImageNeverPull' });
    return { problem: { reason: 'ErrImageNeverPull', message } };
  }
  if (here && policy !== 'Always') {
    tell({
      type: 'Normal',
      reason: 'Pulled',
      message: `Container image "${name}" already present on machine and can be accessed by the pod`,
    });
    return { found: here };
  }
  return pull(around, pod, { name, reference }, tell);
}

async function pull(
  around: Surroundings,
  pod: kubelet.Pod,
  image: { readonly name: string; readonly reference: string },
  tell: (incident: kubelet.Incident) => void,
): Promise<ImageOutcome> {
  const { runtime, clock } = around.options;
  tell({ type: 'Normal', reason: 'Pulling', message: `Pulling image "${image.name}"` });
  const begun = clock.monotonic();
  try {
    const found = await runtime.pull(image.reference, credentialsFor(around, pod, image.reference));
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

/** The registry's credentials out of the pod's image pull secrets. */
function credentialsFor(around: Surroundings, pod: kubelet.Pod, reference: string): RegistryCredentials | undefined {
  const first = reference.split('/')[0] ?? '';
  const registry = reference.includes('/') && /[.:]|^localhost$/.test(first) ? first : 'docker.io';
  for (const { name } of pod.spec.imagePullSecrets ?? []) {
    const secret = name ? around.objects.get('Secret', pod.metadata.namespace ?? '', name) : undefined;
    const encoded = (secret?.data as Record<string, string> | undefined)?.['.dockerconfigjson'];
    if (!encoded) continue;
    const found = loginOf(kubelet.textOfBase64(encoded), registry);
    if (found) return found;
  }
  return undefined;
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
