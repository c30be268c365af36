import { deployments, nodes, pods, replicaSets, type Pod } from '#kinds';
import type { View } from '#model';
import { jsonEquals, prng } from '#std';
import type { Violation } from './checkers/checker.js';
import { drawRoughness, type Roughness } from './faults.js';
import { World } from './world.js';

export interface RunOptions {
  readonly seed: number;
  /** How long clients and troubles go on, in milliseconds of the world. */
  readonly troubleMs?: number;
  readonly roughness?: Roughness;
  readonly nodeCount?: number;
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

/** How long a healed world has to come to rest: longer than any back-off, grace period and lease. */
const HEALED_MS = 20 * 60_000;

/** One whole life of a world: troubles and clients, then healing, then everything must have come right. */
export async function runWorld(options: RunOptions): Promise<RunReport> {
  const { seed } = options;
  const draw = prng(seed ^ 0x5eed);
  const world = new World(seed, options.roughness ?? drawRoughness(draw), options.nodeCount ?? 2 + draw.below(3));
  await world.start();
  await trouble(world, options.troubleMs ?? 120_000);
  world.faults.heal();
  for (const node of world.nodes) node.heal();
  await world.run(60_000);
  world.swarm.tidyUp();
  await world.run(HEALED_MS);
  world.checks.catchUp();
  const violations = [...world.violations, ...world.checks.violations, ...atTheEnd(world)];
  return {
    seed,
    events: world.store.events.length,
    acknowledged: world.swarm.acknowledged.length,
    lives: world.checks.replayed.epoch,
    violations,
    lastDecisions: violations.length > 0 ? lastDecisions(world) : [],
  };
}

async function trouble(world: World, ms: number): Promise<void> {
  const { chance, faults, clock } = world;
  const end = clock.now() + ms;
  while (clock.now() < end) {
    if (chance.chance(0.7)) world.swarm.act();
    for (const node of world.nodes) {
      if (chance.chance(faults.current.agentDies)) node.killAgent(chance.below(20_000));
      if (chance.chance(faults.current.busLost)) node.loseBus(chance.below(90_000));
    }
    await world.run(chance.below(2000));
  }
}

/** What must be true once all is healed and has had time. */
function atTheEnd(world: World): readonly Violation[] {
  const found: Violation[] = [];
  const position = world.store.events.at(-1)?.position ?? 0;
  const wrong = (checker: string, message: string): void => void found.push({ checker, message, position });
  const kept = new Set(world.store.events.map((event) => event.position));
  for (const { position: at, what, changed } of world.swarm.acknowledged) {
    if (changed && !kept.has(at)) wrong('no acknowledged write is lost', `${what} at position ${at}`);
  }
  for (const surprise of world.swarm.surprises) wrong('clients are answered as Kubernetes would', surprise);
  if (!world.isServing) wrong('all comes right', 'the control plane does not serve');
  for (const [stream, state] of world.checks.replayed.entries()) {
    if (!jsonEquals(world.view.stream(stream)?.object, state.object)) wrong('projections equal a replay', stream);
  }
  for (const message of unsettled(world)) wrong('all comes right', message);
  return found;
}

function unsettled(world: World): readonly string[] {
  const { view } = world;
  const out: string[] = [];
  for (const deployment of view.list(deployments)) {
    const wanted = deployment.spec.replicas ?? 1;
    const status = (deployment.status ?? {}) as { availableReplicas?: number; updatedReplicas?: number; replicas?: number };
    const have = `${status.replicas ?? 0} pods, ${status.updatedReplicas ?? 0} updated, ${status.availableReplicas ?? 0} available`;
    const done = (status.replicas ?? 0) === wanted && (status.updatedReplicas ?? 0) === wanted && (status.availableReplicas ?? 0) === wanted;
    if (!done && !isFull(view)) out.push(`deployment ${deployment.metadata.name} wants ${wanted}, has ${have}`);
  }
  for (const pod of view.list(pods)) {
    if (pod.metadata.deletionTimestamp) out.push(`pod ${pod.metadata.name} is still being deleted`);
    const owner = pod.metadata.ownerReferences?.[0];
    if (owner && !view.get(replicaSets, pod.metadata.namespace, owner.name)) out.push(`pod ${pod.metadata.name} outlived its owner`);
  }
  for (const node of world.nodes) {
    const should = new Set((view.podsOnNode(node.name) as readonly Pod[]).filter(isToRun).map((pod) => pod.metadata.uid));
    const does = new Set(node.runningUids());
    for (const uid of should) if (!does.has(uid)) out.push(`${node.name} does not run pod ${uid}`);
    for (const uid of does) if (!should.has(uid)) out.push(`${node.name} runs stray pod ${uid}`);
  }
  if (view.list(nodes).length !== world.nodes.length) out.push('a node is not registered');
  return out;
}

/** A pod that its node refused (its room was not free yet when it came) has ended: its set makes another. */
function isToRun(pod: Pod): boolean {
  return pod.status?.phase !== 'Failed' && pod.status?.phase !== 'Succeeded';
}

/** Pods that fit nowhere wait for ever: that is no fault. */
function isFull(view: View): boolean {
  return view.podsOnNode('').length > 0;
}

function lastDecisions(world: World): readonly string[] {
  return world.store.events.slice(-40).map((event) => {
    const { via, because } = event.metadata;
    return `${event.position} ${event.time} ${event.type} ${event.stream} by ${via}${because ? `: ${because}` : ''}`;
  });
}
