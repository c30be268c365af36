import { aboutOf, decideVerb, refusals, type Command, type Decided, type Refusal, type Request } from '#model';
import { isJsonObject, toTime, type Json } from '#std';
import { failureOf, withAllowance } from './poddisruptionbudget/allowance.js';
import { podDisruptionBudgets } from './budgets-of-pod.js';
import type { PodDisruptionBudget } from './poddisruptionbudget/schema.js';
import { CHARGE } from './poddisruptionbudget/subresource.js';
import { ALWAYS_ALLOW } from './poddisruptionbudget/validate.js';

export type { PodDisruptionBudget };

const VIOLATION = "Cannot evict pod as it would violate the pod's disruption budget.";
const UNSEEN_RETRY_SECONDS = 10;
/** Evicted pods that are not seen to terminate; with more, something is wrong with the one who counts them. */
const DISRUPTED_MAX = 2000;

/** Why a budget allows no eviction of a healthy pod now; undefined when it does. */
export function violation({ metadata, status }: PodDisruptionBudget): Refusal | undefined {
  const { name, generation = 0 } = metadata;
  const { observedGeneration = 0, disruptionsAllowed = 0, currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  if (observedGeneration < generation)
    return tooMany(`The disruption budget ${name} is still being processed by the server.`, UNSEEN_RETRY_SECONDS);
  if (disruptionsAllowed < 0) return forbidden(name, 'pdb disruptions allowed is negative');
  if (Object.keys(status?.disruptedPods ?? {}).length > DISRUPTED_MAX)
    return forbidden(name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller');
  if (disruptionsAllowed > 0) return undefined;
  const failure = failureOf(status);
  const none = `The disruption budget ${name} does not allow evicting pods currently`;
  if (failure !== undefined) return tooMany(`${none} because it failed sync: ${failure}`);
  if (currentHealthy > desiredHealthy) return tooMany(none);
  return tooMany(
    `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
  );
}

function tooMany(message: string, retryAfterSeconds?: number): Refusal {
  const details = {
    causes: [{ reason: 'DisruptionBudget', message }],
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
  return { refused: true, code: 429, reason: 'TooManyRequests', message: VIOLATION, details };
}
function forbidden(name: string, why: string): Refusal {
  const about = { group: 'policy', resource: 'poddisruptionbudget', kind: 'poddisruptionbudget', name };
  return refusals.forbidden(about, why);
}

/** Whether running pods that are not ready may be evicted without a charge: they are counted as lost already. */
export function letsUnhealthyGo({ spec, status }: PodDisruptionBudget): boolean {
  if (spec.unhealthyPodEvictionPolicy === ALWAYS_ALLOW) return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy;
}

/** The command that charges the eviction which `command` asks for. */
export function chargeOf(budget: PodDisruptionBudget, command: Command): Command {
  const { basedOn: _basedOn, next: _next, event: _event, ...wish } = command;
  return {
    ...wish,
    verb: 'update',
    kind: podDisruptionBudgets.id,
    apiVersion: budget.apiVersion ?? 'policy/v1',
    name: budget.metadata.name,
    subresource: CHARGE,
    body: { pod: command.name },
    options: { fieldManager: 'kube-apiserver' },
  };
}

/**
 * Takes one eviction from what the budget allows and notes the pod. It is a decision about the budget, so the budget is asked
 * again: evictions that were let through by one state of it are written only as far as it allows them.
 */
export function decideCharge(request: Request): Decided {
  const { command, now } = request;
  const old = request.old as PodDisruptionBudget | undefined;
  if (!old) return refusals.notFound(aboutOf(request, command.name));
  const refused = violation(old);
  if (refused) return refused;
  const { status } = old;
  const left = (status?.disruptionsAllowed ?? 0) - 1;
  const pod = isJsonObject(command.body) ? command.body['pod'] : undefined;
  const charged = {
    disruptionsAllowed: left,
    disruptedPods: { [String(pod)]: toTime(now) },
    ...(left === 0 && { conditions: withAllowance(status ?? {}, left, now) as unknown as Json }),
  };
  return decideVerb({
    ...request,
    subresource: 'status',
    command: { ...command, verb: 'patch', subresource: 'status', patchType: 'merge', body: { status: charged } },
  });
}
