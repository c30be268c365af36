import {
  configMaps,
  deployments,
  horizontalPodAutoscalers,
  namespaces,
  nodes as nodeKind,
  pods,
  secrets,
  services,
} from '#kinds';
import {
  isRefusal,
  streamOf,
  type Command,
  type CommandResult,
  type KubeObject,
  type Refusal,
  type View,
} from '#model';
import type { Json, Prng } from '#std';
import type { RefusedWrites } from './checkers/refused-writes.js';
import { personCommand } from './commands.js';
import type { Slots } from './slots.js';
import { configMap, deployment, IMAGES, job, large, namespace, secret, service, type Wish } from './wishes.js';

/** What a client was told: kept to be held against the log at the end. */
export interface Acknowledged {
  readonly position: number;
  readonly changed: boolean;
  readonly what: string;
  /** The stream that was written. */
  readonly stream: string;
}

export interface SwarmParts {
  readonly chance: Prng;
  readonly slots: Slots;
  readonly refused: RefusedWrites;
  readonly nodes: readonly string[];
  /** How large the largest objects are. */
  readonly largeBytes: number;
}

/** A namespace that comes and goes, with whatever is in it. */
const SECOND = 'second';
const NAMES = ['web', 'api', 'worker'];
/** Refusals that Kubernetes gives too: of races, of load, and while the log cannot be reached or has no room. */
const EXPECTED = [404, 409, 429, 503, 504, 507];
/** Where events may be larger, it would take too long to make objects of that size. */
const LARGE_BYTES_MAX = 64 * 1024;

/** Clients that do what people do, at moments and in an order drawn from the seed. */
export class Swarm {
  readonly acknowledged: Acknowledged[] = [];
  readonly surprises: string[] = [];
  private count = 0;

  constructor(private readonly parts: SwarmParts) {}

  /** One wish of some client. */
  act(): void {
    const { chance } = this.parts;
    const command = chance.pick(this.wishes())();
    if (command) this.send(command);
  }

  /** Sends a command to some process, and keeps what becomes of it. `mayBe` names refusals of its own that are expected. */
  send(command: Command, mayBe: (refusal: Refusal) => boolean = () => false): void {
    const what = `${command.verb} ${command.kind}${command.subresource ? `/${command.subresource}` : ''} ${command.namespace ?? ''}/${command.name}`;
    this.submit(command).then(
      (result) => this.heard(command, what, result, mayBe),
      (cause: unknown) => this.surprises.push(`${what}: ${String(cause)}`),
    );
  }

  /** To one of the processes that take requests. Where none does, the connection is refused: nobody is answered. */
  private submit(command: Command): Promise<CommandResult> {
    const { slots, chance } = this.parts;
    const serving = slots.serving;
    if (serving.length === 0) return new Promise(() => undefined);
    return chance.pick(serving).ask((backend) => backend.submit(command));
  }

  private heard(
    command: Command,
    what: string,
    result: CommandResult,
    mayBe: (refusal: Refusal) => boolean = () => false,
  ): void {
    const { kind, namespace: place, name } = command;
    this.parts.refused.note(command, result);
    if (!isRefusal(result)) {
      this.acknowledged.push({
        position: result.position,
        changed: result.changed,
        what,
        stream: streamOf(kind, place, name),
      });
      return;
    }
    const isExpected =
      EXPECTED.includes(result.code) ||
      mayBe(result) ||
      // A webhook that fails where its failure counts.
      (result.code === 500 && result.message.includes('failed calling webhook')) ||
      (result.code === 403 && /namespace|service account/.test(result.message));
    if (!isExpected) this.surprises.push(`${what}: ${result.code} ${result.reason} ${result.message}`);
  }

  private wishes(): readonly (() => Command | undefined)[] {
    const { chance, nodes } = this.parts;
    const name = (): string => chance.pick(NAMES);
    // Most of it happens in the one namespace, so that things meet.
    const place = (): string => (chance.chance(0.3) ? SECOND : 'default');
    const change = (spec: Json): Command | undefined => this.change(deployments.id, { spec });
    const image = (): Command | undefined =>
      change({ template: { spec: { containers: [{ name: 'app', image: chance.pick(IMAGES) }] } } });
    const seldom = (likely: number, wish: () => Command | undefined) => () =>
      chance.chance(likely) ? wish() : undefined;
    const makeDeployment = (): Command => this.create(deployments.id, place(), deployment(name(), chance));
    return [
      makeDeployment,
      makeDeployment,
      makeDeployment,
      () => change({ replicas: chance.below(6) }),
      image,
      image,
      () => change({ paused: chance.chance(0.3) }),
      () => this.deleteSomePod(place()),
      seldom(0.25, () => this.delete(deployments.id, place(), name())),
      seldom(0.4, () => this.cordon(chance.pick(nodes), chance.chance(0.3))),
      () => this.create(services.id, place(), service(name())),
      seldom(0.3, () => this.delete(services.id, place(), name())),
      seldom(0.8, () => this.create(namespaces.id, undefined, namespace(SECOND))),
      seldom(0.3, () => this.delete(namespaces.id, undefined, SECOND)),
      () => this.create(pods.id, place(), job(`job-${name()}`, chance)),
      () => this.keepSmallThing(place(), name()),
      () => this.keepLargeThing(name()),
    ];
  }

