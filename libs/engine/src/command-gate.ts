import type {
  AccessAttributes,
  Command,
  CommandResult,
  Kind,
  KindRegistry,
  Loop,
  Refusal,
  UserInfo,
  View,
} from '#model';
import { accessForbidden, isRefusal } from '#model';
import type { Authorizer } from '#ports';
import { loopUser, nodeUser, NODE_PREFIX } from './actors.js';
import { GrantedRights } from './granted-rights.js';
import { NOT_WRITER } from './writer-refusals.js';
import type { CommandPort } from './writer.js';

export interface CommandGateOptions {
  readonly writer: CommandPort;
  readonly kinds: KindRegistry;
  readonly authorizer: Authorizer;
  /** The newest view of the writer's process, by which the authorizer decides. */
  readonly view: () => View;
  /**
   * The same view once it has passed the head of the log. Asked when a command names a kind that the view does not define:
   * the client may have seen its definition in another process.
   */
  readonly fresh: () => Promise<View | Refusal>;
  /**
   * Resolves when the roles that every cluster has are in the log. Until then commands of loops and nodes wait: they would be
   * refused only because the start is not over. Undefined: they are there.
   */
  readonly ready?: Promise<void>;
  /** The loops that each client of the bus runs, by client. A client that is not named here may not submit anything. */
  readonly loops: Readonly<Record<string, readonly Loop[]>>;
  /** The user of a machine that joins, by its name and as the view has it now; undefined: no such user. */
  readonly machine?: (name: string, view: View) => UserInfo | undefined;
  /** Called for the 1st, 2nd, 4th, 8th … refusal of a client. */
  readonly onRefusal?: (client: string, refusal: Refusal, times: number) => void;
}

/** The API authenticates its users: it submits commands of any actor. */
const ANY_ACTOR = 'api';
/** The health app submits what agents report, as their nodes, and what machines ask that join, as the users of their tokens. */
const NODE_ACTORS = 'health';

/**
 * Stands between the clients of the bus and the writer. A command's actor is derived from the client that sent it, which the
 * subject names and NATS permissions make true; what the command itself says is compared, never believed. Then the
 * authorizer is asked, for the API's commands too: they may have come over the bus from another replica.
 */
export class CommandGate {
  private readonly clients: ReadonlyMap<string, ReadonlyMap<string, UserInfo>>;
  private readonly refusals = new Map<string, number>();
  private readonly granted: GrantedRights;

  constructor(private readonly options: CommandGateOptions) {
    this.clients = new Map(
      Object.entries(options.loops).map(([client, loops]) => [
        client,
        new Map(loops.map((loop) => [loop.name, loopUser(loop)])),
      ]),
    );
    this.granted = new GrantedRights(options.authorizer);
  }

  /** The way to the writer for one client. */
  of(client: string): CommandPort {
    return { submit: (command) => this.submit(client, command) };
  }

  /**
   * Refuses with 403 what the client or its actor may not do, with 404 what is of a kind that nothing defines (any more). `isStillMeant`: asked
   * after each wait, whether the writer that the command came to is still the one behind this gate.
   */
  async submit(client: string, command: Command, isStillMeant = (): boolean => true): Promise<CommandResult> {
    if (this.options.ready !== undefined && client !== ANY_ACTOR) await this.options.ready;
    if (this.namesOf(command) === undefined) {
      const fresh = await this.options.fresh();
      if (isRefusal(fresh)) return fresh;
      if (this.namesOf(command) === undefined) return UNKNOWN_KIND;
    }
    if (!isStillMeant()) return NOT_WRITER;
    const checked = this.checked(client, command);
    if (!('refused' in checked)) return this.options.writer.submit(this.withNext(client, checked));
    const times = (this.refusals.get(client) ?? 0) + 1;
    this.refusals.set(client, times);
    if ((times & (times - 1)) === 0) this.options.onRefusal?.(client, checked, times);
    return checked;
  }

