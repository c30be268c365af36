import { SCALE_DOWN_RULES, SCALE_UP_RULES } from '#kinds';
import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerCondition, MetricStatus } from '#kinds';
import { parseLabelSelector, setCondition } from '#meta';
import type { KindRegistry, Outside, View } from '#model';
import type { Pod } from '#pod';
import { toTime, type Instant } from '#std';
import type { Moment } from '../shared/index.js';
import {
  longestPeriodMs,
  normalized,
  normalizedBy,
  windowMs,
  DOWNSCALE_WINDOW_MS,
  type Behavior,
  type Normalized,
} from './behavior.js';
import { held, settled, withRecommendation, type Intended, type Memory } from './memory.js';
import {
  isByPressure,
  isFailure,
  propose,
  tolerancesOf,
  type Failure,
  type Metering,
  type Proposal,
} from './metrics.js';
import { podsMatching } from './pods.js';
import { ruleWords } from './rule-words.js';
import type { TargetSelectors } from './target-selectors.js';
import type { Target } from './target.js';

export interface Look {
  readonly kinds: KindRegistry;
  readonly selectors: TargetSelectors;
  readonly view: View;
  readonly autoscaler: HorizontalPodAutoscaler;
  /** Undefined for an autoscaler that was never looked at. */
  readonly memory: Memory | undefined;
  readonly now: Instant;
  readonly outside: Outside | undefined;
}
export interface Event {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}
/** What a look found out, and what it wants. */
export interface Finding {
  readonly conditions: readonly HorizontalPodAutoscalerCondition[];
  readonly events: readonly Event[];
  /** Undefined: they stay as they are. */
  readonly counts?: {
    readonly current: number;
    readonly desired: number;
    readonly metrics: readonly MetricStatus[] | null;
  };
  readonly rescale?: Rescale;
  /** Once what it wants was done. */
  readonly memory: Memory | undefined;
}
export interface Rescale {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
  readonly because: string;
  /** Written before the target is scaled. */
  readonly intent: Memory;
}
type Condition = Pick<HorizontalPodAutoscalerCondition, 'type' | 'status' | 'reason' | 'message'>;
type Active = { readonly status: 'True' | 'False'; readonly reason: string; readonly message: string };

/** The whole calculation: what Kubernetes' controller does with one autoscaler. */
export function findOut(look: Look, target: Target | string): Finding {
  const { autoscaler, memory: known, now } = look;
  const before = autoscaler.status?.conditions ?? [];
  if (typeof target === 'string') {
    const message = `the HPA controller was unable to get the target's current scale: ${target}`;
    return {
      conditions: withConditions(before, now, {
        type: 'AbleToScale',
        status: 'False',
        reason: 'FailedGetScale',
        message,
      }),
      events: [{ type: 'Warning', reason: 'FailedGetScale', message: target }],
      memory: known,
    };
  }
  const able = withConditions(before, now, {
    ...{ type: 'AbleToScale', status: 'True', reason: 'SucceededGetScale' },
    message: "the HPA controller was able to get the target's current scale",
  });
  const moment: Moment = { now, outside: look.outside };
  // The size at the first look is the first recommendation: nothing is scaled down on less than a window of figures.
  const first: Memory = { recommended: new Map([[target.replicas, now]]), isInForce: false, up: [], down: [] };
  const memory = known ? settled(known, target, changesMs(autoscaler), moment) : first;
  return wanted({ look, target, moment, conditions: able, memory: held(memory, moment) });
}

interface Situation {
  readonly look: Look;
  readonly target: Target;
  readonly moment: Moment;
  readonly conditions: readonly HorizontalPodAutoscalerCondition[];
  readonly memory: Memory;
}

function wanted(situation: Situation): Finding {
  const { target, conditions, memory, moment, look } = situation;
  const { minReplicas: min = 1, maxReplicas: max } = look.autoscaler.spec;
  const current = target.replicas;
  if (current === 0 && min !== 0) {
    const message = 'scaling is disabled since the replica count of the target is zero';
    const disabled = active({ status: 'False', reason: 'ScalingDisabled', message });
    return {
      ...{ conditions: withConditions(conditions, moment.now, disabled), events: [], memory },
      counts: { current, desired: current, metrics: null },
    };
  }
  if (current > max)
    return rescaled(situation, { to: max, reason: 'Current number of replicas above Spec.MaxReplicas' });
  if (current < min)
    return rescaled(situation, { to: min, reason: 'Current number of replicas below Spec.MinReplicas' });
  return byMetrics(situation);
}

