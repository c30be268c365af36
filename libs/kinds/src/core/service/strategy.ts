import type { Strategy, StrategyContext } from '#model';
import type { Service } from './schema.js';

export const serviceStrategy: Strategy<Service> = {
  answersDeletionWithObject: true,
  revalidatesMetadata: true,
  putCreates: true,
  registryPrefix: 'services/specs',
  allocate,
};

/** A free address of the service range, always the same for the same state of the cluster and the same service. */
function allocate(object: Service, old: Service | undefined, context: StrategyContext): Service {
  const { spec } = object;
  if (spec.type === 'ExternalName') return object;
  if (spec.clusterIP) return { ...object, spec: { ...spec, clusterIPs: spec.clusterIPs ?? [spec.clusterIP] } };
  if (old?.spec.clusterIP) return { ...object, spec: { ...spec, clusterIP: old.spec.clusterIP, clusterIPs: [old.spec.clusterIP] } };
  const taken = new Set(context.view.list(context.kind.ref).map((other) => (other as Service).spec.clusterIP));
  const start = parseInt(context.uid.replaceAll('-', '').slice(0, 8), 16);
  for (let i = 0; i < 65_000; i++) {
    const offset = 256 + ((start + i) % 65_000);
    const ip = `10.96.${offset >> 8}.${offset & 255}`;
    if (!taken.has(ip)) return { ...object, spec: { ...spec, clusterIP: ip, clusterIPs: [ip] } };
  }
  return object;
}
