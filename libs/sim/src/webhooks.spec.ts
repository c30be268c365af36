import { describe, expect, it } from '@jest/globals';
import type { Reply } from '#adapters';
import { configMaps, pods } from '#kinds';
import { foldEvent, kindOfStream, type HttpsAnswer, type Command, type HttpsQuestion, type StreamState } from '#model';
import type { JsonObject } from '#std';
import { personCommand } from './commands.js';
import { runWorld } from './run.js';
import type { World } from './world.js';

const MARK = 'marked-for';
const SHARED = 'shared';
const hook = (name: string, resource: string, more: JsonObject): JsonObject => ({
  ...{ name, clientConfig: { url: 'https://hooks.sim/' }, sideEffects: 'None', admissionReviewVersions: ['v1'] },
  rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: [resource] }],
  ...more,
});
const CONFIGURATION = {
  metadata: { name: 'hooks' },
  webhooks: [
    hook('marks.hooks.sim', 'configmaps', { timeoutSeconds: 5 }),
    hook('looks.hooks.sim', 'pods', { timeoutSeconds: 2, failurePolicy: 'Ignore' }),
  ],
};

/** Webhooks that mark a ConfigMap with all of its data: slow, dead and reset as long as the world is rough. */
class Webhooks {
  asked = 0;
  private count = 0;
  isThere = false;
  constructor(private readonly world: World) {
    world.webhook = (question) => this.reply(question);
    this.later(15_000, () => this.register());
    for (const key of ['a', 'b']) this.later(20_000, () => this.write(key));
  }
  private later(ms: number, work: () => void): void {
    this.world.clock.after(ms, work);
  }
  private submit(command: Partial<Command> & Pick<Command, 'verb' | 'kind' | 'name'>): Promise<unknown> {
    const { api } = this.world.slots;
    return api.process.ask((backend) => backend.submit(personCommand(command, 'webhook-client', this.count++)));
  }
  private register(): void {
    const kind = 'admissionregistration.k8s.io.mutatingwebhookconfigurations';
    void this.submit({
      verb: 'create',
      kind,
      name: 'hooks',
      apiVersion: 'admissionregistration.k8s.io/v1',
      body: CONFIGURATION,
    });
    if (!this.isThere) this.later(5_000, () => this.register());
    this.isThere = this.world.view.list({ id: kind }).length > 0;
  }
  /** Two clients write a key each of one object, so that the object moves while the webhook is asked about it. */
  private write(key: string): void {
    const place = { kind: configMaps.id, namespace: 'default', name: SHARED };
    const data = { [key]: String(this.world.chance.below(1_000)) };
    void this.submit({ ...place, verb: 'create', body: { metadata: { name: SHARED }, data } });
    void this.submit({ ...place, verb: 'patch', patchType: 'merge', body: { data } });
    if (!this.world.isHealed) this.later(this.world.chance.below(1_500), () => this.write(key));
  }
  private reply(question: HttpsQuestion): Reply {
    this.asked++;
    const { chance, isHealed } = this.world;
    const answer = marked(question);
    if (isHealed) return { afterMs: 5, answer };
    if (chance.chance(0.1)) return { afterMs: 0, answer: 'never' };
    if (chance.chance(0.1)) return { afterMs: chance.below(1_000), answer: { is: 'failed', why: 'EOF' } };
    return { afterMs: chance.below(chance.chance(0.2) ? 8_000 : 400), answer };
  }
}

function marked({ body }: HttpsQuestion): HttpsAnswer {
  const { uid = '', object } = body['request'] as JsonObject;
  const { kind, data = {}, metadata } = object as { kind?: string; data?: JsonObject; metadata?: JsonObject };
  const annotations = { ...(metadata?.['annotations'] as JsonObject | undefined), [MARK]: JSON.stringify(data) };
  const patch = btoa(JSON.stringify([{ op: 'add', path: '/metadata/annotations', value: annotations }]));
  const change = kind === 'ConfigMap' ? { patchType: 'JSONPatch', patch } : {};
  const response = { uid, allowed: true, ...change };
  return {
    is: 'answered',
    status: 200,
    body: { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response },
  };
}

describe('worlds with webhooks that are slow, dead and change what they see', () => {
  it.each([11, 12, 13])(
    'come right, and no object has a mark for other data than its own (seed %d)',
    async (seed) => {
      let webhooks: Webhooks | undefined;
      let world: World | undefined;
      const onWorld = (one: World): void => {
        world = one;
        webhooks = new Webhooks(one);
      };
      const report = await runWorld({
        seed,
        troubleMs: 60_000,
        shape: { isSlow: false, hasDefinitions: false },
        onWorld,
      });
      expect(report.violations).toEqual([]);
      expect(webhooks?.asked).toBeGreaterThan(30);
      const states = new Map<string, StreamState>();
      let checked = 0;
      let pod = 0;
      for (const event of world?.checks.events ?? []) {
        const kind = kindOfStream(event.stream);
        if (event.metadata.answers?.length && kind === pods.id) pod++;
        if (kind !== configMaps.id) continue;
        const state = foldEvent(states.get(event.stream), event);
        states.set(event.stream, state);
        if (!event.metadata.answers?.length || !state.object) continue;
        checked++;
        const { metadata, data = {} } = state.object as unknown as {
          metadata: { annotations?: JsonObject };
          data?: JsonObject;
        };
        expect([event.position, metadata.annotations?.[MARK]]).toEqual([event.position, JSON.stringify(data)]);
      }
      expect(checked).toBeGreaterThan(20);
      expect(pod).toBeGreaterThan(0);
    },
    300_000,
  );
});