interface NewSize {
  readonly to: number;
  readonly reason: string;
  readonly because?: string;
  readonly metrics?: readonly MetricStatus[];
  readonly events?: readonly Event[];
}
function rescaled(situation: Situation, { to, reason, because = reason, metrics, events = [] }: NewSize): Finding {
  const { target, look, moment } = situation;
  const { replicas: from, generation } = target;
  const intended: Intended = { at: moment.now, from, to, ...(generation !== undefined && { generation }) };
  const intent: Memory = { ...situation.memory, intended };
  const conditions = withConditions(situation.conditions, moment.now, {
    ...{ type: 'AbleToScale', status: 'True', reason: 'SucceededRescale' },
    message: `the HPA controller was able to update the target scale to ${to}`,
  });
  return {
    conditions,
    events: [...events, { type: 'Normal', reason: 'SuccessfulRescale', message: `New size: ${to}; reason: ${reason}` }],
    counts: { current: from, desired: to, metrics: metrics ?? null },
    rescale: { from, to, reason, because, intent },
    memory: settled(intent, { replicas: to, generation }, changesMs(look.autoscaler), moment),
  };
}

function byMetrics(situation: Situation): Finding {
  const { target, moment, look } = situation;
  const { status } = look.autoscaler;
  const current = target.replicas;
  const pods = podsFor(situation);
  const computed = 'error' in pods ? failedBy(pods, null) : compute(situation, pods.pods);
  const conditions = withConditions(situation.conditions, moment.now, active(computed.active));
  if (computed.proposal === undefined) {
    const failed: Event = { type: 'Warning', reason: 'FailedComputeMetricsReplicas', message: computed.error };
    return {
      ...{ conditions, events: [...computed.events, failed], memory: situation.memory },
      counts: { current, desired: status?.desiredReplicas ?? 0, metrics: computed.metrics },
    };
  }
  const { proposal } = computed;
  const normal = normalize(situation, proposal.replicas);
  const said = withConditions(conditions, moment.now, ...conditionsOf(normal));
  const memory = withRecommendation(situation.memory, proposal.replicas, memoryMs(look.autoscaler), moment);
  const next: Situation = { ...situation, conditions: said, memory };
  const metrics = computed.metrics ?? [];
  if (normal.size === current)
    return {
      ...{ conditions: said, events: computed.events, memory },
      counts: { current, desired: current, metrics },
    };
  const reason = reasonOf(proposal, current);
  const rules = [normal.stabilized, normal.limited].flatMap((rule) =>
    rule ? [`${rule.reason} (${ruleWords(rule, look.autoscaler)})`] : [],
  );
  const limit = rules.length === 0 ? '' : `, limited to ${normal.size} by ${rules.join(' and ')}`;
  const because = `${reason}: ${proposal.because}${limit}`;
  return rescaled(next, { to: normal.size, reason, because, metrics, events: computed.events });
}

function reasonOf({ replicas, name }: Proposal, current: number): string {
  if (replicas > current) return `${name} above target`;
  return replicas < current ? 'All metrics below target' : '';
}

interface Computed {
  readonly active: Active;
  readonly events: readonly Event[];
  readonly metrics: readonly MetricStatus[] | null;
  /** Undefined: nothing is changed. */
  readonly proposal: Proposal | undefined;
  readonly error: string;
}
/** All metrics; the one that asks for most counts. While one fails, nothing is scaled down. */
function compute({ target, moment, look }: Situation, pods: readonly Pod[]): Computed {
  const { autoscaler } = look;
  const metering: Metering = { autoscaler, target, pods, tolerances: tolerancesOf(autoscaler), moment };
  const results = (autoscaler.spec.metrics ?? []).map((spec) => propose(metering, spec));
  const metrics = results.map((result): MetricStatus => (isFailure(result) ? { type: '' } : result.status));
  const failures = results.filter(isFailure);
  const events = failures.map(({ reason, message }): Event => ({ type: 'Warning', reason, message }));
  let proposal: Proposal | undefined;
  for (const result of results)
    if (!isFailure(result) && (!proposal || result.replicas > proposal.replicas)) proposal = result;
  const [first] = failures;
  const error = first
    ? `invalid metrics (${failures.length} invalid out of ${results.length}), first error is: ${first.error}`
    : '';
  if (first && (!proposal || proposal.replicas < target.replicas))
    return { active: unable(first), events, metrics, proposal: undefined, error };
  if (!proposal) return { active: unable(NO_METRICS), events, metrics, proposal, error: NO_METRICS.error };
  const message = `the HPA was able to successfully calculate a replica count from ${proposal.name}`;
  return { active: { status: 'True', reason: 'ValidMetricFound', message }, events, metrics, proposal, error };
}
const NO_METRICS: Failure = {
  reason: 'InvalidMetricSourceType',
  message: 'there is no metric',
  error: 'there is no metric',
};
function unable({ reason, message }: Failure): Active {
  return { status: 'False', reason, message: `the HPA was unable to compute the replica count: ${message}` };
}

