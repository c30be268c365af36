import { quantityOf, quantityText } from '#meta';
import type { Container, EphemeralContainer, PodSpec, PodTemplateSpec, ResourceRequirements, Volume } from '#pod';
import { imageTag } from './image-tag.js';

/**
 * Defaults of a pod's spec that look at more than one field; the static ones are the schema's. Parts that need none are
 * shared with what came in.
 */
export function withPodSpecDefaults(spec: PodSpec): PodSpec {
  const account = spec.serviceAccountName || spec.serviceAccount;
  const set: Changes<PodSpec> = {
    volumes: mapped(spec.volumes, volumeDefaults),
    containers: mapped(spec.containers, containerDefaults) ?? spec.containers,
    initContainers: mapped(spec.initContainers, containerDefaults),
    ephemeralContainers: mapped(spec.ephemeralContainers, containerDefaults),
    // The old name of the account is kept beside the new one, which wins.
    serviceAccount: account,
    serviceAccountName: account,
    overhead: mapValues(spec.overhead, roundedUp),
    resources: spec.resources && roundedResources(spec.resources),
  };
  return changed(spec, set);
}

export function withTemplateDefaults(template: PodTemplateSpec): PodTemplateSpec {
  return template.spec ? changed(template, { spec: withPodSpecDefaults(template.spec) }) : template;
}

type Changes<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** The object with what differs set, keys in order; itself when nothing differs. */
export function changed<T extends object>(object: T, set: Changes<T>): T {
  const names = (Object.keys(set) as (keyof T)[]).filter(
    (name) => set[name] !== object[name] && set[name] !== undefined,
  );
  if (names.length === 0) return object;
  const merged: Record<string, unknown> = { ...(object as Record<string, unknown>) };
  for (const name of names) merged[name as string] = set[name];
  const sorted = names.every((name) => name in object) ? merged : inOrder(merged);
  return sorted as T;
}
function inOrder(object: Record<string, unknown>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(object).sort()) out[key] = object[key];
  return out;
}

function mapped<T>(list: readonly T[] | undefined | null, change: (item: T) => T): readonly T[] | undefined {
  if (!list) return undefined;
  const out = list.map(change);
  return out.every((item, i) => item === list[i]) ? list : out;
}
type Amounts = Readonly<Record<string, string>>;
function mapValues(amounts: Amounts | undefined, change: (text: string) => string): Amounts | undefined {
  if (!amounts) return undefined;
  const entries = Object.entries(amounts).map(([name, text]) => [name, change(text)] as const);
  return entries.every(([name, text]) => text === amounts[name]) ? amounts : Object.fromEntries(entries);
}

/** A volume that says nothing is an empty folder. */
function volumeDefaults(volume: Volume): Volume {
  if (Object.keys(volume).length <= 1) return { emptyDir: {}, ...volume };
  if (volume.image && !volume.image.pullPolicy) {
    return { ...volume, image: changed(volume.image, { pullPolicy: pullPolicy(volume.image.reference ?? '') }) };
  }
  return volume;
}

function containerDefaults<C extends Container | EphemeralContainer>(container: C): C {
  const set: Changes<Container> = {
    imagePullPolicy: container.imagePullPolicy || pullPolicy(container.image ?? ''),
    resources: container.resources && roundedResources(container.resources),
  };
  return changed(container as Container, set) as C;
}

/** `latest`, said or meant, may be another image tomorrow. */
function pullPolicy(image: string): string {
  return imageTag(image) === 'latest' ? 'Always' : 'IfNotPresent';
}

function roundedResources(resources: ResourceRequirements): ResourceRequirements {
  return changed(resources, {
    limits: mapValues(resources.limits, roundedUp),
    requests: mapValues(resources.requests, roundedUp),
  });
}
const MILLI = 1_000_000n;
/** No amount is smaller than a thousandth. */
function roundedUp(text: string): string {
  const quantity = quantityOf(text);
  const rest = quantity.nanos % MILLI;
  if (rest === 0n) return text;
  const nanos = quantity.nanos - rest + (quantity.nanos > 0n ? MILLI : 0n);
  return quantityText({ nanos, format: quantity.format });
}

/** What is promised at most is asked for where nothing else is asked. */
export function withRequestsFromLimits(resources: ResourceRequirements | undefined): ResourceRequirements | undefined {
  if (!resources?.limits) return resources;
  const missing = Object.entries(resources.limits).filter(([name]) => resources.requests?.[name] === undefined);
  if (missing.length === 0) return resources;
  return changed(resources, {
    requests: inOrder({ ...resources.requests, ...Object.fromEntries(missing) }) as Amounts,
  });
}
