import { noKeys, WRITER_STREAM, type Projection } from '#engine';
import { deployments, nodes, pods, podsByNode, secrets } from '#kinds';
import { objectsByUid, type StreamState, type View } from '#model';
import { type Pod } from '#pod';
import { prng } from '#std';
import type { Violation } from './checkers/checker.js';
import { unsettledDefinitions } from './checkers/custom-objects.js';
import { otherDecisions } from './checkers/decisions.js';
import { uncountedBudgets } from './checkers/budgets.js';
import { unfinishedJobs } from './checkers/jobs.js';
import {
  clearText,
  differing,
  leftInNamespaces,
  lostWrites,
  wrongAddresses,
  wrongSlices,
} from './checkers/end-checks.js';
import { ENDS_KEPT_MS, LOOPS } from './control-process.js';
import { wrongSizes } from './checkers/settled-sizes.js';
import { drawRoughness, drawShape, type Roughness, type Shape } from './faults.js';
import { customKindsAnew, customKindsOf, differingKinds } from './custom-kinds.js';
import { acceptedThoughWrong, reopened, shownOfAnotherTimeline } from './reopening.js';
import { JOB_IMAGE, SECRET_MARKER } from './wishes.js';
import { World } from './world.js';

export interface RunOptions {
  readonly seed: number;
  /** How long clients and troubles go on, in milliseconds of the world. */
  readonly troubleMs?: number;
  readonly roughness?: Partial<Roughness>;
  readonly shape?: Partial<Shape>;
  /** Called with the world before it begins, for whoever looks into it. */
  readonly onWorld?: (world: World) => void;
}
export interface RunReport {
  readonly seed: number;
  readonly events: number;
  readonly acknowledged: number;
  readonly lives: number;
  readonly violations: readonly Violation[];
  /** The last decisions with their reasons, for whoever looks for the cause. */
  readonly lastDecisions: readonly string[];
}

/** So many processes serve the API at most. */
const APIS_MAX = 3;
/** How long clients and troubles go on, and how long nothing happens between two of them at most. */
const TROUBLE_MS = 120_000;
const CALM_BETWEEN_MS = 2000;
/** In a slow world both take so many times as long. */
const SLOW = 10;
/** A healed world has so long to come to rest: longer than any back-off, grace period and toleration. */
const HEALED_MS = 20 * 60_000;

/** One whole life of a world: troubles and clients, then healing, then everything must have come right. */
export async function runWorld(options: RunOptions): Promise<RunReport> {
  const { seed } = options;
  const world = drawWorld(options);
  options.onWorld?.(world);
  await world.start();
  await trouble(world, options.troubleMs ?? TROUBLE_MS);
  world.heal();
  await world.run(60_000);
  world.slots.endGhosts();
  world.swarm.tidyUp();
  world.definers?.tidyUp();
  world.batch?.tidyUp();
  world.loads.settle();
  let unsettled: readonly string[] = ['a write was not answered'];
  void world.ledger.settle().then((left) => (unsettled = left));
  await world.run(HEALED_MS);
  for (const message of unsettled) world.violated('a healed cluster takes writes', message);
  world.checks.catchUp();
  const violations = [...world.violations, ...world.checks.violations, ...(await atTheEnd(world))];
  return {
    seed,
    events: world.store.events.length,
    acknowledged: world.swarm.acknowledged.length,
    lives: world.checks.replayed.epoch,
    violations,
    lastDecisions: violations.length > 0 ? lastDecisions(world) : [],
  };
}

/** The world of a seed, before anything has happened in it. */
export function drawWorld({ seed, shape, roughness }: RunOptions): World {
  const draw = prng(seed ^ 0x5eed);
  // Drawn apart, so that the rest of a world stays what it was before there were several, and before kinds were defined.
  const apis = 1 + prng(seed ^ 0xa91).below(APIS_MAX);
  const hasDefinitions = prng(seed ^ 0xdef1).chance(0.5);
  const hasAutoscalers = prng(seed ^ 0x10ad).chance(0.5);
  const hasBatch = prng(seed ^ 0xba7c).chance(0.5);
  const hasBudgets = prng(seed ^ 0xb4d6e).chance(0.35);
  const hasCrews = prng(seed ^ 0xc4e3).chance(0.5);
  const drawn = { ...drawShape(draw), apis, hasDefinitions, hasAutoscalers, hasBatch, hasBudgets, hasCrews, ...shape };
  return new World(seed, drawn, { ...drawRoughness(draw, drawn), ...roughness });
}

async function trouble(world: World, ms: number): Promise<void> {
  const { chance, clock, shape } = world;
  const pace = shape.isSlow ? SLOW : 1;
  const end = clock.monotonic() + ms * pace;
  while (clock.monotonic() < end) {
    world.act();
    world.trouble();
    await world.run(chance.below(CALM_BETWEEN_MS * pace));
  }
}