interface NoPods {
  readonly error: string;
  readonly event: string;
  readonly reason: string;
  readonly message: string;
}
function failedBy({ error, event, reason, message }: NoPods, metrics: null): Computed {
  const events: readonly Event[] = [{ type: 'Warning', reason: event, message: error }];
  return { active: { status: 'False', reason, message }, events, metrics, proposal: undefined, error };
}

/** The pods of the target, which no other autoscaler may scale too. */
function podsFor({ target, look }: Situation): { readonly pods: readonly Pod[] } | NoPods {
  const { selector } = target;
  const { view, autoscaler } = look;
  const { namespace = '' } = autoscaler.metadata;
  if (selector === '') {
    const message = "the HPA target's scale is missing a selector";
    return { error: 'selector is required', event: 'SelectorRequired', reason: 'InvalidSelector', message };
  }
  const matcher = parseLabelSelector(selector);
  if (!matcher.ok) {
    const error = `couldn't convert selector into a corresponding internal selector object: ${matcher.message}`;
    return { error, event: 'InvalidSelector', reason: 'InvalidSelector', message: error };
  }
  const pods = podsMatching(view, namespace, selector);
  const scaling = autoscalersOf(look, pods);
  if (scaling.length <= 1) return { pods };
  const listed = scaling.map((name) => `{${namespace} ${name}}`).join(' ');
  const error = `pods by selector ${selector} are controlled by multiple HPAs: [${listed}]`;
  return { error, event: 'AmbiguousSelector', reason: 'AmbiguousSelector', message: error };
}
/** Names of the autoscalers whose target has one of these pods. */
function autoscalersOf({ selectors, view, autoscaler }: Look, pods: readonly Pod[]): readonly string[] {
  const { namespace = '', name } = autoscaler.metadata;
  // The pods of one template share their labels.
  const labels = [...new Set(pods.map(({ metadata }) => metadata.labels))];
  const others = selectors.matching(view, namespace, labels);
  return others.includes(name) ? others : [...others, name].sort();
}

function normalize({ look: { autoscaler }, target, memory, moment }: Situation, size: number): Normalized {
  const { minReplicas: min = 1, maxReplicas: max } = autoscaler.spec;
  const given = { min, max, current: target.replicas, wanted: size, memory, moment };
  const behavior = behaviorOf(autoscaler);
  return behavior ? normalizedBy(behavior, given) : normalized({ ...given, isDemandKnown: isByPressure(autoscaler) });
}
function conditionsOf({ stabilized, limited }: Normalized): readonly Condition[] {
  const ready = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
  const within = { reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range' };
  return [
    { type: 'AbleToScale', status: 'True', ...(stabilized ?? ready) },
    { type: 'ScalingLimited', status: limited ? 'True' : 'False', ...(limited ?? within) },
  ];
}

function behaviorOf({ spec: { behavior } }: HorizontalPodAutoscaler): Behavior | undefined {
  if (!behavior) return undefined;
  return { scaleUp: behavior.scaleUp ?? SCALE_UP_RULES, scaleDown: behavior.scaleDown ?? SCALE_DOWN_RULES };
}
/** For how long changes are remembered; undefined without a behavior, whose policies alone count them. */
function changesMs(autoscaler: HorizontalPodAutoscaler): number | undefined {
  const behavior = behaviorOf(autoscaler);
  return behavior && longestPeriodMs(behavior);
}
/** How long a recommendation may count. */
function memoryMs(autoscaler: HorizontalPodAutoscaler): number {
  const behavior = behaviorOf(autoscaler);
  if (!behavior) return DOWNSCALE_WINDOW_MS;
  return Math.max(windowMs(behavior.scaleUp, 0), windowMs(behavior.scaleDown, DOWNSCALE_WINDOW_MS));
}

function active(said: Active): Condition {
  return { type: 'ScalingActive', ...said };
}
export function withConditions(
  conditions: readonly HorizontalPodAutoscalerCondition[],
  now: Instant,
  ...said: readonly Condition[]
): readonly HorizontalPodAutoscalerCondition[] {
  return said.reduce<readonly HorizontalPodAutoscalerCondition[]>(
    (list, condition) => setCondition(list, condition, toTime(now)),
    conditions,
  );
}
