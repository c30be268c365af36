import { AUTOSCALER_MEMORY, horizontalPodAutoscalers } from '#kinds';
import type { Change, Decision, KindRegistry, LoopRefusal, Loop, Submit, View } from '#model';
import { jsonEquals, parseInstant, toTime, type Instant, type Json, type JsonObject } from '#std';
import {
  elapsedSince,
  incident,
  keyOf,
  mergeDiff,
  parseKey,
  patch,
  podsByLabel,
  refusalsIn,
  sides,
  streamOfObject,
} from '../shared/index.js';
import { autoscalersByTarget, scaledBy } from './autoscalers-by-target.js';
import { Asking } from './figures.js';
import { findOut, withConditions, type Event, type Finding, type Look, type Rescale } from './look.js';
import { isOther, madeChange, memoryIn, memoryText, perhapsMade, SYNC_PERIOD_MS, type Intended } from './memory.js';
import { TargetSelectors } from './target-selectors.js';
import { targetOf, type Target } from './target.js';

/** When to look again for answers that are on their way. */
const PENDING_MS = 500;
const COMPONENT = 'horizontal-pod-autoscaler';

/**
 * Keeps the number of replicas of everything that has a scale in step with its metrics, within the bounds of its autoscaler. The figures are
 * facts from outside (`measurements`).
 */
export function horizontalPodAutoscaler(kinds: KindRegistry): Loop {
  const selectors = new TargetSelectors(kinds);
  return {
    name: 'horizontal-pod-autoscaler',
    account: 'horizontal-pod-autoscaler',
    picture: selectors.picture,
    indexes: [autoscalersByTarget, podsByLabel],
    keysOf,
    keysAtStart: (view) => view.list(horizontalPodAutoscalers).map(keyOf),
    reconcile(view, key, now, outside) {
      const { namespace, name } = parseKey(key);
      const autoscaler = view.get(horizontalPodAutoscalers, namespace, name);
      if (!autoscaler || autoscaler.metadata.deletionTimestamp !== undefined) return [];
      const asking = new Asking(outside);
      const memory = memoryIn(autoscaler.metadata.annotations?.[AUTOSCALER_MEMORY]);
      return decide({ kinds, selectors, view, autoscaler, memory, now, outside: asking }, asking);
    },
  };
}

function keysOf(change: Change, view: View): readonly string[] {
  const [object] = sides(change).slice(-1);
  if (!object) return [];
  if (change.kind === horizontalPodAutoscalers.id) {
    // What the loop itself reports is no reason to look.
    const isReport = change.before && change.after && jsonEquals(change.before['spec'], change.after['spec']);
    return isReport || !change.after ? [] : [keyOf(object)];
  }
  const isStatus = change.before && change.after && change.before['spec'] === change.after['spec'];
  return isStatus ? [] : scaledBy(view, object).map(keyOf);
}

function decide(look: Look, asking: Asking): readonly Decision[] {
  const { kinds, view, autoscaler, now, outside } = look;
  const target = targetOf(kinds, view, autoscaler);
  const pausedUntil = pause(look, target);
  if (pausedUntil !== undefined) return [{ is: 'wake', at: pausedUntil }];
  const wake: Decision = { is: 'wake', at: now + SYNC_PERIOD_MS };
  const finding = findOut(look, target);
  // Nothing is said of a metric before there was time to ask for it.
  if (asking.isPending) return [{ is: 'wake', at: now + PENDING_MS }];
  const { rescale } = finding;
  if (typeof target === 'string' || !rescale)
    return [...incidents(look, finding.events), ...report(look, target, finding), wake];

  const refused = refusalsIn(outside).find(
    (one) => one.kind === target.kind.id && one.name === target.object.metadata.name,
  );
  if (refused) return [...failedRescale(look, target, finding, refused), wake];
  return [...incidents(look, finding.events.slice(0, -1)), scaling(look, target, finding, rescale), wake];
}

/**
 * The autoscaler remembers what it is about to do before the target is scaled, and each step rests on the one before. So another scaler never sees
 * the new size without knowing whose it is, and of two that decide at once only the one that is remembered last scales. What became of a change
 * whose scaler died the target says ({@link perhapsMade}).
 */