/** What must be true once all is healed and has had time. */
async function atTheEnd(world: World): Promise<readonly Violation[]> {
  const { store, view, swarm, ledger, refused, checks, slots } = world;
  const found: Violation[] = [];
  const position = store.head;
  const wrong = (checker: string, messages: readonly string[]): void => {
    for (const message of messages) found.push({ checker, message, position });
  };
  const { replayed } = checks;
  wrong('no acknowledged write is lost', lostWrites(store.events, swarm.acknowledged, WRITER_STREAM));
  wrong('no refused write is in the log', refused.foundIn(checks.events));
  wrong('clients are answered as Kubernetes would', [...swarm.surprises, ...ledger.surprises]);
  wrong('answers are linearizable', ledger.verdicts(checks.events));
  world.readers.finish();
  wrong('what clients see is in the log', world.observations.check(checks.events));
  if (!slots.isServing) wrong('all comes right', ['the control plane does not serve']);
  for (const { roles, process, name } of slots.all) {
    const visible = visibleTo(slots.keysOf(roles));
    const { projection } = process.plane.reads;
    wrong('projections equal a replay', differing(visible(replayed), visible(projection)).map(of(name)));
    const kinds = customKindsOf(process.parts.kinds, projection);
    wrong(
      'custom kinds are what their definitions make',
      differingKinds(kinds, customKindsAnew(replayed)).map(of(name)),
    );
  }
  wrong('all comes right', unsettled(world));
  wrong('a deleted namespace ends', leftInNamespaces(view, view.entries()));
  wrong('slices list the ready pods', wrongSlices(view));
  wrong('services hold their addresses', wrongAddresses(view));
  wrong('sizes follow the load', wrongSizes(view, world.loads));
  wrong('a definition makes its kind or goes', unsettledDefinitions(view, view.entries()));
  wrong('no secret is in the log', clearText(store.events, SECRET_MARKER));
  const loops = Object.values(LOOPS).flat();
  wrong('loops decide the same again', await otherDecisions(checks.events, loops, ENDS_KEPT_MS));
  for (const slot of slots.all) {
    const visible = visibleTo(slots.keysOf(slot.roles));
    const projection = await reopened(world, slot);
    const differs = projection ? differing(visible(replayed), visible(projection)) : [];
    const kinds = projection ? customKindsOf(slot.process.parts.kinds, projection) : undefined;
    const others = kinds ? differingKinds(kinds, customKindsAnew(replayed)) : [];
    wrong('a process that starts from a checkpoint sees the same', [...differs, ...others].map(of(slot.name)));
  }
  const { api } = slots;
  const restored = await shownOfAnotherTimeline(world);
  const differs = restored ? differing(visibleTo(slots.keysOf(api.roles))(replayed), restored.entries()) : [];
  wrong('a checkpoint of another time is not used', differs);
  wrong('a log that is not what it should be is refused', await acceptedThoughWrong(world));
  return found;
}

const of =
  (process: string) =>
  (message: string): string =>
    `${process}: ${message}`;

/** What a process with these keys sees as it is: one without keys sees no Secrets. */
function visibleTo(keys: unknown): (projection: Projection) => Iterable<readonly [string, StreamState]> {
  return (projection) => {
    const all = [...projection.entries()];
    return keys === noKeys ? all.filter(([stream]) => !stream.startsWith(`${secrets.id}/`)) : all;
  };
}

function unsettled(world: World): readonly string[] {
  const { view } = world;
  const out: string[] = [];
  for (const deployment of view.list(deployments)) {
    const wanted = deployment.spec.replicas ?? 1;
    const status = (deployment.status ?? {}) as {
      availableReplicas?: number;
      updatedReplicas?: number;
      replicas?: number;
    };
    const have = `${status.replicas ?? 0} pods, ${status.updatedReplicas ?? 0} updated, ${status.availableReplicas ?? 0} available`;
    const done =
      (status.replicas ?? 0) === wanted &&
      (status.updatedReplicas ?? 0) === wanted &&
      (status.availableReplicas ?? 0) === wanted;
    if (!done && !isFull(view)) out.push(`deployment ${deployment.metadata.name} wants ${wanted}, has ${have}`);
  }
  for (const pod of view.list(pods)) {
    if (pod.metadata.deletionTimestamp) out.push(`pod ${pod.metadata.name} is still being deleted`);
    const owner = pod.metadata.ownerReferences?.[0];
    if (owner && view.by(objectsByUid, owner.uid).length === 0) out.push(`pod ${pod.metadata.name} outlived its owner`);
  }
  for (const node of world.nodes) {
    const may = view.by(podsByNode, node.name).filter((pod) => !hasEnded(pod));
    const uids = new Set(may.map((pod) => pod.metadata.uid));
    const does = new Set(node.runningUids());
    for (const pod of may)
      if (!does.has(pod.metadata.uid) && !isToBeTriedAgain(pod))
        out.push(`${node.name} does not run pod ${pod.metadata.uid}`);
    for (const uid of does) if (!uids.has(uid)) out.push(`${node.name} runs stray pod ${uid}`);
  }
  if (!isFull(view)) out.push(...unfinishedJobs(view));
  out.push(...uncountedBudgets(view));
  if (view.list(nodes).length !== world.nodes.length) out.push('a node is not registered');
  for (const { metadata, status } of view.list(nodes)) {
    const ready = (status?.conditions ?? []).find(({ type }) => type === 'Ready');
    if (ready?.status !== 'True') out.push(`node ${metadata.name} is heard and not ready`);
  }
  return out;
}

/** A pod that its node refused (its room was not free yet when it came) has ended: its set makes another. */
function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
}
/** A job whose program has failed, as some do, waits before it is tried again. */
function isToBeTriedAgain(pod: Pod): boolean {
  const { containerStatuses = [] } = (pod.status ?? {}) as { readonly containerStatuses?: readonly ContainerWait[] };
  return containerStatuses.some(
    ({ image, state }) => image === JOB_IMAGE && state?.waiting?.reason === 'CrashLoopBackOff',
  );
}
interface ContainerWait {
  readonly image: string;
  readonly state?: { readonly waiting?: { readonly reason?: string } };
}

/** Pods that fit nowhere wait for ever: that is no fault. */
function isFull(view: View): boolean {
  return view.by(podsByNode, '').length > 0;
}

function lastDecisions(world: World): readonly string[] {
  return world.store.events.slice(-40).map((event) => {
    const { via, because } = event.metadata;
    return `${event.position} ${event.time} ${event.type} ${event.stream} by ${via}${because ? `: ${because}` : ''}`;
  });
}
