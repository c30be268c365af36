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
  type Command,
  type Decided,
  type DecidedEvent,
  type KubeObject,
  type Refusal,
  type Request,
} from '#model';
import { isReady, isTerminal, type Pod } from '#pod';
import { isJsonObject, toTime, type Json, type JsonObject } from '#std';
import { eviction, type Eviction } from '../../common-types/eviction.schema.js';
import { budgetsOf } from '../../policy/budgets-of-pod.js';
import { chargeOf, letsUnhealthyGo, violation, type PodDisruptionBudget } from '../../policy/charge.js';

const SUCCESS: JsonObject = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };

/** POST of an Eviction: a deletion that asks the disruption budgets first. */
export function decideEviction(request: Request): Decided {
  const { command } = request;
  const spoken = plainVersion('Eviction', 'policy', isBeta(command) ? 'v1beta1' : 'v1', eviction);
  const read = readSubresource(request, spoken);
  if (isRefusal(read)) return read;
  if (read.object.metadata.name !== command.name)
    return warned(refusals.badRequest('name in URL does not match name in Eviction object'), read);
  const decide = (taken: KubeObject): Decided => decideAdmitted(request, taken as unknown as Eviction);
  return warned(admitSubresource(request, spoken, { taken: read.object, decide }), read);
}

/** An Eviction of the old version is still read, though discovery does not name it. */
function isBeta({ apiVersion, body }: Command): boolean {
  return apiVersion === BETA || (isJsonObject(body) && body['apiVersion'] === BETA);
}
const BETA = 'policy/v1beta1';

function decideAdmitted(request: Request, wish: Eviction): Decided {
  const old = request.old as Pod | undefined;
  if (old === undefined) return refusals.notFound(aboutOf(request, request.command.name));
  // What follows on an admitted command is the eviction that was charged already.
  const budget = request.decideContext.isAdmitted === true ? undefined : budgetToAsk(request, old);
  if (budget === undefined) return evicted(request, wish, old);
  if (isRefusal(budget)) return budget;
  const refused = violation(budget);
  if (refused) return refused;
  return isDry(request, wish) ? evicted(request, wish, old) : charged(request, wish, { old, budget });
}

/** The budget that an eviction of the pod is charged to; undefined when it may go anyway. */
function budgetToAsk({ view }: Request, pod: Pod): PodDisruptionBudget | Refusal | undefined {
  const { phase } = pod.status ?? {};
  if (isTerminal(phase) || phase === 'Pending' || pod.metadata.deletionTimestamp !== undefined) return undefined;
  const [budget, ...others] = budgetsOf(view, pod);
  if (others.length > 0) return TOO_MANY_BUDGETS;
  if (budget && !isReady(pod) && letsUnhealthyGo(budget)) return undefined;
  return budget;
}
const TOO_MANY_BUDGETS: Refusal = {
  refused: true,
  code: 500,
  reason: '',
  message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
};

/**
 * The budget is written first, then the pod: whatever stops the writer between the two, no more pods go than the budget allows.
 * A deletion that is refused after all leaves its charge, as in Kubernetes; the budget's controller takes it back.
 */
function charged(
  { command }: Request,
  wish: Eviction,
  { old, budget }: { readonly old: Pod; readonly budget: PodDisruptionBudget },
): DecidedEvent {
  const paid: Command = {
    ...command,
    body: wish as unknown as Json,
    event: { type: 'PodEvicted', facts: { budget: budget.metadata.name } },
  };
  const { name } = old.metadata;
  const plain = { created: false, deleted: false, warnings: [], name };
  return { event: undefined, object: old, response: SUCCESS, ...plain, then: [chargeOf(budget, command), paid] };
}

function isDry({ command }: Request, wish: Eviction): boolean {
  return command.options.dryRun === true || (wish.deleteOptions?.dryRun?.length ?? 0) > 0;
}

function evicted(request: Request, wish: Eviction, old: Pod): Decided {
  const { command } = request;
  const options = readDeleteOptions(wish.deleteOptions);
  if (isRefusal(options)) return options;
  const event = command.event ?? { type: 'PodEvicted' };
  const asDelete: Request = {
    ...request,
    subresource: undefined,
    // Admission was asked about the Eviction; the deletion is a part of it.
    plugins: [],
    command: { ...command, event, options: { ...command.options, dryRun: isDry(request, wish) } },
  };
  const decided = deleteObject(asDelete, old, options, disrupted(old, request.now));
  return isUndecided(decided) ? decided : { ...decided, response: SUCCESS };
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