  /** What follows without permission is left to the loop: it submits that by itself and is refused then. */
  private withNext(client: string, command: Command): Command {
    if (command.next === undefined) return command;
    const { next, ...alone } = command;
    const checked = this.checked(client, next);
    return 'refused' in checked ? alone : { ...alone, next: this.withNext(client, checked) };
  }

  private checked(client: string, command: Command): Command | Refusal {
    const actor = this.actorOf(client, command);
    if (actor === undefined) return notItsActor(client, command);
    const asked = this.attributesOf(client, command);
    if (asked === undefined) return UNKNOWN_KIND;
    const { authorizer } = this.options;
    const view = this.options.view();
    // Users of the API are many and ask for one thing each; loops ask for the same thing many times in one turn.
    const authorize = client === ANY_ACTOR ? authorizer.authorize : this.granted.authorize;
    const verdict = authorize(actor, asked, view);
    const isOneOfMany = client === ANY_ACTOR && command.verb === 'delete';
    if (!verdict.allowed && !(isOneOfMany && authorize(actor, ofCollection(asked), view).allowed))
      return accessForbidden(actor, asked, verdict.reason);
    if (client === ANY_ACTOR) return command;
    const { impersonator: _impersonator, request: _request, ...own } = command;
    const { mayCreate: _mayCreate, ...options } = own.options;
    const creation = { ...asked, verb: 'create' };
    const mayCreate = command.verb !== 'create' && authorize(actor, creation, view).allowed;
    return { ...own, actor, options: { ...options, ...(mayCreate && { mayCreate }) } };
  }

  /** Who the client acts as with this command; undefined when it may not act so. */
  private actorOf(client: string, command: Command): UserInfo | undefined {
    const { actor, via, basis } = command;
    if (client === ANY_ACTOR) return this.clients.has(client) ? actor : undefined;
    if (basis !== undefined && basis.loop !== via) return undefined;
    const user = this.clients.get(client)?.get(via);
    if (user !== undefined) return user.name === actor.name ? user : undefined;
    if (client !== NODE_ACTORS || via !== NODE_ACTORS || !this.clients.has(client)) return undefined;
    if (actor.name.startsWith(NODE_PREFIX)) return nodeUser(actor.name.slice(NODE_PREFIX.length));
    return this.options.machine?.(actor.name, this.options.view());
  }

  private namesOf({ kind }: Command): Kind['names'] | undefined {
    const { kinds, view } = this.options;
    return kinds.at(view()).byId(kind)?.names;
  }
  private attributesOf(client: string, command: Command): AccessAttributes | undefined {
    const names = this.namesOf(command);
    if (names === undefined) return undefined;
    const { verb, apiVersion, namespace = '', subresource = '', name } = command;
    // A person may speak another version of the kind, in another group; a loop leaves it out.
    const slash = apiVersion.lastIndexOf('/');
    const isOwn = client !== ANY_ACTOR;
    return {
      verb,
      isResource: true,
      path: '',
      group: isOwn ? names.group : apiVersion.slice(0, Math.max(0, slash)),
      version: isOwn ? names.version : apiVersion.slice(slash + 1),
      namespace,
      resource: names.plural,
      subresource,
      // The name of a new object stands in its body, which authorization does not read.
      name: verb === 'create' && subresource === '' ? '' : name,
    };
  }
}

/** A deletion may be one of a collection's: the API has asked for that verb then. */
function ofCollection(asked: AccessAttributes): AccessAttributes {
  return { ...asked, verb: 'deletecollection', name: '' };
}

function notItsActor(client: string, { actor, via }: Command): Refusal {
  return {
    refused: true,
    code: 403,
    reason: 'Forbidden',
    message: `the client ${client} of the bus may not act as ${JSON.stringify(actor.name)} through ${JSON.stringify(via)}`,
  };
}
/** As the API answers for a path that no kind has. */
const UNKNOWN_KIND: Refusal = {
  refused: true,
  code: 404,
  reason: 'NotFound',
  message: 'the server could not find the requested resource',
};
