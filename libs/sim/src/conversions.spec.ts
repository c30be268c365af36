import { describe, expect, it } from '@jest/globals';
import type { Reply } from '#adapters';
import { customResourceDefinitions } from '#kinds';
import { foldEvent, kindOfStream, type HttpsAnswer, type Command, type HttpsQuestion, type StreamState } from '#model';
import type { JsonObject } from '#std';
import { personCommand } from './commands.js';
import { runWorld } from './run.js';
import type { World } from './world.js';

const KIND = 'sim.example.com.pairs';
const [V1, V2] = ['sim.example.com/v1', 'sim.example.com/v2'];
const text = { type: 'string' };
const schema = (properties: JsonObject): JsonObject => ({
  openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } },
});
/** v1 has `pair`, "left-right"; v2 has each by itself. Both have a note. */
const versions = (storage: string): JsonObject[] => [
  { name: 'v1', served: true, storage: storage === 'v1', schema: schema({ pair: text, note: text }) },
  { name: 'v2', served: true, storage: storage === 'v2', schema: schema({ left: text, right: text, note: text }) },
];
const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'pairs.sim.example.com' },
  spec: {
    ...{ group: 'sim.example.com', scope: 'Namespaced', names: { plural: 'pairs', kind: 'Pair' } },
    versions: versions('v2'),
    conversion: {
      strategy: 'Webhook',
      webhook: { clientConfig: { url: 'https://convert.sim/' }, conversionReviewVersions: ['v1'] },
    },
  },
};

/** Clients that write fields of one object, each in another version, while the stored version moves between them. */
class Pairs {
  asked = 0;
  private count = 0;

  constructor(private readonly world: World) {
    world.webhook = (question) => this.reply(question);
    world.clock.after(15_000, () => this.define());
    world.clock.after(20_000, () => this.store());
    world.clock.after(25_000, () => this.write('left'));
    world.clock.after(25_000, () => this.write('note'));
  }
  private submit(command: Partial<Command> & Pick<Command, 'verb' | 'kind' | 'name'>) {
    const { api } = this.world.slots;
    return api.process.ask((backend) => backend.submit(personCommand(command, 'pairs', this.count++)));
  }
  private define(): void {
    const { name } = DEFINITION.metadata;
    const place = { kind: customResourceDefinitions.id, name, apiVersion: DEFINITION.apiVersion };
    void this.submit({ ...place, verb: 'create', body: DEFINITION });
    if (this.world.view.list(customResourceDefinitions).length === 0)
      this.world.clock.after(5_000, () => this.define());
  }
  private store(): void {
    const body = { spec: { versions: versions(this.world.chance.pick(['v1', 'v2'])) } };
    const { name } = DEFINITION.metadata;
    const place = { kind: customResourceDefinitions.id, name, apiVersion: DEFINITION.apiVersion };
    void this.submit({ ...place, verb: 'patch', patchType: 'merge', body });
    if (!this.world.isHealed) this.world.clock.after(4_000, () => this.store());
  }
  /** One client speaks v2 and writes the left half, the other speaks v1 and writes the note. */
  private write(field: 'left' | 'note'): void {
    const { world } = this;
    const place = { kind: KIND, namespace: 'default', name: 'shared' };
    const spec = { left: 'l', right: 'r', note: 'n' };
    if (world.view.get({ id: KIND }, 'default', 'shared') === undefined)
      void this.submit({ ...place, verb: 'create', apiVersion: V2, body: { metadata: { name: 'shared' }, spec } });
    const body = { spec: { [field]: `${field}${this.count}` } };
    const apiVersion = field === 'left' ? V2 : V1;
    void this.submit({ ...place, verb: 'patch', patchType: 'merge', apiVersion, body });
    if (!world.isHealed) world.clock.after(world.chance.below(1_000), () => this.write(field));
  }
  private reply(question: HttpsQuestion): Reply {
    this.asked++;
    const { chance, isHealed } = this.world;
    const answer = converted(question);
    if (isHealed) return { afterMs: 5, answer };
    if (chance.chance(0.05)) return { afterMs: 0, answer: 'never' };
    if (chance.chance(0.05)) return { afterMs: chance.below(500), answer: { is: 'failed', why: 'EOF' } };
    if (chance.chance(0.05)) return { afterMs: 10, answer: { is: 'answered', status: 200, body: 'garbage' } };
    return { afterMs: chance.below(chance.chance(0.2) ? 8_000 : 300), answer };
  }
}

interface Fields {
  readonly left: string;
  readonly right: string;
  readonly note: string;
}
function fieldsOf({ spec }: JsonObject): Fields {
  const { pair, left = '', right = '', note = '' } = spec as Readonly<Record<string, string>>;
  const [first = '', second = ''] = pair?.split('-') ?? [left, right];
  return { left: first, right: second, note };
}
function converted({ body }: HttpsQuestion): HttpsAnswer {
  const { uid = '', desiredAPIVersion = '', objects } = body['request'] as JsonObject;
  const convertedObjects = (objects as JsonObject[]).map((object) => {
    const { left, right, note } = fieldsOf(object);
    const spec = desiredAPIVersion === V1 ? { pair: `${left}-${right}`, note } : { left, right, note };
    return { ...object, apiVersion: desiredAPIVersion, spec };
  });
  const response = { uid, result: { status: 'Success' }, convertedObjects };
  const review = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', response };
  return { is: 'answered', status: 200, body: review };
}

describe('worlds with a conversion webhook that is slow, dead and talks nonsense while the stored version changes', () => {
  it.each([21, 22, 23])(
    'come right; every object is whole in one version, and no write undoes another (seed %d)',
    async (seed) => {
      let pairs: Pairs | undefined;
      let world: World | undefined;
      const onWorld = (one: World): void => {
        world = one;
        pairs = new Pairs(one);
      };
      const report = await runWorld({
        ...{ seed, troubleMs: 90_000, onWorld },
        shape: { isSlow: false, hasDefinitions: false },
      });
      expect(report.violations).toEqual([]);
      expect(pairs?.asked).toBeGreaterThan(30);
      const states = new Map<string, StreamState>();
      let before: Fields | undefined;
      const stored = new Set<string>();
      let moved = 0;
      for (const event of world?.checks.events ?? []) {
        if (kindOfStream(event.stream) !== KIND) continue;
        const state = foldEvent(states.get(event.stream), event);
        states.set(event.stream, state);
        const { apiVersion = '', spec } = state.object as unknown as { apiVersion?: string; spec: JsonObject };
        stored.add(apiVersion);
        const names = apiVersion === V1 ? ['note', 'pair'] : ['left', 'note', 'right'];
        const now = fieldsOf({ spec });
        // One write changes one field.
        const changed = (['left', 'right', 'note'] as const).filter((name) => before && now[name] !== before[name]);
        const found = [event.position, Object.keys(spec), changed.length <= 1];
        expect(found).toEqual([event.position, names, true]);
        moved += changed.length;
        before = now;
      }
      expect(moved).toBeGreaterThan(20);
      expect([...stored].sort()).toEqual([V1, V2]);
    },
    300_000,
  );
});
