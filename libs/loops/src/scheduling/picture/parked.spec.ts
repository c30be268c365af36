import { afterEach, describe, expect, it } from '@jest/globals';
import { RecordedOutside, type Decision } from '#model';
import { scheduling } from '../index.js';
import { World, type Step } from '../testing/world.js';

const worlds: World[] = [];
afterEach(() => {
  for (const { view } of worlds.splice(0)) scheduling.picture?.leave(view);
});

/** A cluster whose view is followed. */
function cluster(...steps: readonly Step[]): World {
  const world: World = new World((change) => scheduling.picture?.changed(world.view, [change]));
  worlds.push(world);
  scheduling.picture?.follow(world.view);
  for (const one of steps) world.take(one);
  return world;
}
/** Names of the pods that a look says something of; what it decides is done. */
function look(world: World): readonly string[] {
  const decisions = scheduling.reconcile(world.view, 'queue', world.now);
  world.carryOut(decisions);
  return decisions.flatMap((one) =>
    one.is === 'submit' ? [`${one.command.name} ${one.command.subresource === 'binding' ? 'bound' : 'waits'}`] : [],
  );
}
const node = (number: number, cpu: number, zone = 1): Step => ({ does: 'put node', node: number, cpu, zone, bad: 0 });
const pod = (number: number, cpu: number, wants = 0): Step => ({
  does: 'create pod',
  ...{ pod: number, cpu, wants, priority: 0 },
});
const wakeOf = (decisions: readonly Decision[], now: number): number =>
  Math.min(...decisions.flatMap((one) => (one.is === 'wake' ? [one.at - now] : [])));

describe('a pod for which there was no place', () => {
  it('is not tried again because of changes that make no place, even if they change the reason', () => {
    const world = cluster(node(0, 1), pod(0, 3), { does: 'look' });
    expect(look(world)).toEqual(['p0 waits', 'p0 waits']);
    world.take(pod(1, 1));
    expect(look(world)).toEqual(['p1 bound']);
    world.take({ does: 'label', pod: 1, to: 2 });
    world.take({ ...node(1, 1), bad: 3 } as Step);
    expect(look(world)).toEqual([]);
    // Nobody who looks at this view for the first time would be silent: there are two nodes now.
    scheduling.picture?.follow(world.view);
    expect(look(world)).toEqual(['p0 waits', 'p0 waits']);
  });
  it('is tried again, in its order, after a change that may have made one', () => {
    const world = cluster(node(0, 2), pod(0, 3), pod(6, 3), pod(12, 3));
    expect(look(world)).toEqual(['p0 bound', 'p6 waits', 'p6 waits', 'p12 waits', 'p12 waits']);
    world.take({ does: 'end', pod: 0 });
    expect(look(world)).toEqual(['p6 bound']);
    world.take(node(1, 2));
    expect(look(world)).toEqual(['p12 bound']);
  });
  it('rests after a try that a change led to in vain, and decisions meanwhile say so', () => {
    const apart = 2;
    // The place on n0 is one only for pods that do not mind p0.
    const world = cluster(node(0, 4), pod(0, 1, apart), pod(3 * 4, 1, apart));
    expect(look(world)).toEqual(['p0 bound', 'p12 waits', 'p12 waits']);
    world.take(pod(1, 1));
    expect(look(world)).toEqual(['p1 bound']);
    expect(look(world)).toEqual([]);
    world.take(node(1, 1));
    world.take(pod(2, 1));
    const outside = new RecordedOutside({});
    const decisions = scheduling.reconcile(world.view, 'queue', world.now, outside);
    expect(decisions[0]).toMatchObject({ command: { name: 'p2' } });
    expect(outside.recorded).toEqual({ restingShapes: [expect.any(String)] });
    expect(wakeOf(decisions, world.now)).toBe(1000);
    world.take({ does: 'wait', ms: 1000 });
    expect(look(world)).toEqual(['p12 bound', 'p2 bound']);
  });
  it('is decided on again when what the look said of it was refused', () => {
    const world = cluster(node(0, 1), pod(0, 3));
    const said = (facts = {}) =>
      scheduling.reconcile(world.view, 'queue', world.now, new RecordedOutside(facts)).length;
    expect(said()).toBe(3);
    expect(said({ refusals: [] })).toBe(3);
    expect(said()).toBe(1);
    expect(said()).toBe(1);
  });
});
