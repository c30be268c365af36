import {
  aboutOf,
  admitSubresource,
  deleteObject,
  isRefusal,
  isUndecided,
  plainVersion,
  readDeleteOptions,
  readSubresource,
  refusals,
  warned,
  type Decided,
  type KubeObject,
  type Request,
} from '#model';
import type { Pod } from '#pod';
import { toTime, type JsonObject } from '#std';
import { eviction, type Eviction } from '../../common-types/eviction.schema.js';

/** POST of an Eviction: a deletion that asks the disruption budgets first. There are no budgets among the kinds yet. */
export function decideEviction(request: Request): Decided {
  const { command } = request;
  const version = command.apiVersion === 'policy/v1beta1' ? 'v1beta1' : 'v1';
  const spoken = plainVersion('Eviction', 'policy', version, eviction);
  const read = readSubresource(request, spoken);
  if (isRefusal(read)) return read;
  if (read.object.metadata.name !== command.name)
    return warned(refusals.badRequest('name in URL does not match name in Eviction object'), read);
  const decide = (taken: KubeObject): Decided => decideAdmitted(request, taken as unknown as Eviction);
  return warned(admitSubresource(request, spoken, { taken: read.object, decide }), read);
}

function decideAdmitted(request: Request, wish: Eviction): Decided {
  const { command } = request;
  const old = request.old as Pod | undefined;
  if (old === undefined) return refusals.notFound(aboutOf(request, command.name));
  const options = readDeleteOptions(wish.deleteOptions);
  if (isRefusal(options)) return options;
  const isDry = command.options.dryRun === true || (wish.deleteOptions?.dryRun?.length ?? 0) > 0;
  const event = command.event ?? { type: 'PodEvicted' };
  const asDelete: Request = {
    ...request,
    subresource: undefined,
    // Admission was asked about the Eviction; the deletion is a part of it.
    plugins: [],
    command: { ...command, event, options: { ...command.options, dryRun: isDry } },
  };
  const decided = deleteObject(asDelete, old, options, disrupted(old, request.now));
  if (isUndecided(decided)) return decided;
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