function scaling(look: Look, target: Target, finding: Finding, { to, because, intent }: Rescale): Submit {
  const { autoscaler } = look;
  const basedOn = [streamOfObject(horizontalPodAutoscalers, autoscaler), target.stream];
  const after = [...incidents(look, finding.events.slice(-1)), ...report(look, target, finding)];
  const scale: Submit = { is: 'submit', command: scaleCommand(target, to), because, basedOn, then: after };
  const body: JsonObject = { metadata: { annotations: { [AUTOSCALER_MEMORY]: memoryText(intent) } } };
  return patch(horizontalPodAutoscalers, autoscaler, body, { subresource: 'status', because, basedOn, then: [scale] });
}

/**
 * After a change of the size the next look is taken a period later, when the change may show. That holds when somebody else has
 * changed the size meanwhile, too: two autoscalers of one target whose bounds exclude each other would never rest.
 */
function pause(look: Look, target: Target | string): Instant | undefined {
  const { autoscaler, memory, now, outside } = look;
  if (typeof target === 'string') return undefined;
  const last = perhapsMade(memory, target)?.at ?? parseInstant(autoscaler.status?.lastScaleTime);
  if (last === undefined) return undefined;
  const left = SYNC_PERIOD_MS - elapsedSince(last, now, outside);
  return left > 0 ? now + left : undefined;
}
/** A change of the size that was made, and of which the status says nothing yet. */
function unreported({ memory }: Look, target: Target | string): Intended | undefined {
  return typeof target === 'string' ? undefined : madeChange(memory, target);
}

function scaleCommand({ kind, object, apiVersion }: Target, replicas: number): Submit['command'] {
  const { namespace, name, uid } = object.metadata;
  const place = { name, ...(namespace !== undefined && { namespace }) };
  const body: Json = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { ...place, uid }, spec: { replicas } };
  return { verb: 'update', kind: kind.id, ...place, apiVersion, subresource: 'scale', body };
}

/** The size stays as it is: the scale could not be written. */
function failedRescale(look: Look, target: Target, finding: Finding, { message }: LoopRefusal): readonly Decision[] {
  const { rescale, counts, events } = finding;
  const failed: Event = {
    ...{ type: 'Warning', reason: 'FailedRescale' },
    message: `New size: ${rescale?.to ?? 0}; reason: ${rescale?.reason ?? ''}; error: ${message}`,
  };
  const conditions = withConditions(finding.conditions, look.now, {
    ...{ type: 'AbleToScale', status: 'False', reason: 'FailedUpdateScale' },
    message: `the HPA controller was unable to update the target scale: ${message}`,
  });
  const desired = look.autoscaler.status?.desiredReplicas ?? 0;
  const { rescale: _rescale, ...rest } = finding;
  const unscaled: Finding = {
    ...rest,
    conditions,
    memory: look.memory,
    ...(counts && { counts: { ...counts, desired } }),
  };
  return [...incidents(look, [...events.slice(0, -1), failed]), ...report(look, target, unscaled)];
}

function incidents({ view, now, autoscaler }: Look, events: readonly Event[]): readonly Submit[] {
  return events.flatMap((event) => {
    const isRescale = event.reason === 'SuccessfulRescale';
    return incident(view, now, {
      about: autoscaler,
      component: COMPONENT,
      ...event,
      ...(isRescale && { eachTime: true }),
    });
  });
}

/** A write of the status and of what the autoscaler has to remember; nothing while both say the same. */
function report(look: Look, target: Target | string, finding: Finding): readonly Submit[] {
  const { autoscaler, now } = look;
  const { counts, conditions, rescale, memory } = finding;
  const { status } = autoscaler;
  const scaledAt = rescale ? now : unreported(look, target)?.at;
  const wanted = {
    ...status,
    ...(counts && {
      currentReplicas: counts.current === 0 ? undefined : counts.current,
      desiredReplicas: counts.desired,
      currentMetrics: counts.metrics,
    }),
    ...(scaledAt !== undefined && { lastScaleTime: toTime(scaledAt) }),
    conditions,
  };
  const diff = mergeDiff(status, wanted);
  const isNews = memory !== undefined && isOther(look.memory, memory);
  if (!diff && !isNews) return [];
  const body: JsonObject = {
    ...(memory && { metadata: { annotations: { [AUTOSCALER_MEMORY]: memoryText(memory) } } }),
    ...(diff && { status: diff }),
  };
  const because =
    rescale?.because ?? conditions.find(({ type }) => type === 'ScalingActive')?.message ?? 'the target was looked at';
  return [
    patch(horizontalPodAutoscalers, autoscaler, body, {
      ...{ subresource: 'status', because },
      basedOn: [streamOfObject(horizontalPodAutoscalers, autoscaler)],
    }),
  ];
}
