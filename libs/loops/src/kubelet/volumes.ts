import { allContainersOf } from '#pod';
import type {
  ConfigMapProjection,
  Container,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  Volume,
  VolumeProjection,
} from '#pod';
import { configMaps, secrets } from '#kinds';
import type { KindRef, KubeObject } from '#model';
import { amountOf } from './amounts.js';
import { bytesOfBase64, fieldOf, resourceOf } from './environment.js';
import type { PodContext } from './environment.js';

export interface PlannedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
  readonly ownerUser?: number;
}
export type PlannedVolume =
  | {
      readonly is: 'files';
      readonly name: string;
      readonly secret: boolean;
      readonly files: readonly PlannedFile[];
      readonly ownerGroup?: number;
    }
  | {
      readonly is: 'empty';
      readonly name: string;
      readonly medium: string;
      readonly sizeBytes?: number;
      readonly ownerGroup?: number;
    }
  | { readonly is: 'host'; readonly name: string; readonly path: string; readonly type: string };

/** A volume cannot be made now; `MountVolume.SetUp failed for volume "v" : ` stands before the message. */
export class VolumeProblem extends Error {}

/** A service-account token that a volume holds, as the agent keeps it by this key. */
export interface TokenNeed {
  readonly key: string;
  readonly audience: string;
  readonly expirationSeconds: number;
}
export function tokenNeedsOf(pod: Pod): readonly TokenNeed[] {
  const sources = (pod.spec.volumes ?? []).flatMap((v) => v.projected?.sources ?? []);
  const needs = sources.flatMap((s) => (s.serviceAccountToken ? [tokenNeed(s.serviceAccountToken)] : []));
  return [...new Map(needs.map((n) => [n.key, n])).values()];
}
function tokenNeed(source: NonNullable<VolumeProjection['serviceAccountToken']>): TokenNeed {
  const audience = source.audience ?? '';
  const expirationSeconds = source.expirationSeconds ?? 3600;
  return { key: `${audience}\n${expirationSeconds}`, audience, expirationSeconds };
}

/** Volumes on the node's disk that may not grow over a size. */
export function limitedVolumesOf(
  pod: Pod,
): readonly { readonly name: string; readonly limitBytes: number; readonly limit: string }[] {
  return (pod.spec.volumes ?? []).flatMap(({ name, emptyDir }) => {
    const limitBytes = amountOf(emptyDir?.sizeLimit);
    return emptyDir?.sizeLimit && limitBytes && emptyDir.medium !== 'Memory'
      ? [{ name, limitBytes, limit: emptyDir.sizeLimit }]
      : [];
  });
}

export interface VolumeInputs extends PodContext {
  /** Tokens by the key of their need. */
  readonly tokens: ReadonlyMap<string, string>;
}

/** What a volume of the pod holds. Throws a {@link VolumeProblem} when something that it needs is missing. */
export function planVolume(pod: Pod, volume: Volume, inputs: VolumeInputs): PlannedVolume {
  const group = pod.spec.securityContext?.fsGroup;
  const owned = group === undefined ? {} : { ownerGroup: group };
  const { name } = volume;
  if (volume.emptyDir) {
    const { medium = '' } = volume.emptyDir;
    if (medium !== '' && medium !== 'Memory')
      throw new VolumeProblem(`volumes of medium ${medium} are not available on this node`);
    const size = volume.emptyDir.sizeLimit ? amountOf(volume.emptyDir.sizeLimit) : memoryLimitOf(pod);
    return { is: 'empty', name, medium, ...(size && { sizeBytes: size }), ...owned };
  }
  if (volume.hostPath) return { is: 'host', name, path: volume.hostPath.path, type: volume.hostPath.type ?? '' };
  const files = new Files(pod, inputs);
  if (volume.configMap) {
    files.ofConfigMap(volume.configMap, volume.configMap.defaultMode);
  } else if (volume.secret) {
    const { secretName, ...rest } = volume.secret;
    files.ofSecret({ ...rest, ...(secretName && { name: secretName }) }, volume.secret.defaultMode);
  } else if (volume.downwardAPI) {
    files.ofDownward(volume.downwardAPI.items, volume.downwardAPI.defaultMode);
  } else if (volume.projected) {
    for (const source of volume.projected.sources ?? []) files.ofProjected(source, volume.projected.defaultMode);
  } else {
    const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'unknown';
    throw new VolumeProblem(`volumes of type ${kind} are not available on this node`);
  }
  return { is: 'files', name, secret: files.secret, files: files.all(), ...owned };
}

/** A memory volume without a size may fill what the pod's containers together may use. */
function memoryLimitOf(pod: Pod): number | undefined {
  let sum = 0;
  for (const container of pod.spec.containers) {
    const limit = amountOf(container.resources?.limits?.memory);
    if (limit === undefined) return undefined;
    sum += limit;
  }
  return sum;
}

