import {
  apiServiceCheckOf,
  apiServices,
  apiServicesByService,
  AVAILABLE,
  endpointSlices,
  LOCALLY_AVAILABLE,
  SERVICE_NAME,
  services,
  slicesByService,
  type ApiService,
  type ApiServiceRef,
  type EndpointSlice,
} from '#kinds';
import { setCondition } from '#meta';
import type { Change, Loop, Outside, View } from '#model';
import { goQuote, isJsonObject, toTime } from '#std';
import { reportStatus, sides } from '../shared/index.js';

/**
 * Maintains the condition Available of APIServices: what the view shows of the service and its endpoints, then the measurement of
 * the aggregated server. Keys are names of APIServices.
 *
 * The fact `apiServiceChecks` of an APIService is `{ of, problem }`: which target was measured ({@link apiServiceCheckOf}),
 * and why it failed, empty where it passed. Without a measurement of the present target the condition stays as it is.
 */
export const apiServiceAvailability: Loop = {
  name: 'api-service-availability',
  account: 'system:apiserver',
  indexes: [apiServicesByService, slicesByService],
  keysOf(change, view) {
    if (change.kind === apiServices.id) return change.after ? [change.after.metadata.name] : [];
    return servicesOf(change).flatMap((service) =>
      view.by(apiServicesByService, service).map(({ metadata }) => metadata.name),
    );
  },
  keysAtStart: (view) => view.list(apiServices).map(({ metadata }) => metadata.name),
  reconcile(view, key, now, outside) {
    const apiService = view.get(apiServices, undefined, key);
    if (!apiService) return [];
    const found = conditionOf(view, apiService, outside);
    if (!found) return [];
    const conditions = setCondition(apiService.status?.conditions, { type: AVAILABLE, ...found }, toTime(now));
    return reportStatus(apiServices, apiService, { ...apiService.status, conditions }, { because: found.message });
  },
};

/** Keys of the services that a change concerns. */
function servicesOf(change: Change): readonly string[] {
  if (change.kind === services.id) return sides(change).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  if (change.kind !== endpointSlices.id) return [];
  const names = sides(change).flatMap(({ metadata: { namespace, labels } }) => {
    const name = labels?.[SERVICE_NAME];
    return name === undefined ? [] : [`${namespace}/${name}`];
  });
  return [...new Set(names)];
}

interface Found {
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}
const no = (reason: string, message: string): Found => ({ status: 'False', reason, message });

function conditionOf(view: View, apiService: ApiService, outside: Outside | undefined): Found | undefined {
  const { service } = apiService.spec;
  if (!service) return LOCALLY_AVAILABLE;
  const lacking = lackingIn(view, service);
  if (lacking) return lacking;
  const check = outside?.factOf('apiServiceChecks', apiService.metadata.name);
  if (!isJsonObject(check) || check['of'] !== apiServiceCheckOf(apiService)) return undefined;
  const problem = String(check['problem']);
  if (problem !== '') return no('FailedDiscoveryCheck', problem);
  return { status: 'True', reason: 'Passed', message: 'all checks passed' };
}

/** What the service lacks, as far as the view shows it. Only services with an address of their own are looked into. */
function lackingIn(view: View, { namespace = '', name = '', port = 0 }: ApiServiceRef): Found | undefined {
  const it = `service/${name} in ${goQuote(namespace)}`;
  const service = view.get(services, namespace, name);
  if (!service) return no('ServiceNotFound', `${it} is not present`);
  if (service.spec.type !== 'ClusterIP') return undefined;
  const found = service.spec.ports?.find((one) => one.port === port);
  if (!found) return no('ServicePortError', `${it} is not listening on port ${port}`);
  const slices = view.by(slicesByService, `${namespace}/${name}`);
  if (slices.length === 0) return no('EndpointsNotFound', `cannot find endpointslices for ${it}`);
  const portName = found.name ?? '';
  if (slices.some((slice) => isActive(slice, portName))) return undefined;
  return no('MissingEndpoints', `endpointslices for ${it} have no addresses with port name ${goQuote(portName)}`);
}

function isActive({ endpoints, ports }: EndpointSlice, portName: string): boolean {
  const isReady = endpoints?.some(({ conditions }) => conditions?.ready !== false) ?? false;
  return isReady && (ports?.some(({ name, port }) => (name ?? '') === portName && port !== undefined) ?? false);
}
