import { isAvailable, type ApiGroup, type ApiService } from '#kinds';
import type { Call } from '../call.js';
import type { RequestInfo } from '../request-info.js';
import type { Route } from '../routes.js';
import type { Served } from '../served-kinds.js';
import { unavailable, type HttpRefusal } from '../status.js';
import { notInThePast } from '../time-travel.js';
import type { Aggregator } from './aggregator.js';

/** A group version of an aggregated server. */
export interface Remote {
  readonly remote: ApiService;
}

/** The chain in which a path is searched: kinds that this server has, then aggregated servers. */
export function routeIn({ routes, groups }: Served, info: RequestInfo): Route | HttpRefusal | Remote {
  const route = routes.find(info);
  if (!('refused' in route) || routes.resources(info.group, info.version)) return route;
  const remote = remoteOf(groups, info.group, info.version);
  return remote ? { remote } : route;
}
/** `/apis/<group>/<version>` and the OpenAPI v3 document of an aggregated server come from it. */
export function remoteOfPage({ groups }: Served, { parts }: RequestInfo): ApiService | undefined {
  const [first, group = '', version = '', ...rest] = parts.slice(parts[0] === 'openapi' && parts[1] === 'v3' ? 2 : 0);
  return first === 'apis' && version !== '' && rest.length === 0 ? remoteOf(groups, group, version) : undefined;
}
function remoteOf(groups: readonly ApiGroup[], group: string, version: string): ApiService | undefined {
  return groups.find((one) => one.group === group)?.versions.find((one) => one.version === version)?.remote;
}

/** Passes a request on to the server of an APIService, if that is available and has the moment that is asked about. */
export function forwarded(
  aggregator: Aggregator | undefined,
  call: Call,
  remote: ApiService,
): Promise<HttpRefusal | undefined> | HttpRefusal {
  if (call.past) return notInThePast('what an aggregated server has');
  if (!aggregator || !isAvailable(remote)) return unavailable('service unavailable');
  return aggregator.forward(call, remote);
}