class Files {
  secret = false;
  private readonly byPath = new Map<string, PlannedFile>();

  constructor(
    private readonly pod: Pod,
    private readonly inputs: VolumeInputs,
  ) {}

  all(): readonly PlannedFile[] {
    return [...this.byPath.values()];
  }
  ofConfigMap(source: ConfigMapProjection, defaultMode: number | undefined): void {
    const map = this.find(configMaps, source);
    const encode = new TextEncoder();
    const entries: Record<string, Uint8Array> = {};
    for (const [key, value] of Object.entries((map?.data ?? {}) as Record<string, string>))
      entries[key] = encode.encode(value);
    for (const [key, value] of Object.entries((map?.binaryData ?? {}) as Record<string, string>))
      entries[key] = bytesOfBase64(value);
    this.ofKeys('configmap references non-existent config key', entries, source, defaultMode);
  }
  ofSecret(source: ConfigMapProjection, defaultMode: number | undefined): void {
    this.secret = true;
    const secret = this.find(secrets, source);
    const entries: Record<string, Uint8Array> = {};
    for (const [key, value] of Object.entries((secret?.data ?? {}) as Record<string, string>))
      entries[key] = bytesOfBase64(value);
    this.ofKeys('references non-existent secret key', entries, source, defaultMode);
  }
  ofDownward(items: readonly DownwardAPIVolumeFile[] | undefined, defaultMode: number | undefined): void {
    for (const item of items ?? []) {
      const text = item.fieldRef
        ? (fieldOf(this.pod, item.fieldRef.fieldPath, this.inputs) ?? '')
        : item.resourceFieldRef
          ? resourceOf(this.pod, this.pod.spec.containers[0] as Container, item.resourceFieldRef, this.inputs)
          : '';
      this.put(item.path, new TextEncoder().encode(text), item.mode ?? defaultMode);
    }
  }
  ofProjected(source: VolumeProjection, defaultMode: number | undefined): void {
    if (source.configMap) this.ofConfigMap(source.configMap, defaultMode);
    else if (source.secret) this.ofSecret(source.secret, defaultMode);
    else if (source.downwardAPI) this.ofDownward(source.downwardAPI.items, defaultMode);
    else if (source.serviceAccountToken) this.ofToken(source.serviceAccountToken, defaultMode);
    else
      throw new VolumeProblem(
        `projected sources of type ${Object.keys(source)[0] ?? 'unknown'} are not available on this node`,
      );
  }

  private ofToken(source: NonNullable<VolumeProjection['serviceAccountToken']>, defaultMode: number | undefined): void {
    this.secret = true;
    const token = this.inputs.tokens.get(tokenNeed(source).key);
    if (token === undefined) throw new VolumeProblem('failed to fetch token: no token yet');
    const bytes = new TextEncoder().encode(token);
    // Where all containers run as one user, the token is that user's alone; with fsGroup the group may read it too.
    const user = commonUser(this.pod);
    if (this.pod.spec.securityContext?.fsGroup !== undefined) this.put(source.path, bytes, 0o600, user);
    else if (user !== undefined) this.put(source.path, bytes, 0o600, user);
    else this.put(source.path, bytes, defaultMode);
  }
  private find(kind: KindRef, source: ConfigMapProjection): KubeObject | undefined {
    const found = this.inputs.objects.get(kind, this.pod.metadata.namespace ?? '', source.name ?? '');
    if (!found && !source.optional)
      throw new VolumeProblem(`${kind === secrets ? 'secret' : 'configmap'} "${source.name ?? ''}" not found`);
    return found;
  }
  private ofKeys(
    missing: string,
    entries: Readonly<Record<string, Uint8Array>>,
    source: ConfigMapProjection,
    defaultMode: number | undefined,
  ): void {
    const items: readonly KeyToPath[] = source.items ?? Object.keys(entries).map((key) => ({ key, path: key }));
    for (const item of items) {
      const bytes = entries[item.key];
      if (bytes) this.put(item.path, bytes, item.mode ?? defaultMode);
      else if (!source.optional) throw new VolumeProblem(`${missing}: ${item.key}`);
    }
  }
  private put(path: string, bytes: Uint8Array, mode: number | undefined, ownerUser?: number): void {
    this.byPath.set(path, { path, bytes, mode: mode ?? 0o644, ...(ownerUser !== undefined && { ownerUser }) });
  }
}

function commonUser(pod: Pod): number | undefined {
  const users = allContainersOf(pod).map((c) => c.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser);
  const first = users[0];
  return first !== undefined && users.every((u) => u === first) ? first : undefined;
}
