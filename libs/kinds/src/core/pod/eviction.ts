import {
  aboutOf,
  admissionRefusal,
  deleteObject,
  isRefusal,
  plainVersion,
  readDeleteOptions,
  readSubresource,
  refusals,
  warned,
  type Decided,
  type Request,
} from '#model';
import { toTime, type JsonObject } from '#std';
import { eviction, type Eviction } from '../../shared/eviction.schema.js';
import type { Pod } from './schema.js';

/** POST of an Eviction: a deletion that asks the disruption budgets first. There are no budgets among the kinds yet. */
export function decideEviction(request: Request): Decided {
  const { command } = request;
  const version = command.apiVersion === 'policy/v1beta1' ? 'v1beta1' : 'v1';
  const read = readSubresource(request, plainVersion('Eviction', 'policy', version, eviction));
  if (isRefusal(read)) return read;
  return warned(decideRead(request, read.object as unknown as Eviction), read);
}

function decideRead(request: Request, wish: Eviction): Decided {
  const { command } = request;
  if (wish.metadata.name !== command.name)
    return refusals.badRequest('name in URL does not match name in Eviction object');
  const old = request.old as Pod | undefined;
  if (old === undefined) return refusals.notFound(aboutOf(request, command.name));
  const options = readDeleteOptions(wish.deleteOptions);
  if (isRefusal(options)) return options;
  const isDry = command.options.dryRun === true || (wish.deleteOptions?.dryRun?.length ?? 0) > 0;
  const event = command.event ?? { type: 'PodEvicted' };
  const asDelete: Request = {
    ...request,
    subresource: undefined,
    command: { ...command, event, options: { ...command.options, dryRun: isDry } },
  };
  const refused = admissionRefusal(asDelete, 'DELETE', old);
  if (refused) return refused;
  const decided = deleteObject(asDelete, old, options, disrupted(old, request.now));
  if (isRefusal(decided)) return decided;
  const response: JsonObject = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
  return { ...decided, response };
}

/** A pod that is asked to go says why in its status, for those who count failures. */
function disrupted(old: Pod, now: number): Pod {
  const condition = {
    lastProbeTime: null as unknown as string,
    lastTransitionTime: toTime(now),
    message: 'Eviction API: evicting',
    reason: 'EvictionByEvictionAPI',
    status: 'True',
    type: 'DisruptionTarget',
  };
  const conditions = old.status?.conditions ?? [];
  if (
    old.metadata.deletionTimestamp !== undefined ||
    conditions.some((one) => one.type === condition.type && one.status === 'True')
  )
    return old;
  const others = conditions.filter((one) => one.type !== condition.type);
  return { ...old, status: { ...old.status, conditions: [...others, condition] } };
}
