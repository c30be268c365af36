import { customResourceDefinitions } from '#kinds';
import type { Command, KubeObject, Refusal, View } from '#model';
import type { Json, JsonObject, Prng } from '#std';
import { personCommand } from './commands.js';
import {
  CUSTOM_VERSIONS,
  customObject,
  customSpec,
  definition,
  definitionName,
  HOLD,
  idOf,
  someDefined,
  versions,
  type Defined,
} from './definitions.js';
import type { Slots } from './slots.js';
import type { Swarm } from './swarm.js';

const NAMES = ['one', 'two', 'three'];
const PLACES = ['default', 'default', 'second'];
const DEFINITIONS_VERSION = 'apiextensions.k8s.io/v1';

/** Clients that define kinds, define them anew, delete their definitions, and write objects of them all the while. */
export class Definers {
  private count = 0;

  constructor(
    private readonly chance: Prng,
    private readonly slots: Slots,
    private readonly swarm: Swarm,
  ) {}

  act(): void {
    const { chance } = this;
    const defined = someDefined(chance);
    const wish = chance.pick([
      () => this.define(defined),
      () => this.define(defined),
      () => this.defineAnew(defined),
      () => this.label(defined),
      () => (chance.chance(0.3) ? this.undefine(defined) : this.create(defined)),
      () => this.create(defined),
      () => this.create(defined),
      () => this.change(defined, { spec: customSpec(chance) }),
      () => this.change(defined, { spec: customSpec(chance) }),
      () => this.change(defined, { status: { state: chance.pick(['afloat', 'docked']) } }, 'status'),
      () => (chance.chance(0.5) ? this.release(defined) : this.remove(defined)),
    ]);
    const command = wish();
    if (command) this.swarm.send(command, mayBe);
  }

  /** What a person does after the trouble: no finalizer holds anything. */
  tidyUp(): void {
    for (const { id, ref, served } of this.kinds.all.filter(({ isCustom }) => isCustom))
      for (const object of this.view.list(ref)) {
        if (!object.metadata.finalizers?.includes(HOLD)) continue;
        const apiVersion = served.map((one) => `${one.group}/${one.version}`).at(0) ?? '';
        this.swarm.send(this.patch(id, object, { metadata: { finalizers: null } }, { apiVersion }), mayBe);
      }
  }

  private define(defined: Defined): Command {
    const body = definition(defined, this.chance);
    return this.definitionCommand('create', defined, { body });
  }
  private defineAnew(defined: Defined): Command {
    const body = { spec: { versions: versions(this.chance) as Json } };
    return this.definitionCommand('patch', defined, { body, patchType: 'merge' });
  }
  /** The kind stays the same one. */
  private label(defined: Defined): Command {
    const body = { metadata: { labels: { round: String(this.chance.below(100)) } } };
    return this.definitionCommand('patch', defined, { body, patchType: 'merge' });
  }
  private undefine(defined: Defined): Command {
    return this.definitionCommand('delete', defined, { body: {} });
  }

  private create(defined: Defined): Command {
    const { chance } = this;
    const [apiVersion, name] = [this.spoken(defined), chance.pick(NAMES)];
    const body = customObject(defined, name, apiVersion, chance);
    const namespace = defined.scope === 'Cluster' ? undefined : chance.pick(PLACES);
    return this.command({ verb: 'create', kind: idOf(defined), namespace, apiVersion, name, body });
  }
  private change(defined: Defined, body: JsonObject, subresource?: string): Command | undefined {
    const object = this.some(defined);
    return object && this.patch(idOf(defined), object, body, { apiVersion: this.spoken(defined), subresource });
  }
  private release(defined: Defined): Command | undefined {
    const object = this.some(defined);
    return (
      object &&
      this.patch(idOf(defined), object, { metadata: { finalizers: null } }, { apiVersion: this.spoken(defined) })
    );
  }
  private remove(defined: Defined): Command | undefined {
    const object = this.some(defined);
    if (!object) return undefined;
    const { namespace, name } = object.metadata;
    const apiVersion = this.spoken(defined);
    return this.command({ verb: 'delete', kind: idOf(defined), namespace, apiVersion, name, body: {} });
  }

  /** One of the objects that a client knows. */
  private some(defined: Defined): KubeObject | undefined {
    const list = this.view.list<KubeObject>({ id: idOf(defined) });
    return list.length === 0 ? undefined : this.chance.pick(list);
  }
  /** A version that is served as far as a client knows; it may not be when the request arrives. */
  private spoken(defined: Defined): string {
    const served = this.kinds.byId(idOf(defined))?.served ?? [];
    return this.chance.pick(served.length > 0 ? served.map((one) => `${one.group}/${one.version}`) : CUSTOM_VERSIONS);
  }
  private get view(): View {
    return this.slots.api.process.plane.reads.projection;
  }
  private get kinds() {
    return this.slots.api.process.parts.kinds.at(this.view);
  }

  private patch(
    kind: string,
    { metadata, apiVersion: stored }: KubeObject,
    body: JsonObject,
    {
      apiVersion = stored ?? '',
      subresource,
    }: { readonly apiVersion?: string; readonly subresource?: string | undefined } = {},
  ): Command {
    const { namespace, name } = metadata;
    const place = { kind, namespace, name, apiVersion, ...(subresource !== undefined && { subresource }) };
    return this.command({ ...place, verb: 'patch', patchType: 'merge', body });
  }
  private definitionCommand(verb: Command['verb'], defined: Defined, more: Partial<Command>): Command {
    const name = definitionName(defined);
    const kind = customResourceDefinitions.id;
    return this.command({ verb, kind, namespace: undefined, apiVersion: DEFINITIONS_VERSION, name, ...more });
  }
  private command(parts: Partial<Command> & Pick<Command, 'verb' | 'kind' | 'name'>): Command {
    return personCommand(parts, 'definer', this.count++);
  }
}

/** Too large by a definition that has changed meanwhile; created while the definition goes. */
function mayBe({ code, message }: Refusal): boolean {
  if (code === 422) return message.includes('spec.size');
  return message.includes('create not allowed while custom resource definition is terminating');
}