  /** What a person does after the trouble: nothing stays paused or cordoned. */
  tidyUp(): void {
    // Those of an operator too.
    const known = this.view.list(deployments).map(({ metadata }) => [metadata.namespace ?? '', metadata.name] as const);
    const named = ['default', SECOND].flatMap((place) => NAMES.map((name) => [place, name] as const));
    const all = new Map([...named, ...known].map((at) => [at.join('/'), at]));
    const unpaused = [...all.values()].map(([place, name]) =>
      this.patch(deployments.id, place, name, { spec: { paused: null } }),
    );
    // Two autoscalers of one target whose bounds exclude each other would change it for ever.
    const rivals = this.view
      .list(horizontalPodAutoscalers)
      .filter(({ metadata, spec }) => metadata.name !== spec.scaleTargetRef.name)
      .map(({ metadata: { namespace = '', name } }) => this.delete(horizontalPodAutoscalers.id, namespace, name));
    const wishes = [...unpaused, ...this.parts.nodes.map((name) => this.cordon(name, false)), ...rivals];
    for (const wish of wishes) void this.submit(wish).then((result) => this.heard(wish, 'tidy up', result));
  }

  /** Makes a ConfigMap or a Secret, or changes or deletes the one that is there. */
  private keepSmallThing(place: string, name: string): Command {
    const { chance } = this.parts;
    const kind = chance.pick([configMaps.id, secrets.id]);
    const body = kind === secrets.id ? secret(name, chance) : configMap(name, chance);
    const { metadata, ...rest } = body;
    if (!this.view.get({ id: kind }, place, metadata.name)) return this.create(kind, place, body);
    return chance.chance(0.7) ? this.patch(kind, place, name, rest) : this.delete(kind, place, name);
  }
  /** One write after the other to one object, so large that it does not fit twice in an event. */
  private keepLargeThing(name: string): Command | undefined {
    const { chance, largeBytes } = this.parts;
    if (largeBytes > LARGE_BYTES_MAX) return undefined;
    const body = large(`large-${name}`, largeBytes, chance);
    const changes: readonly Json[] = [
      { metadata: { labels: { round: String(chance.below(100)) } } },
      { data: body['data'] as Json },
    ];
    return chance.chance(0.5)
      ? this.create(configMaps.id, 'default', body)
      : this.patch(configMaps.id, 'default', `large-${name}`, chance.pick(changes));
  }
  private cordon(name: string, on: boolean): Command {
    return this.command({
      verb: 'patch',
      kind: nodeKind.id,
      namespace: undefined,
      name,
      patchType: 'merge',
      body: { spec: { unschedulable: on || null } },
    });
  }

  private deleteSomePod(place: string): Command | undefined {
    const { chance } = this.parts;
    const list = this.view.list(pods, place);
    if (list.length === 0) return undefined;
    return this.delete(pods.id, place, chance.pick(list).metadata.name, { gracePeriodSeconds: chance.below(4) });
  }
  /** Changes one of the objects that are there. */
  private change(kind: string, body: Json): Command | undefined {
    const list = this.view.list<KubeObject>({ id: kind });
    if (list.length === 0) return undefined;
    const { namespace = '', name } = this.parts.chance.pick(list).metadata;
    return this.patch(kind, namespace, name, body);
  }
  /** What a client knows before it acts; it may have changed when its wish arrives. */
  private get view(): View {
    return this.parts.slots.api.process.plane.reads.projection;
  }
  private create(kind: string, namespace: string | undefined, body: Wish): Command {
    return this.command({
      verb: 'create',
      kind,
      namespace,
      apiVersion: body.apiVersion,
      name: body.metadata.name,
      body: body as unknown as Json,
    });
  }
  private patch(kind: string, namespace: string, name: string, body: Json): Command {
    const apiVersion = kind === deployments.id ? 'apps/v1' : 'v1';
    return this.command({ verb: 'patch', kind, namespace, apiVersion, name, patchType: 'strategic', body });
  }
  private delete(kind: string, namespace: string | undefined, name: string, body: Json = {}): Command {
    return this.command({ verb: 'delete', kind, namespace, name, body });
  }
  private command(parts: Partial<Command> & Pick<Command, 'verb' | 'kind' | 'name'>): Command {
    return personCommand(parts, 'swarm', this.count++);
  }
}
